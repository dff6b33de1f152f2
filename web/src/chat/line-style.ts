/** A line that says how things stand with an answer. */
import { css } from "lit";

export const lineStyle = css`
  .line {
    display: flex;
    align-items: baseline;
    gap: 0.5rem;
    margin: 0.75rem 0 0;
    font-size: 0.875rem;
    color: var(--faint);
  }

  .line svg {
    align-self: center;
  }

  .line.bad {
    color: var(--bad);
  }

  .progress {
    margin: 0;
    min-block-size: 1.75rem;
    font-size: 0.9375rem;
  }

  .progress::before {
    content: "";
    flex: none;
    align-self: center;
    inline-size: 0.5rem;
    block-size: 0.5rem;
    border-radius: 50%;
    background: var(--accent);
    animation: breathe 1.6s ease-in-out infinite;
  }

  @keyframes breathe {
    50% {
      opacity: 0.25;
    }
  }
`;
