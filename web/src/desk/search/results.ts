/** The passages one setting found, each with its scores and where it stands for the other setting. */
import { css, html, LitElement, nothing } from "lit";
import type { Passage } from "../../protocol";
import { deskTexts } from "../../texts/desk";
import { milliseconds, number } from "../format";
import { webAddress } from "../parts/addresses";
import { bar } from "../parts/bar";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { SearchAnswer } from "../wire";
import { compare, PARTS, type Part, type Placed, partOf } from "./compare";

const words = deskTexts.search;
const LONG_CHARS = 320;
const LOOKS = { same: "faint", up: "good", down: "warn", only: "" } as const;

export class DeskSearchResults extends LitElement {
  static override properties = {
    name: {},
    answer: { attribute: false },
    other: { attribute: false },
    scale: { attribute: false },
  };
  declare name: string;
  declare answer: SearchAnswer;
  /** What the other setting found; undefined while that is not known. */
  declare other: Passage[] | undefined;
  declare scale: Record<Part, number>;

  static override styles = [
    deskStyles,
    css`
      h2 {
        margin-block: 0.75rem 0.25rem;
      }
      h3 {
        margin: 0;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      .parts {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(5.6rem, 1fr));
        gap: 0.25rem 0.75rem;
        margin-block: 0.5rem 0;
      }
      .parts dt,
      .parts dd {
        margin: 0;
        font-size: 0.8rem;
      }
      .parts div {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0 0.5rem;
        align-content: start;
      }
      .parts .wide {
        grid-column: 1 / -1;
      }
    `,
  ];

  protected override render() {
    const { passages, timing_ms, degraded, index_version } = this.answer;
    const timings = Object.entries(timing_ms).map(([part, ms]) => `${part} ${milliseconds(ms)}`);
    return html`<h2>${words.count(this.name, passages.length)}</h2>
      <p class="small faint">${timings.join(" · ")} · <span class="id">${index_version}</span></p>
      ${
        degraded.length
          ? html`<p class="note warn">${words.degraded} <strong>${degraded.join(", ")}</strong></p>`
          : nothing
      }
      ${passages.length ? nothing : html`<p class="empty">${words.nothing}</p>`}
      <ol class="plain">
        ${compare(passages, this.other ?? passages).map((placed) => this.#passage(placed))}
      </ol>`;
  }

  #passage({ passage, rank, otherRank, move }: Placed) {
    const address = webAddress(passage.url);
    return html`<li class="sheet">
      <div class="row">
        <span class="faint">${rank}</span>
        <h3 class="grow"><bdi>${passage.title || passage.document_id}</bdi></h3>
        ${this.other ? html`<span class="tag ${LOOKS[move]}">${words.moves[move](otherRank ?? 0)}</span>` : nothing}
      </div>
      <div class="small faint">
        ${passage.heading_path.length ? html`<bdi>${passage.heading_path.join(" › ")}</bdi> · ` : nothing}
        <a href=${routeTo("documents", passage.document_id)}>${passage.document_id}</a>
        ${address ? html` · <a href=${address} target="_blank" rel="noopener noreferrer nofollow">${words.open}</a>` : nothing}
      </div>
      ${this.#text(passage.text)}
      <dl class="parts">
        <div><dt>${words.score}</dt><dd>${number(passage.score, 2)}</dd></div>
        ${PARTS.map((part) => this.#part(part, partOf(passage.score_parts, part)))}
      </dl>
    </li>`;
  }

  #text(text: string) {
    if (text.length <= LONG_CHARS) return html`<div class="text" dir="auto">${text}</div>`;
    return html`<details>
      <summary class="text" dir="auto">${text.slice(0, LONG_CHARS)}…</summary>
      <div class="text" dir="auto">${text}</div>
    </details>`;
  }

  #part(part: Part, value: number | undefined) {
    return html`<div>
      <dt>${words.parts[part]}</dt>
      <dd>${value === undefined ? "–" : number(value, 2)}</dd>
      ${value === undefined ? nothing : html`<dd class="wide">${bar(value / this.scale[part])}</dd>`}
    </div>`;
  }
}

customElements.define("desk-search-results", DeskSearchResults);
