/** Uploads the archive of a data source, with its progress. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import { type DeskApi, sourcePath } from "../api";
import { bytes, dateTime, percent } from "../format";
import { Limits } from "../parts/limits";
import { problemNote } from "../parts/problem";
import { type Send, send } from "../parts/sending";
import { deskStyles } from "../parts/styles";
import type { DataSource } from "../wire";

const words = deskTexts.archive;

/** Fires `desk-uploaded` when the archive is durable: a sync then takes it in. */
export class DeskArchiveUpload extends LitElement {
  static override properties = {
    api: { attribute: false },
    source: { attribute: false },
    share: { state: true },
    error: { state: true },
    wrong: { state: true },
  };
  declare api: DeskApi;
  declare source: DataSource;
  /** How much has left, 0 to 1; undefined while nothing is going. */
  declare share: number | undefined;
  declare error: unknown;
  declare wrong: string;
  send: Send = send;
  readonly #limits = new Limits(this);
  #going: AbortController | undefined;

  static override styles = [deskStyles];

  constructor() {
    super();
    this.wrong = "";
  }

  protected override firstUpdated(): void {
    void this.#limits.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#going?.abort();
  }

  async #chosen(event: Event): Promise<void> {
    const field = event.target as HTMLInputElement;
    const file = field.files?.[0];
    field.value = "";
    if (file) await this.#put(file);
  }

  async #put(file: File): Promise<void> {
    this.error = undefined;
    this.wrong =
      file.size > this.#limits.archiveBytes
        ? words.tooLarge(bytes(file.size), bytes(this.#limits.archiveBytes))
        : "";
    if (this.wrong) return;
    this.#going = new AbortController();
    const { signal } = this.#going;
    this.share = 0;
    try {
      await this.send({
        url: new URL(`${sourcePath(this.source.id)}/archive`, this.api.http.baseUrl).href,
        body: file,
        headers: { "X-API-Key": this.api.key, "Content-Type": "application/octet-stream" },
        signal,
        onProgress: (sent) => (this.share = sent / file.size),
      });
      this.dispatchEvent(new CustomEvent("desk-uploaded"));
    } catch (error) {
      if (!signal.aborted) this.error = error;
    } finally {
      this.share = undefined;
    }
  }

  protected override render() {
    const { archive } = this.source;
    const going = this.share !== undefined;
    return html`<div class="sheet">
      <p>${archive ? words.there(bytes(archive.bytes), dateTime(archive.received_at)) : words.none}</p>
      <div class="row">
        <button class=${archive ? "" : "primary"} ?disabled=${going}
          @click=${() => this.renderRoot.querySelector<HTMLInputElement>("input")?.click()}>${words.choose}</button>
        ${going ? html`<button @click=${() => this.#going?.abort()}>${deskTexts.cancel}</button>` : nothing}
      </div>
      <input type="file" hidden accept=".zip,.tar,.gz,.tgz" @change=${this.#chosen} />
      ${
        this.share === undefined
          ? nothing
          : html`<p class="faint">${this.share < 1 ? words.sending(percent(this.share)) : words.storing}</p>
              <progress aria-label=${words.progress} max="1" .value=${this.share}></progress>`
      }
      ${this.wrong ? html`<p class="note bad" role="alert">${this.wrong}</p>` : nothing} ${problemNote(this.error)}
      <p class="small faint">${words.help} <code>git archive --prefix=repo/ -o repo.tar.gz HEAD</code></p>
    </div>`;
  }
}

customElements.define("desk-archive-upload", DeskArchiveUpload);
