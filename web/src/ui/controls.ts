/** Buttons and fields, alike on all views. */
import { css } from "lit";

export const controls = css`
  button,
  input,
  textarea {
    font: inherit;
    color: inherit;
  }

  button {
    min-inline-size: 2rem;
    min-block-size: 2rem;
    padding: 0.25rem 0.5rem;
    border: 1px solid transparent;
    border-radius: var(--radius);
    background: none;
    cursor: pointer;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.375rem;
  }

  button:hover {
    background: color-mix(in srgb, var(--ink) 7%, transparent);
  }

  button:disabled {
    cursor: default;
    opacity: 0.5;
  }

  button.quiet {
    color: var(--faint);
  }

  button.quiet:hover,
  button.quiet[aria-pressed="true"] {
    color: var(--ink);
  }

  button.outlined {
    border-color: var(--line);
    background: var(--sheet);
    padding-inline: 0.75rem;
  }

  button.outlined:hover {
    border-color: var(--faint);
  }

  button.filled {
    background: var(--accent);
    color: var(--accent-ink);
    padding-inline: 0.75rem;
  }

  button.filled:hover {
    background: color-mix(in srgb, var(--accent) 88%, var(--ink));
  }

  button.filled.bad {
    background: var(--bad);
    color: var(--ground);
  }

  input,
  textarea {
    border: 1px solid var(--field-line, color-mix(in srgb, var(--ink) 45%, var(--ground)));
    border-radius: var(--radius);
    background: var(--sheet);
    padding: 0.375rem 0.625rem;
    min-inline-size: 0;
  }

  ::placeholder {
    color: var(--faint);
    opacity: 1;
  }

  svg {
    flex: none;
  }

  @media (forced-colors: active) {
    button {
      border-color: ButtonBorder;
    }
  }
`;
