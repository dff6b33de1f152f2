/** How the parts of the chat stand to each other. */
import { css } from "lit";

export const chatStyle = css`
  :host {
    display: block;
    block-size: 100%;
    min-block-size: 16rem;
  }

  .frame {
    position: relative;
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    block-size: 100%;
    overflow: hidden;
    background: var(--ground);
  }

  .frame.wide {
    grid-template-columns: 17.5rem minmax(0, 1fr);
  }

  .aside {
    min-block-size: 0;
    border-inline-end: 1px solid var(--line);
    background: color-mix(in srgb, var(--ink) 2.5%, var(--ground));
  }

  .narrow .aside {
    position: absolute;
    z-index: 3;
    inset-block: 0;
    inset-inline-start: 0;
    inline-size: min(20rem, 88%);
    background: var(--ground);
    box-shadow: 0 0 2rem rgb(0 0 0 / 25%);
  }

  .scrim {
    position: absolute;
    z-index: 2;
    inset: 0;
    border-radius: 0;
    background: rgb(15 18 22 / 40%);
  }

  .main {
    position: relative;
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
    min-inline-size: 0;
    min-block-size: 0;
  }

  .bar {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    min-block-size: 3.25rem;
    padding: 0.375rem 0.75rem;
  }

  .wide .bar {
    padding-inline: 1.25rem;
  }

  .narrow .bar {
    border-block-end: 1px solid var(--line);
  }

  .bar .name {
    flex: 1;
    min-inline-size: 0;
    margin: 0 0.25rem;
    font-size: 1.0625rem;
    font-weight: 650;
    letter-spacing: -0.01em;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .scroll {
    overflow-y: auto;
    overscroll-behavior: contain;
    scroll-padding-block: 1rem;
    padding: 0.5rem 1.25rem 1.5rem;
  }

  .scroll:focus-visible {
    outline-offset: -2px;
  }

  .column,
  .foot {
    inline-size: 100%;
    max-inline-size: 46rem;
    margin-inline: auto;
  }

  .turn {
    padding-block: 1rem 1.25rem;
    outline-offset: 0.5rem;
    border-radius: 0.25rem;
  }

  .question {
    inline-size: fit-content;
    max-inline-size: min(100%, 36rem);
    margin-block: 0 1.125rem;
    margin-inline: auto 0;
    padding: 0.5625rem 0.9375rem;
    border-radius: 1.125rem;
    border-end-end-radius: 0.3125rem;
    background: color-mix(in srgb, var(--accent) 11%, var(--sheet));
    font-size: 1rem;
    font-weight: 450;
    line-height: 1.5;
    white-space: pre-line;
    overflow-wrap: anywhere;
  }

  .about {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
    line-clamp: 3;
    overflow: hidden;
    margin-block-end: 0.375rem;
    padding-inline-start: 0.625rem;
    border-inline-start: 2px solid color-mix(in srgb, var(--accent) 45%, transparent);
    color: var(--faint);
    font-size: 0.875rem;
  }

  .welcome {
    display: grid;
    align-content: center;
    justify-items: center;
    min-block-size: 100%;
    padding-block: 2rem;
    text-align: center;
  }

  .welcome h2 {
    margin: 0;
    font-size: clamp(1.375rem, 1.1rem + 1.6vw, 1.875rem);
    font-weight: 600;
    letter-spacing: -0.015em;
    line-height: 1.25;
    text-wrap: balance;
  }

  .welcome p {
    margin: 0.5rem 0 0;
    color: var(--faint);
  }

  .middle {
    display: grid;
    justify-items: center;
    gap: 0.75rem;
    margin: 1rem 0;
    color: var(--faint);
    text-align: center;
  }

  .foot {
    position: relative;
    max-inline-size: 48.5rem;
    padding: 0 1.25rem max(1rem, env(safe-area-inset-bottom, 0px));
  }

  .narrow .scroll,
  .narrow .foot {
    padding-inline: 1rem;
  }

  .narrow .foot {
    padding-block-end: max(0.75rem, env(safe-area-inset-bottom, 0px));
  }

  .latest {
    position: absolute;
    inset-block-end: calc(100% + 0.5rem);
    inset-inline: 0;
    display: flex;
    justify-content: center;
    pointer-events: none;
  }

  .latest button {
    pointer-events: auto;
    border-radius: 1rem;
    box-shadow: 0 0.125rem 0.5rem rgb(0 0 0 / 12%);
    font-size: 0.875rem;
  }

  .notice {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    margin-block-end: 0.5rem;
    padding: 0.25rem 0.375rem 0.25rem 0.75rem;
    min-block-size: 2.5rem;
    border: 1px solid color-mix(in srgb, var(--warn) 40%, var(--line));
    border-radius: 0.75rem;
    background: color-mix(in srgb, var(--warn) 7%, var(--sheet));
    font-size: 0.9375rem;
  }

  .notice span {
    flex: 1;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }
`;
