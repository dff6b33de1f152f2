/** How what stands around an answer's text looks. */
import { css } from "lit";

export const answerStyle = css`
  :host {
    display: block;
    background: none;
  }

  .refused {
    padding: 0.875rem 1rem;
    border: 1px solid color-mix(in srgb, var(--warn) 45%, var(--line));
    border-inline-start-width: 4px;
    border-radius: var(--radius);
    background: color-mix(in srgb, var(--warn) 6%, var(--sheet));
  }

  .refused > .head {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    margin: 0 0 0.25rem;
    font-weight: 600;
    color: var(--warn);
  }

  .sources {
    margin-block-start: 1rem;
  }

  .sources h4 {
    margin: 0 0 0.375rem;
    font-size: 0.8125rem;
    font-weight: 600;
    color: var(--faint);
  }

  .sources ol {
    list-style: none;
    margin: 0;
    padding: 0;
    display: grid;
    gap: 0.375rem;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr));
  }

  .sources li > * {
    display: flex;
    align-items: baseline;
    gap: 0.5rem;
    block-size: 100%;
    padding: 0.4375rem 0.625rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--sheet);
    color: inherit;
    font-size: 0.875rem;
    line-height: 1.4;
    text-decoration: none;
  }

  .sources a:hover {
    border-color: var(--accent);
  }

  .sources .number {
    flex: none;
    color: var(--accent);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }

  .sources .name {
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }

  .sources .path {
    display: block;
    color: var(--faint);
    font-size: 0.8125rem;
  }

  .sources > button {
    margin-block-start: 0.375rem;
    font-size: 0.875rem;
  }

  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.125rem;
    margin-block-start: 0.625rem;
    margin-inline-start: -0.5rem;
  }

  .tools .pages {
    display: inline-flex;
    align-items: center;
    font-size: 0.8125rem;
    color: var(--faint);
    font-variant-numeric: tabular-nums;
  }

  .pages button:dir(rtl) svg {
    transform: scaleX(-1);
  }

  .tools carrel-feedback {
    margin-inline-start: auto;
  }
`;
