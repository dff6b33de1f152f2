/** Data sources: the list of them, one of them with its job, or the form of one. */
import { html, LitElement, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { Page } from "../../protocol";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { ago, seconds } from "../format";
import { moreButton, Paging } from "../parts/paging";
import { Polling } from "../parts/polling";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { DataSource } from "../wire";
import { isUnfinished } from "./jobs";
import "./source-detail";
import "./source-editor";

const words = deskTexts.sources;
const AT_ONCE = 50;
const EVERY_MS = 3000;

/** `new` is not the address of a source of that name: that one is at `#/sources/new/show`. */
export class DeskSources extends LitElement {
  static override properties = { api: { attribute: false }, path: { attribute: false } };
  declare api: DeskApi;
  declare path: string[];
  readonly #list = new Paging<Page<DataSource>>(this, (signal, from) =>
    this.api.dataSources({ limit: AT_ONCE, ...from }, signal),
  );

  static override styles = [deskStyles];

  constructor() {
    super();
    this.path = [];
    new Polling(
      this,
      () => this.#look(),
      () => EVERY_MS,
    );
  }

  /** While something of the list is going, have it again. */
  async #look(): Promise<void> {
    await this.updateComplete; // the path is there by then
    const items = this.path.length === 0 && !this.#list.busy ? (this.#list.value?.items ?? []) : [];
    const going = items.some(({ last_job }) => last_job && isUnfinished(last_job.status));
    // Whoever has had more pages would lose them.
    if (going && items.length <= AT_ONCE) await this.#list.first();
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("path") && this.path.length === 0)
      void this.#open((changed.get("path") as string[] | undefined)?.[0]);
  }

  /** Show the list; back from one of them, on with it where it was left. */
  async #open(before: string | undefined): Promise<void> {
    await this.#list.first();
    await this.updateComplete;
    if (before === undefined || this.path.length > 0) return;
    const links = [...this.renderRoot.querySelectorAll("a")];
    const left = links.find((link) => link.getAttribute("href") === routeTo("sources", before, "show"));
    (left ?? links[0])?.focus();
  }

  protected override render() {
    const [id, what] = this.path;
    if (id === undefined) return this.#listing();
    if (what === "edit" || (id === "new" && what === undefined)) {
      const edited = what === "edit" ? id : "";
      return keyed(
        edited,
        html`<desk-source-editor .api=${this.api} .sourceId=${edited}></desk-source-editor>`,
      );
    }
    return keyed(id, html`<desk-source-detail .api=${this.api} .sourceId=${id}></desk-source-detail>`);
  }

  #listing() {
    const { value, busy, error } = this.#list;
    return html`<p class="lead">${words.text}</p>
      <p><a class="button primary" href=${routeTo("sources", "new")}>${words.add}</a></p>
      ${problemNote(error, () => void this.#list.first())}
      ${value ? this.#items(value.items) : busy ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}
      ${moreButton(this.#list, () => this.renderRoot.querySelectorAll(".list > li"))}`;
  }

  #items(items: DataSource[]) {
    if (items.length === 0) return html`<p class="empty">${words.none}</p>`;
    return html`<ul class="plain list">
      ${items.map((item) => {
        const job = item.last_job;
        return html`<li tabindex="-1">
          <div class="row">
            <a href=${routeTo("sources", item.id, "show")}><strong>${item.id}</strong></a>
            <span class="tag faint">${words.kinds[item.kind]}</span>
            ${job ? html`<span class="tag ${words.looks[job.status]}">${words.statuses[job.status]}</span>` : nothing}
          </div>
          <div class="small faint">
            <bdi>${item.url ?? (item.kind === "urls" ? words.pages(item.urls.length) : words.uploaded)}</bdi>
            · ${item.interval_s ? words.every(seconds(item.interval_s)) : words.byHand}
            · ${job ? words.lastSync(ago(job.finished_at ?? job.created_at, Date.now())) : words.neverSynced}
            ${job?.counts.failed ? html` · <span class="bad">${words.failedPages(job.counts.failed)}</span>` : nothing}
          </div>
        </li>`;
      })}
    </ul>`;
  }
}

customElements.define("desk-sources", DeskSources);
