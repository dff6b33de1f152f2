/** Where files are dropped or chosen, and what becomes of each. */
import { css, html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { bytes } from "../format";
import { say } from "../parts/events";
import { Limits } from "../parts/limits";
import { deskStyles } from "../parts/styles";
import { type ChosenFile, isTemplate, type Sorted, sortFiles } from "./candidates";
import { fromDrop, fromField } from "./dropped";
import { SUFFIXES } from "./media";
import "./upload-list";
import { summary, type Uploads } from "./uploads";

const words = deskTexts.uploads;
const SHOWN = 20;

/** Fires `desk-uploaded` when nothing is left to send. The uploads are the desk's, and go on behind other views. */
export class DeskUploadPanel extends LitElement {
  static override properties = {
    api: { attribute: false },
    uploads: { attribute: false },
    over: { state: true },
    refused: { state: true },
    template: { state: true },
  };
  declare api: DeskApi;
  declare uploads: Uploads;
  declare over: boolean;
  declare refused: Sorted["refused"];
  declare template: string;
  readonly #limits = new Limits(this);

  static override styles = [
    deskStyles,
    css`
      .drop {
        border: 2px dashed var(--edge);
        border-radius: calc(var(--radius) * 1.5);
        background: var(--sheet);
        padding: 1.1rem;
        text-align: center;
      }
      .drop.over {
        border-color: var(--accent);
        background: var(--wash);
      }
      .drop .row {
        justify-content: center;
        margin-block: 0.5rem;
      }
      details {
        margin-block-start: 0.5rem;
      }
    `,
  ];

  constructor() {
    super();
    this.over = false;
    this.refused = [];
    this.template = "";
  }

  protected override firstUpdated(): void {
    void this.#limits.load();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.uploads.addEventListener("change", this.#changed);
    this.uploads.addEventListener("done", this.#done);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.uploads.removeEventListener("change", this.#changed);
    this.uploads.removeEventListener("done", this.#done);
  }

  readonly #changed = (): void => this.requestUpdate();

  #take(chosen: ChosenFile[]): void {
    const template = isTemplate(this.template) ? this.template : "";
    const { wanted, refused } = sortFiles(chosen, this.#limits.documentBytes, template);
    this.refused = refused;
    this.uploads.add(wanted);
    say(this, words.begun(wanted.length, refused.length));
  }

  readonly #done = (): void => {
    const { added, replaced, unchanged, failed } = summary(this.uploads.items);
    say(this, words.ended(added, replaced, unchanged, failed));
    this.dispatchEvent(new CustomEvent("desk-uploaded"));
  };

  async #dropped(event: DragEvent): Promise<void> {
    event.preventDefault();
    this.over = false;
    if (event.dataTransfer) this.#take(await fromDrop(event.dataTransfer));
  }

  #drag(event: DragEvent, over: boolean): void {
    event.preventDefault();
    this.over = over;
  }

  #chosen(event: Event): void {
    const field = event.target as HTMLInputElement;
    this.#take(fromField(field));
    field.value = ""; // so that the same files can be chosen again
  }

  #choose(id: string): void {
    this.renderRoot.querySelector<HTMLInputElement>(id)?.click();
  }

  protected override render() {
    return html`<section aria-labelledby="add">
      <h2 id="add" class="unseen">${words.heading}</h2>
      <div class="drop ${this.over ? "over" : ""}" @dragover=${(event: DragEvent) => this.#drag(event, true)}
        @dragleave=${(event: DragEvent) => this.#drag(event, false)} @drop=${this.#dropped}>
        <p>${words.drop}</p>
        <div class="row">
          <button class="primary" @click=${() => this.#choose("#files")}>${words.files}</button>
          <button @click=${() => this.#choose("#folder")}>${words.folder}</button>
        </div>
        <p class="small faint">${words.kinds(bytes(this.#limits.documentBytes))}</p>
        <input id="files" type="file" multiple hidden accept=${SUFFIXES.join(",")} @change=${this.#chosen} />
        <input id="folder" type="file" webkitdirectory hidden @change=${this.#chosen} />
      </div>
      ${this.#options()} ${this.#refusals()}
      ${
        this.uploads.items.length
          ? html`<desk-upload-list .uploads=${this.uploads} .version=${{}}></desk-upload-list>`
          : nothing
      }
    </section>`;
  }

  #options() {
    const wrong = isTemplate(this.template) ? "" : words.templateWrong;
    return html`<details>
      <summary>${words.options}</summary>
      <div class="field">
        <label for="template">${words.template}</label>
        <input id="template" inputmode="url" spellcheck="false" placeholder="https://docs.example.com/{stem}.html"
          aria-describedby="template-help" aria-invalid=${wrong ? "true" : "false"} .value=${this.template}
          @change=${(event: Event) => (this.template = (event.target as HTMLInputElement).value.trim())} />
        <p id="template-help" class="small faint">
          ${wrong ? html`<strong class="bad">${wrong}</strong>` : nothing} ${words.templateHelp}
        </p>
      </div>
    </details>`;
  }

  #refusals() {
    if (this.refused.length === 0) return nothing;
    return html`<div class="note warn">
      <p><strong>${words.refused(this.refused.length)}</strong></p>
      <ul>
        ${this.refused
          .slice(0, SHOWN)
          .map(
            ({ path, file, why }) =>
              html`<li><bdi>${path}</bdi>: ${words.why[why](bytes(file.size), bytes(this.#limits.documentBytes))}</li>`,
          )}
      </ul>
      ${this.refused.length > SHOWN ? html`<p>${deskTexts.andMore(this.refused.length - SHOWN)}</p>` : nothing}
      <button @click=${() => (this.refused = [])}>${deskTexts.dismiss}</button>
    </div>`;
  }
}

customElements.define("desk-upload-panel", DeskUploadPanel);
