/** Bars over time, made of series; with a text that says what they show, and the same as a table. */
import { css, html, LitElement, svg } from "lit";
import { deskTexts } from "../../texts/desk";
import { number } from "../format";
import { deskStyles } from "../parts/styles";
import { shownLabels, stack, ticks } from "./scale";

export interface Series {
  name: string;
  values: number[];
}

const words = deskTexts.charts;
const HEIGHT = 180;
const FOOT = 22;
const HEAD = 8;
const MAX_LABELS = 5;

export class DeskStackedChart extends LitElement {
  static override properties = {
    heading: {},
    summary: {},
    labels: { attribute: false },
    series: { attribute: false },
    unit: {},
  };
  declare heading: string;
  /** What the chart shows, in a sentence. */
  declare summary: string;
  declare labels: string[];
  declare series: Series[];
  /** What a label is, for the head of the table. */
  declare unit: string;

  static override styles = [
    deskStyles,
    css`
      figure {
        margin: 0;
      }
      figcaption h2 {
        margin-block: 0 0.5rem;
        font-size: 1rem;
      }
      .plot {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0.35rem;
        direction: ltr;
      }
      svg {
        display: block;
        overflow: visible;
      }
      text {
        font-size: 11px;
        fill: var(--faint);
      }
      .line {
        stroke: var(--line);
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1rem;
        margin-block: 0.5rem;
        font-size: 0.85rem;
      }
      .legend svg {
        display: inline-block;
        vertical-align: -1px;
        margin-inline-end: 0.35rem;
      }
      .s0 {
        fill: var(--accent);
      }
      .s1 {
        fill: light-dark(#b9831a, #e0b35a);
      }
      .s2 {
        fill: var(--bad);
      }
      .s3 {
        fill: light-dark(#6d6f76, #9da1a8);
      }
      rect.seg {
        stroke: var(--sheet);
        stroke-width: 1;
      }
    `,
  ];

  protected override render() {
    return html`<figure class="sheet">
      <figcaption><h2>${this.heading}</h2></figcaption>
      ${this.#plot()}
      <ul class="plain legend" aria-hidden="true">
        ${this.series.map(
          ({ name }, place) => html`<li>
            <svg width="11" height="11"><rect width="11" height="11" rx="2" class="s${place}"></rect></svg>${name}
          </li>`,
        )}
      </ul>
      <details><summary>${words.table}</summary>${this.#table()}</details>
    </figure>`;
  }

  #plot() {
    const totals = this.labels.map((_, at) =>
      this.series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
    );
    const marks = ticks(Math.max(0, ...totals));
    const top = marks.at(-1) ?? 1;
    const y = (value: number) => HEIGHT - FOOT - (value / top) * (HEIGHT - FOOT - HEAD);
    return html`<div class="plot" role="img" aria-label="${this.heading}. ${this.summary}">
      <svg width="${2 + 7 * number(top).length}" height=${HEIGHT}>
        ${marks.map((mark) => svg`<text x="100%" y=${y(mark) + 4} text-anchor="end">${number(mark)}</text>`)}
      </svg>
      <svg width="100%" height=${HEIGHT}>
        ${marks.map((mark) => svg`<line class="line" x2="100%" y1=${y(mark)} y2=${y(mark)}></line>`)}
        ${this.labels.map((_, at) => this.#bar(at, y))} ${this.#labels()}
      </svg>
    </div>`;
  }

  #bar(at: number, y: (value: number) => number) {
    const width = 100 / Math.max(this.labels.length, 1);
    const thick = Math.min(width * 0.72, 8);
    const x = (at + 0.5) * width - thick / 2;
    const segments = stack(this.series.map(({ values }) => values[at] ?? 0));
    return segments.map(
      ({ series, from, to }) => svg`<rect class="seg s${series}" x="${x}%" width="${thick}%" y=${y(to)}
        height=${y(from) - y(to)}><title>${`${this.labels[at]}: ${this.series[series]?.name} ${number(to - from)}`}</title></rect>`,
    );
  }

  #labels() {
    const count = this.labels.length;
    const shown = shownLabels(count, MAX_LABELS);
    return this.labels.map((label, at) =>
      shown.has(at)
        ? svg`<text x="${((at + 0.5) / count) * 100}%" y=${HEIGHT - 5}
            text-anchor=${count > MAX_LABELS && at === 0 ? "start" : "middle"}>${label}</text>`
        : "",
    );
  }

  #table() {
    return html`<div class="scroll" role="region" aria-label=${this.heading} tabindex="0"><table>
      <thead><tr><th scope="col">${this.unit}</th>${this.series.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${this.labels.map(
        (label, at) => html`<tr><th scope="row">${label}</th>
          ${this.series.map(({ values }) => html`<td>${number(values[at] ?? 0)}</td>`)}</tr>`,
      )}</tbody>
    </table></div>`;
  }
}

customElements.define("desk-stacked-chart", DeskStackedChart);
