/** How the list of conversations looks. */
import { css } from "lit";

export const conversationsStyle = css`
  :host {
    display: flex;
    flex-direction: column;
    min-block-size: 0;
    block-size: 100%;
    background: none;
    font-size: 0.9375rem;
  }

  .top {
    display: grid;
    gap: 0.625rem;
    padding: 0.75rem 0.75rem 0.5rem;
  }

  .new {
    inline-size: 100%;
    min-block-size: 2.25rem;
  }

  .search {
    position: relative;
  }

  .search svg {
    position: absolute;
    inset-block-start: 0.5625rem;
    inset-inline-start: 0.625rem;
    color: var(--faint);
    pointer-events: none;
  }

  .search input {
    inline-size: 100%;
    min-block-size: 2.25rem;
    padding-inline-start: 2.125rem;
    font-size: 0.9375rem;
  }

  nav {
    flex: 1;
    min-block-size: 0;
    overflow-y: auto;
    padding: 0 0.5rem 0.5rem;
  }

  h3 {
    margin: 0.875rem 0.5rem 0.25rem;
    font-size: 0.75rem;
    font-weight: 600;
    color: var(--faint);
  }

  ul {
    list-style: none;
    margin: 0;
    padding: 0;
  }

  li {
    display: flex;
    align-items: center;
    border-radius: var(--radius);
  }

  li:hover,
  li:focus-within {
    background: color-mix(in srgb, var(--ink) 5%, transparent);
  }

  li.here {
    background: color-mix(in srgb, var(--accent) 12%, transparent);
  }

  li > button {
    flex: 1;
    min-inline-size: 0;
    justify-content: flex-start;
    text-align: start;
    min-block-size: 2.25rem;
  }

  li > button:hover {
    background: none;
  }

  li > button span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  li.here > button {
    font-weight: 600;
  }

  li form {
    flex: 1;
    padding: 0.125rem;
  }

  li input {
    inline-size: 100%;
  }

  @media (hover: hover) {
    li carrel-menu {
      opacity: 0;
    }

    li:is(:hover, :focus-within, .here) carrel-menu {
      opacity: 1;
    }
  }

  p {
    margin: 0.75rem 0.5rem;
    color: var(--faint);
    font-size: 0.875rem;
  }

  .foot {
    padding: 0.5rem;
    border-block-start: 1px solid var(--line);
  }
`;
