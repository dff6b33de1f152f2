/** The desk's frame: navigation at the side, or at the foot of a narrow screen. */
import { css } from "lit";

export const deskFrame = css`
  :host {
    display: grid;
    grid-template: "head head" auto "nav main" minmax(0, 1fr) / 12.5rem minmax(0, 1fr);
    block-size: 100%;
    background: var(--ground);
  }
  header {
    grid-area: head;
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 0.35rem 1.25rem;
    border-block-end: 1px solid var(--line);
    background: var(--sheet);
  }
  .brand {
    font-weight: 700;
    letter-spacing: 0.01em;
    margin: 0;
  }
  nav {
    grid-area: nav;
    padding: 0.75rem 0.6rem;
    border-inline-end: 1px solid var(--line);
    overflow-y: auto;
  }
  nav a {
    display: flex;
    align-items: center;
    gap: 0.65rem;
    padding: 0.5rem 0.65rem;
    margin-block-end: 0.15rem;
    border-radius: var(--radius);
    color: var(--ink);
    text-decoration: none;
  }
  nav a:hover {
    background: var(--wash);
  }
  nav a[aria-current] {
    background: var(--wash);
    color: var(--accent);
    font-weight: 600;
  }
  main {
    grid-area: main;
    overflow-y: auto;
    padding: 1.25rem clamp(1rem, 3vw, 2.25rem) 3rem;
  }
  .page {
    max-inline-size: 68rem;
    margin-inline: auto;
  }
  h1 {
    font-size: 1.5rem;
    line-height: 1.25;
    margin-block: 0.25rem 0.75rem;
    inline-size: fit-content;
    outline-offset: 4px;
  }
  .door {
    grid-area: 1 / 1 / -1 / -1;
    display: grid;
    place-items: center;
    padding: 1rem;
  }
  .door > * {
    inline-size: min(27rem, 100%);
  }
  .skip {
    position: absolute;
    inset-block-start: -4rem;
    inset-inline-start: 0.5rem;
    z-index: 2;
    background: var(--sheet);
    padding: 0.5rem 0.75rem;
    border-radius: var(--radius);
  }
  .skip:focus {
    inset-block-start: 0.4rem;
  }
  @media (width < 48rem) {
    :host {
      grid-template: "head" auto "main" minmax(0, 1fr) "nav" auto / minmax(0, 1fr);
    }
    header {
      padding-inline: 1rem;
    }
    nav {
      padding: 0 0 env(safe-area-inset-bottom);
      border-inline-end: 0;
      border-block-start: 1px solid var(--line);
      background: var(--sheet);
    }
    nav ul {
      display: grid;
      grid-template-columns: repeat(6, minmax(0, 1fr));
    }
    nav a {
      flex-direction: column;
      gap: 0.1rem;
      padding: 0.4rem 0 0.35rem;
      margin: 0;
      border-radius: 0;
      font-size: clamp(0.6rem, 2.8vw, 0.75rem);
      line-height: 1.3;
    }
    nav a[aria-current] {
      font-weight: inherit;
    }
    main {
      padding-block: 0.75rem 2rem;
    }
  }
`;
