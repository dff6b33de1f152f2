/** What the index is, and building it anew. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { ago, number } from "../format";
import type { DeskConfirm } from "../parts/confirm";
import { say } from "../parts/events";
import { Loading } from "../parts/loading";
import { Polling } from "../parts/polling";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import type { IndexReport } from "../wire";
import "../parts/confirm";

const words = deskTexts.index;
const EVERY_MS = 10_000;
const BUSY_EVERY_MS = 1000;

export class DeskIndexPanel extends LitElement {
  static override properties = { api: { attribute: false }, error: { state: true } };
  declare api: DeskApi;
  declare error: unknown;
  readonly #index = new Loading<IndexReport>(this, (signal) => this.api.index(signal));
  readonly #polling = new Polling(
    this,
    () => this.#look(),
    () => (this.#building ? BUSY_EVERY_MS : EVERY_MS),
  );

  static override styles = [deskStyles];

  get #building(): boolean {
    return (this.#index.value?.rebuild.status ?? "idle") !== "idle";
  }

  async #look(): Promise<void> {
    await this.updateComplete; // the api is there by then
    const before = this.#building;
    if ((await this.#index.run()) && before && !this.#building) say(this, words.built);
  }

  async #rebuild(): Promise<void> {
    const question = this.renderRoot.querySelector("desk-confirm") as DeskConfirm;
    if (!(await question.ask())) return;
    this.error = undefined;
    try {
      await this.api.rebuild();
      say(this, words.begun);
    } catch (error) {
      this.error = error;
    }
    await this.#polling.now();
  }

  protected override render() {
    const { value, error } = this.#index;
    return html`<h2>${words.title}</h2>
      ${problemNote(error)} ${problemNote(this.error)}
      ${value ? this.#whole(value) : error ? nothing : html`<p class="faint">${deskTexts.loading}</p>`}`;
  }

  #whole(index: IndexReport) {
    return html`<div class="sheet">
      <dl class="figures">
        <div><dt>${words.documents}</dt><dd>${number(index.documents)}</dd></div>
        <div><dt>${words.chunks}</dt><dd>${number(index.chunks)}</dd></div>
      </dl>
      <dl class="pairs">
        <dt>${words.model}</dt>
        <dd>${
          index.embedding_model
            ? html`<span class="id">${index.embedding_model}</span> (${words.dimension(index.dimension ?? 0)})`
            : words.noModel
        }</dd>
        <dt>${words.state}</dt>
        <dd class=${index.current ? "" : "warn"}>${index.current ? words.current : words.outdated}</dd>
      </dl>
      ${this.#progress(index)}
      ${this.#building ? nothing : html`<button @click=${this.#rebuild}>${words.rebuild}</button>`}
      <desk-confirm .heading=${words.rebuildHeading} .action=${words.rebuild}><p>${words.rebuildText}</p></desk-confirm>
    </div>`;
  }

  #progress({ rebuild }: IndexReport) {
    if (rebuild.status === "idle") {
      return rebuild.finished_at
        ? html`<p class="faint">${words.finished(ago(rebuild.finished_at, Date.now()))}</p>`
        : nothing;
    }
    // Until the documents are counted nobody knows how many there are: a bar without a value.
    const { done, total } = rebuild;
    return html`<p>${total ? words.progress(number(done), number(total)) : words.starting}</p>
      ${
        total
          ? html`<progress aria-label=${words.building} max=${total} .value=${done}></progress>`
          : html`<progress aria-label=${words.building}></progress>`
      }
      ${rebuild.status === "waiting" ? html`<p class="note warn">${words.waiting} ${rebuild.reason}</p>` : nothing}`;
  }
}

customElements.define("desk-index-panel", DeskIndexPanel);
