/** The search playground: one query, two settings, the passages side by side. */
import { css, html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { say } from "../parts/events";
import { Loading } from "../parts/loading";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import type { SearchAnswer } from "../wire";
import { scales } from "./compare";
import { filtersOf } from "./filters";
import { DEFAULT_SETTING, type Setting } from "./setting-form";
import "./results";
import "./setting-form";

const words = deskTexts.search;
type Side = 0 | 1;
const SIDES: readonly Side[] = [0, 1];

export class DeskSearch extends LitElement {
  static override properties = {
    api: { attribute: false },
    settings: { state: true },
    wrong: { state: true },
  };
  declare api: DeskApi;
  declare settings: [Setting, Setting];
  declare wrong: string;
  #query = "";
  readonly #answers = SIDES.map(
    (side) => new Loading<SearchAnswer>(this, (signal) => this.#ask(side, signal)),
  );

  static override styles = [
    deskStyles,
    css`
      .sides {
        display: grid;
        grid-template-columns: repeat(2, minmax(0, 1fr));
        gap: 0 1rem;
      }
      @media (width < 60rem) {
        .sides {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  constructor() {
    super();
    this.settings = [DEFAULT_SETTING, { ...DEFAULT_SETTING, rerank: false }];
    this.wrong = "";
  }

  #ask(side: Side, signal: AbortSignal): Promise<SearchAnswer> {
    const { rerank, limit, rows } = this.settings[side];
    const made = filtersOf(rows);
    const filters = "filters" in made ? made.filters : {};
    return this.api.search({ query: this.#query, limit, rerank, explain: true, filters }, signal);
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.#query = String(new FormData(event.target as HTMLFormElement).get("query") ?? "").trim();
    this.wrong = this.#query ? "" : words.noQuery;
    for (const side of SIDES) {
      const made = filtersOf(this.settings[side].rows);
      if ("wrong" in made) this.wrong = words.wrongFilter(sideName(side), made.wrong + 1);
    }
    if (this.wrong) return;
    // One after the other: timings of two at once would say something of each other.
    for (const answer of this.#answers) if (!(await answer.run())) return;
    const [a, b] = this.#answers.map((answer) => answer.value?.passages.length ?? 0);
    say(this, words.found(a ?? 0, b ?? 0));
  }

  #set(side: Side, setting: Setting): void {
    this.settings = side === 0 ? [setting, this.settings[1]] : [this.settings[0], setting];
  }

  protected override render() {
    const busy = this.#answers.some((answer) => answer.busy);
    return html`<p class="lead">${words.text}</p>
      <form @submit=${this.#submit}>
        <div class="row" role="search">
          <input class="grow" type="search" name="query" maxlength="8000" aria-label=${words.query}
            placeholder=${words.query} />
          <button class="primary" ?disabled=${busy}>${busy ? words.searching : words.search}</button>
        </div>
        ${this.wrong ? html`<p class="note bad" role="alert">${this.wrong}</p>` : nothing}
        <div class="sides">
          ${SIDES.map(
            (side) => html`<desk-search-setting .name=${sideName(side)} .setting=${this.settings[side]}
              @desk-setting=${(event: CustomEvent<Setting>) => this.#set(side, event.detail)}
              @desk-enter=${() => this.renderRoot.querySelector("form")?.requestSubmit()}></desk-search-setting>`,
          )}
        </div>
      </form>
      ${this.#results()}`;
  }

  #results() {
    const [a, b] = this.#answers.map(({ value }) => value?.passages ?? []);
    const scale = scales([...(a ?? []), ...(b ?? [])]);
    return html`<div class="sides">
      ${SIDES.map((side) => {
        const { value, error } = this.#answers[side] ?? {};
        const other = this.#answers[1 - side]?.value?.passages;
        return html`<section aria-label=${sideName(side)}>
          ${problemNote(error)}
          ${
            value
              ? html`<desk-search-results .name=${sideName(side)} .answer=${value} .other=${other}
                  .scale=${scale}></desk-search-results>`
              : nothing
          }
        </section>`;
      })}
    </div>`;
  }
}

function sideName(side: Side): string {
  return words.sides[side] ?? "";
}

customElements.define("desk-search", DeskSearch);
