/** Colours, sizes and the focus ring of every view, as custom properties that a host page may set. */
import { css } from "lit";

export const theme = css`
  :host {
    color-scheme: light dark;
    --ground: var(--carrel-ground, light-dark(#fbfaf7, #15171a));
    --sheet: var(--carrel-sheet, light-dark(#ffffff, #1e2125));
    --ink: var(--carrel-ink, light-dark(#1f2328, #e6e6e3));
    --faint: var(--carrel-faint, light-dark(#5c636b, #a3a8ae));
    --line: var(--carrel-line, light-dark(#dcdad3, #363a40));
    --accent: var(--carrel-accent, light-dark(#1c5d99, #7db7e8));
    --accent-ink: var(--carrel-accent-ink, light-dark(#ffffff, #10202e));
    --warn: var(--carrel-warn, light-dark(#8a4b00, #f0b35a));
    --bad: var(--carrel-bad, light-dark(#a3261b, #f28b82));
    --good: var(--carrel-good, light-dark(#1f6b3a, #7fd69b));
    --radius: 0.5rem;
    background: var(--ground);
    color: var(--ink);
    font: 1rem / 1.55 var(--carrel-font, system-ui, sans-serif);
  }

  :host([theme="light"]) {
    color-scheme: light;
  }

  :host([theme="dark"]) {
    color-scheme: dark;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  [hidden] {
    display: none !important;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
      scroll-behavior: auto !important;
    }
  }
`;
