/** How many of what, the most first: a list that reads well without its bars. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { number } from "../format";
import { bar } from "../parts/bar";
import { deskStyles } from "../parts/styles";

export interface Count {
  label: string | TemplateResult;
  count: number;
}

export class DeskCountBars extends LitElement {
  static override properties = { counts: { attribute: false } };
  declare counts: Count[];

  static override styles = [
    deskStyles,
    css`
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 1rem;
        margin-block-end: 0.6rem;
        overflow-wrap: anywhere;
      }
      .bar {
        grid-column: 1 / -1;
      }
    `,
  ];

  protected override render() {
    const largest = Math.max(1, ...this.counts.map(({ count }) => count));
    return html`<ol class="plain">
      ${this.counts.map(
        ({ label, count }) =>
          html`<li><span>${label}</span><span>${number(count)}</span>${bar(count / largest)}</li>`,
      )}
    </ol>`;
  }
}

customElements.define("desk-count-bars", DeskCountBars);
