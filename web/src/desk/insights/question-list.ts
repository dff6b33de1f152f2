/** Questions, newest first; with `rated` those that were voted on, and what was said to them. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { moreButton, Paging } from "../parts/paging";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import type { Questions } from "../wire";
import { askedQuestion } from "./asked";
import type { Scope } from "./insights-view";

const words = deskTexts.insights;
type Rated = "any" | "down" | "up";
const RATED: readonly Rated[] = ["any", "down", "up"];

export class DeskQuestionList extends LitElement {
  static override properties = {
    api: { attribute: false },
    scope: { attribute: false },
    rated: { type: Boolean },
    which: { state: true },
  };
  declare api: DeskApi;
  declare scope: Scope;
  declare rated: boolean;
  declare which: Rated;
  readonly #list = new Paging<Questions>(this, (signal, from) => {
    const { since, until, pageUrl } = this.scope;
    const page = pageUrl ? { page_url: pageUrl } : {};
    const rated = this.rated ? { rated: this.which } : {};
    return this.api.questions({ since, until, limit: 50, ...page, ...rated, ...from }, signal);
  });

  static override styles = [deskStyles];

  constructor() {
    super();
    this.rated = false;
    this.which = "any";
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("rated") || changed.has("which")) void this.#list.first();
  }

  protected override render() {
    const { value, error, busy } = this.#list;
    return html`${this.rated ? this.#votes() : nothing} ${problemNote(error, () => void this.#list.first())}
      ${busy && !value ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}
      ${value?.items.length === 0 ? html`<p class="empty">${this.rated ? words.noFeedback : words.none}</p>` : nothing}
      <ul class="plain list" aria-busy=${busy}>
        ${value?.items.map((asked) => html`<li tabindex="-1">${askedQuestion(asked)}</li>`)}
      </ul>
      ${moreButton(this.#list, () => this.renderRoot.querySelectorAll(".list > li"))}`;
  }

  #votes() {
    return html`<div class="row">
      <label for="which">${words.votes}</label>
      <select id="which" @change=${(event: Event) => (this.which = (event.target as HTMLSelectElement).value as Rated)}>
        ${RATED.map((one) => html`<option value=${one} ?selected=${one === this.which}>${words.which[one]}</option>`)}
      </select>
    </div>`;
  }
}

customElements.define("desk-question-list", DeskQuestionList);
