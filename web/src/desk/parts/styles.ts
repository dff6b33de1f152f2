/** What all views of the desk share: buttons, fields, tables, notes. */
import { css } from "lit";
import { theme } from "../../ui/theme";

const controls = css`
  button,
  .button,
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
    background: var(--sheet);
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    padding: 0.4rem 0.75rem;
    min-block-size: 2.4rem;
    max-inline-size: 100%;
  }
  textarea,
  input:not([type="checkbox"], [type="radio"]) {
    inline-size: 100%;
  }
  input[type="checkbox"],
  input[type="radio"] {
    min-block-size: 0;
    inline-size: 1.15rem;
    block-size: 1.15rem;
    margin: 0.3rem;
    accent-color: var(--accent);
    flex: none;
  }
  button,
  .button {
    display: inline-block;
    cursor: pointer;
    text-decoration: none;
    font-weight: 500;
    white-space: nowrap;
  }
  button:hover,
  .button:hover {
    border-color: var(--accent);
  }
  button:disabled {
    cursor: default;
    color: var(--faint);
    border-color: var(--line);
  }
  .primary,
  .primary:hover {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--accent-ink);
  }
  .primary:disabled {
    background: none;
    color: var(--faint);
    border-color: var(--line);
  }
  .danger {
    color: var(--bad);
    border-color: var(--bad);
  }
  .quiet {
    border-color: transparent;
    background: none;
  }
  label {
    font-weight: 500;
  }
  .field {
    display: grid;
    gap: 0.25rem;
    align-content: start;
    min-inline-size: 0;
  }
  .check {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    font-weight: 400;
    min-block-size: 2rem;
  }
  fieldset {
    border: 0;
    margin: 0;
    padding: 0;
    min-inline-size: 0;
  }
  legend {
    font-weight: 600;
    padding: 0;
  }
  progress,
  meter {
    inline-size: 100%;
    block-size: 0.6rem;
    accent-color: var(--accent);
  }
  a {
    color: var(--accent);
    overflow-wrap: anywhere;
  }
  blockquote {
    margin: 0.35rem 0 0;
    padding-inline-start: 0.75rem;
    border-inline-start: 3px solid var(--line);
  }
  summary {
    cursor: pointer;
    min-block-size: 1.75rem;
  }
`;

const layout = css`
  :host {
    --edge: light-dark(#8b8f94, #6d737a);
    --wash: color-mix(in srgb, var(--accent) 9%, var(--sheet));
    display: block;
    background: none;
  }
  h2 {
    font-size: 1.15rem;
    line-height: 1.3;
    margin-block: 2rem 0.5rem;
  }
  h3 {
    font-size: 1rem;
    line-height: 1.35;
    margin-block: 1rem 0.25rem;
  }
  p {
    margin-block: 0.35rem;
  }
  .row > h2 {
    margin-block: 0;
  }
  h2:focus {
    inline-size: fit-content;
  }
  .bar {
    display: block;
  }
  code,
  .id {
    font-family: ui-monospace, monospace;
    font-size: 0.9em;
    overflow-wrap: anywhere;
  }
  .lead {
    color: var(--faint);
    margin-block: 0 1rem;
  }
  ul.plain,
  ol.plain {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .faint {
    color: var(--faint);
  }
  .small {
    font-size: 0.875rem;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 0.75rem;
    align-items: center;
  }
  .row > .grow {
    flex: 1 1 14rem;
    min-inline-size: 0;
  }
  .end {
    margin-inline-start: auto;
  }
  .sheet {
    background: var(--sheet);
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 1.5);
    padding: 1rem 1.15rem;
    margin-block: 0.75rem;
    min-inline-size: 0;
  }
  .list > li {
    border-block-end: 1px solid var(--line);
    padding-block: 0.65rem;
  }
  .list > li:last-child {
    border-block-end: 0;
  }
  .grid {
    display: grid;
    gap: 0.75rem;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr));
  }
  .note {
    border-inline-start: 4px solid var(--accent);
    background: var(--wash);
    border-radius: var(--radius);
    padding: 0.6rem 0.9rem;
    margin-block: 0.75rem;
    overflow-wrap: anywhere;
  }
  .note.bad {
    border-color: var(--bad);
    background: color-mix(in srgb, var(--bad) 8%, var(--sheet));
  }
  .note.warn {
    border-color: var(--warn);
    background: color-mix(in srgb, var(--warn) 9%, var(--sheet));
  }
  .empty {
    text-align: center;
    padding: 2.5rem 1rem;
    color: var(--faint);
  }
  .tag {
    display: inline-block;
    border: 1px solid currentColor;
    border-radius: 99rem;
    padding-inline: 0.55rem;
    font-size: 0.8rem;
    line-height: 1.5;
    white-space: nowrap;
  }
  .good {
    color: var(--good);
  }
  .warn:not(.note) {
    color: var(--warn);
  }
  .bad:not(.note) {
    color: var(--bad);
  }
  .figures {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 1.75rem;
    margin-block: 0.5rem;
  }
  .figures div {
    display: flex;
    flex-direction: column-reverse;
  }
  .figures dt {
    color: var(--faint);
    font-size: 0.85rem;
  }
  .figures dd {
    margin: 0;
    font-size: 1.35rem;
    line-height: 1.25;
    font-variant-numeric: tabular-nums;
  }
  dl.pairs {
    display: grid;
    grid-template-columns: fit-content(40%) minmax(0, 1fr);
    gap: 0.25rem 1rem;
    margin-block: 0.5rem;
  }
  dl.pairs dt {
    color: var(--faint);
  }
  dl.pairs dd {
    margin: 0;
    overflow-wrap: anywhere;
    min-inline-size: 0;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    inline-size: 100%;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    text-align: start;
    padding: 0.35rem 0.75rem 0.35rem 0;
    border-block-end: 1px solid var(--line);
    vertical-align: top;
  }
  pre,
  .text {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    margin-block: 0.35rem;
    font: inherit;
  }
`;

export const deskStyles = [theme, controls, layout];
