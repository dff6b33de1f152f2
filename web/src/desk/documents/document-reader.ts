/** One document with its chunks, as the index holds it; and its removal. */
import { css, html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { dateTime, number } from "../format";
import { webAddress } from "../parts/addresses";
import type { DeskConfirm } from "../parts/confirm";
import { go, say } from "../parts/events";
import { Loading } from "../parts/loading";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { Chunk, DocumentWhole } from "../wire";
import "../parts/confirm";

const words = deskTexts.documents;
const CHUNKS_AT_ONCE = 50;

/** Fires `desk-removed` when the document is gone. */
export class DeskDocumentReader extends LitElement {
  static override properties = {
    api: { attribute: false },
    documentId: { attribute: false },
    shown: { state: true },
    removal: { state: true },
  };
  declare api: DeskApi;
  declare documentId: string;
  /** How many chunks are shown. */
  declare shown: number;
  declare removal: unknown;
  readonly #document = new Loading<DocumentWhole>(this, (signal) =>
    this.api.document(this.documentId, signal),
  );

  static override styles = [
    deskStyles,
    css`
      article {
        border-block-start: 1px solid var(--line);
        padding-block: 0.75rem;
      }
    `,
  ];

  constructor() {
    super();
    this.shown = CHUNKS_AT_ONCE;
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has("documentId")) void this.#open();
  }

  async #open(): Promise<void> {
    this.shown = CHUNKS_AT_ONCE;
    await this.#document.run();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("h2")?.focus();
  }

  async #remove(): Promise<void> {
    const question = this.renderRoot.querySelector("desk-confirm") as DeskConfirm;
    if (!(await question.ask())) return;
    try {
      await this.api.removeDocument(this.documentId);
    } catch (error) {
      this.removal = error;
      return;
    }
    say(this, words.removed);
    this.dispatchEvent(new CustomEvent("desk-removed"));
    go(routeTo("documents"));
  }

  protected override render() {
    const { value, busy, error } = this.#document;
    return html`<p><a href=${routeTo("documents")}>${words.back}</a></p>
      ${problemNote(error, () => void this.#document.run())} ${problemNote(this.removal)}
      ${value ? this.#whole(value) : busy ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}`;
  }

  #whole(found: DocumentWhole) {
    const address = webAddress(found.url);
    return html`<h2 tabindex="-1"><bdi>${found.title || found.id}</bdi></h2>
      <dl class="pairs">
        <dt>${words.id}</dt><dd><bdi class="id">${found.id}</bdi></dd>
        <dt>${words.address}</dt>
        <dd>
          ${
            address
              ? html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow">${found.url}</a>`
              : found.url || html`<span class="faint">${words.noAddress}</span>`
          }
        </dd>
        <dt>${words.kind}</dt><dd>${found.media_type}</dd>
        <dt>${words.extent}</dt><dd>${words.size(number(found.characters), found.chunk_count)}</dd>
        <dt>${words.metadata}</dt>
        <dd>${
          Object.keys(found.metadata).length
            ? html`<code>${JSON.stringify(found.metadata)}</code>`
            : html`<span class="faint">${words.noMetadata}</span>`
        }</dd>
        <dt>${words.added}</dt><dd>${dateTime(found.created_at)}</dd>
        <dt>${words.updated}</dt><dd>${dateTime(found.updated_at)}</dd>
      </dl>
      <button class="danger" @click=${this.#remove}>${words.remove}</button>
      <desk-confirm .heading=${words.removeHeading(found.title || found.id)} .action=${words.remove}>
        <p>${words.removeText}</p>
      </desk-confirm>
      <h2>${words.chunks}</h2>
      <p class="faint">${words.chunksText}</p>
      ${found.chunks.slice(0, this.shown).map((chunk) => this.#chunk(chunk))}
      ${
        found.chunks.length > this.shown
          ? html`<button @click=${() => (this.shown += CHUNKS_AT_ONCE)}>
              ${words.moreChunks(found.chunks.length - this.shown)}
            </button>`
          : nothing
      }`;
  }

  #chunk(chunk: Chunk) {
    return html`<article aria-label=${words.chunk(chunk.ordinal + 1)}>
      <div class="small faint">
        ${words.chunk(chunk.ordinal + 1)}${chunk.heading_path.length ? html` · <bdi>${chunk.heading_path.join(" › ")}</bdi>` : nothing}
        ${chunk.anchor ? html` · <span class="id">#${chunk.anchor}</span>` : nothing}
      </div>
      <div class="text" dir="auto">${chunk.text}</div>
    </article>`;
  }
}

customElements.define("desk-document-reader", DeskDocumentReader);
