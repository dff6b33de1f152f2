/** How an answer's text looks. */
import { css } from "lit";

export const readingStyle = css`
  .text {
    overflow-wrap: anywhere;
    font-size: 1.03125rem;
    line-height: 1.65;
  }

  .block > * {
    margin-block: 0;
  }

  .block + .block {
    margin-block-start: 0.8em;
  }

  .block:empty {
    display: none;
  }

  .text :is(h4, h5, h6) {
    font-size: 1.0625em;
    line-height: 1.35;
    margin-block-start: 1.35em;
  }

  .text h4 {
    font-size: 1.1875em;
  }

  .block:first-child > :first-child {
    margin-block-start: 0;
  }

  .text :is(ul, ol) {
    padding-inline-start: 1.6em;
    margin-block: 0;
  }

  .text li + li,
  .text li > :is(ul, ol) {
    margin-block-start: 0.3em;
  }

  .text li > p {
    margin-block: 0 0.5em;
  }

  .text li::marker {
    color: var(--faint);
  }

  .text blockquote {
    margin-inline: 0;
    padding-inline-start: 1em;
    border-inline-start: 3px solid var(--line);
    color: var(--faint);
  }

  .text blockquote > * {
    margin-block: 0.4em;
  }

  .text a {
    color: var(--accent);
    text-underline-offset: 0.18em;
    text-decoration-thickness: 1px;
  }

  .text hr {
    border: 0;
    border-block-start: 1px solid var(--line);
  }

  .text code {
    font: 0.875em / 1.5 var(--carrel-code-font, ui-monospace, "Cascadia Code", Menlo, Consolas, monospace);
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    border-radius: 0.25rem;
    padding: 0.1em 0.3em;
  }

  .frame {
    position: relative;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--sheet);
  }

  .frame.table {
    overflow-x: auto;
  }

  .frame pre {
    margin: 0;
    padding: 0.75rem 3.75rem 0.75rem 0.875rem;
    overflow-x: auto;
    font-size: 0.875rem;
    line-height: 1.55;
    direction: ltr;
    text-align: left;
  }

  .frame pre code {
    background: none;
    padding: 0;
    font-size: 1em;
    line-height: inherit;
    overflow-wrap: normal;
  }

  .frame > .copy-code {
    position: absolute;
    inset-block-start: 0.25rem;
    inset-inline-end: 0.25rem;
    font-size: 0.8125rem;
    color: var(--faint);
    background: var(--sheet);
  }

  .frame.code > sup.mark {
    position: absolute;
    inset-block-end: 0.5rem;
    inset-inline-end: 0.625rem;
  }

  table {
    border-collapse: collapse;
    inline-size: 100%;
    font-size: 0.9375em;
    line-height: 1.45;
  }

  th,
  td {
    padding: 0.5rem 0.75rem;
    text-align: start;
    vertical-align: top;
    min-inline-size: 5rem;
  }

  tr + tr > *,
  tbody > tr:first-child > * {
    border-block-start: 1px solid var(--line);
  }

  .cited {
    border-radius: 0.125rem;
  }

  .cited.lit {
    background: color-mix(in srgb, var(--accent) 14%, transparent);
    text-decoration: underline;
    text-decoration-color: color-mix(in srgb, var(--accent) 60%, transparent);
    text-decoration-thickness: 1px;
    text-underline-offset: 0.2em;
  }

  sup.mark {
    line-height: 0;
    font-size: 0.6875rem;
    vertical-align: 0.4em;
    white-space: nowrap;
    user-select: none;
  }

  /* A word joiner: the number is not left alone at the beginning of a line. */
  sup.mark::before {
    content: "\\2060";
  }

  sup.mark button {
    position: relative;
    display: inline-block;
    min-inline-size: 1.2rem;
    min-block-size: 0;
    block-size: 1.125rem;
    padding: 0 0.25rem;
    margin-inline-start: 0.0625rem;
    border-radius: 0.375rem;
    background: color-mix(in srgb, var(--accent) 12%, transparent);
    color: var(--accent);
    font-size: 0.6875rem;
    font-weight: 600;
    line-height: 1.125rem;
    font-variant-numeric: tabular-nums;
  }

  /* The target is larger than what is seen. */
  sup.mark button::after {
    content: "";
    position: absolute;
    inset: -0.25rem -0.0625rem;
  }

  sup.mark button:is(:hover, [aria-expanded="true"]) {
    background: var(--accent);
    color: var(--accent-ink);
  }
`;
