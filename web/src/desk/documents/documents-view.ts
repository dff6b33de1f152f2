/** Documents: the list, with what was uploaded; or one of them, read. */
import { css, html, LitElement, nothing } from "lit";
import type { Page } from "../../protocol";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { ago, number } from "../format";
import { say } from "../parts/events";
import { moreButton, Paging } from "../parts/paging";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { DocumentSummary } from "../wire";
import "./document-reader";
import "./upload-panel";
import type { Uploads } from "./uploads";

const words = deskTexts.documents;

export class DeskDocuments extends LitElement {
  static override properties = {
    api: { attribute: false },
    uploads: { attribute: false },
    path: { attribute: false },
    q: { state: true },
  };
  declare api: DeskApi;
  declare uploads: Uploads;
  declare path: string[];
  declare q: string;
  readonly #list = new Paging<Page<DocumentSummary>>(this, (signal, from) =>
    this.api.documents({ q: this.q, limit: 50, ...from }, signal),
  );

  static override styles = [
    deskStyles,
    css`
      .list a {
        font-weight: 500;
      }
      .list .id {
        color: var(--faint);
      }
    `,
  ];

  constructor() {
    super();
    this.path = [];
    this.q = "";
  }

  protected override firstUpdated(): void {
    void this.#list.first();
  }

  protected override updated(changed: Map<string, unknown>): void {
    const before = (changed.get("path") as string[] | undefined)?.[0];
    // Back from a document: on with the list where it was left.
    if (before === undefined || this.path.length > 0) return;
    const left = [...this.renderRoot.querySelectorAll("a")].find(
      (link) => link.getAttribute("href") === routeTo("documents", before),
    );
    (left ?? this.renderRoot.querySelector<HTMLElement>("#all"))?.focus();
  }

  async #search(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.q = String(new FormData(event.target as HTMLFormElement).get("q") ?? "").trim();
    if (await this.#list.first())
      say(this, words.found(this.#list.value?.items.length ?? 0, this.#list.more));
  }

  protected override render() {
    const [id] = this.path;
    // The list stays as it is behind a document that is read.
    return html`<div ?hidden=${id !== undefined}>
        <desk-upload-panel .api=${this.api} .uploads=${this.uploads} @desk-uploaded=${() => this.#list.first()}></desk-upload-panel>
        ${this.#listing()}
      </div>
      ${
        id === undefined
          ? nothing
          : html`<desk-document-reader .api=${this.api} .documentId=${id}
              @desk-removed=${() => this.#list.first()}></desk-document-reader>`
      }`;
  }

  #listing() {
    const { value, busy, error } = this.#list;
    return html`<section aria-labelledby="all" aria-busy=${busy}>
      <h2 id="all" tabindex="-1">${words.all}</h2>
      <form class="row" role="search" @submit=${this.#search}>
        <input class="grow" name="q" type="search" maxlength="200" aria-label=${words.searchLabel}
          placeholder=${words.searchLabel} />
        <button>${words.search}</button>
      </form>
      ${problemNote(error, () => void this.#list.first())}
      ${value ? this.#items(value.items) : busy ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}
      ${moreButton(this.#list, () => this.renderRoot.querySelectorAll(".list > li"))}
    </section>`;
  }

  #items(items: DocumentSummary[]) {
    if (items.length === 0) {
      return html`<p class="empty">${this.q ? words.nothingFound(this.q) : words.none}</p>`;
    }
    return html`<ul class="plain list">
      ${items.map(
        (item) => html`<li tabindex="-1">
          <a href=${routeTo("documents", item.id)}><bdi>${item.title || item.id}</bdi></a>
          <div class="small faint">
            <bdi class="id">${item.id}</bdi> · ${words.size(number(item.characters), item.chunk_count)} ·
            ${words.changed(ago(item.updated_at, Date.now()))}
          </div>
        </li>`,
      )}
    </ul>`;
  }
}

customElements.define("desk-documents", DeskDocuments);
