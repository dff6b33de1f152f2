/** The uploads that are going or have ended, those one should look at first. */
import { css, html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { deskTexts } from "../../texts/desk";
import { bytes, percent, timeOfDay } from "../format";
import { advice, said } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { summary, type Upload, type UploadState, type Uploads } from "./uploads";

const words = deskTexts.uploads;
const SHOWN = 100;
const ORDER: Record<UploadState, number> = {
  ...{ failed: 0, storing: 1, sending: 1, waiting: 2, added: 3, replaced: 3, unchanged: 3 },
};
const LOOKS: Partial<Record<UploadState, string>> = { failed: "bad", added: "good", replaced: "good" };

export class DeskUploadList extends LitElement {
  static override properties = { uploads: { attribute: false }, version: { attribute: false } };
  declare uploads: Uploads;
  /** Another one each time the uploads changed. */
  declare version: object;

  static override styles = [
    deskStyles,
    css`
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 0.75rem;
        align-items: center;
      }
      li > .wide {
        grid-column: 1 / -1;
      }
    `,
  ];

  protected override render() {
    const { items, going, pausedUntil } = this.uploads;
    const counts = summary(items);
    const shown = items
      .map((item, place) => ({ item, place }))
      .sort((a, b) => ORDER[a.item.state] - ORDER[b.item.state] || a.place - b.place)
      .slice(0, SHOWN);
    return html`<div class="sheet">
      <p><strong>${words.summary(counts)}</strong></p>
      ${
        going
          ? html`<progress aria-label=${words.overall} max="1"
              .value=${counts.bytes ? counts.sentBytes / counts.bytes : 0}></progress>`
          : nothing
      }
      ${pausedUntil ? html`<p class="warn">${words.paused(timeOfDay(pausedUntil))}</p>` : nothing}
      <div class="row">
        ${going ? html`<button @click=${() => this.uploads.cancel()}>${words.cancel}</button>` : nothing}
        ${counts.failed ? html`<button @click=${() => this.uploads.retry()}>${words.retryAll(counts.failed)}</button>` : nothing}
        ${going ? nothing : html`<button @click=${() => this.uploads.clear()}>${words.clear}</button>`}
      </div>
      <ul class="plain list">
        ${repeat(
          shown,
          ({ item }) => item.id,
          ({ item }) => this.#row(item),
        )}
      </ul>
      ${items.length > SHOWN ? html`<p class="faint">${deskTexts.andMore(items.length - SHOWN)}</p>` : nothing}
    </div>`;
  }

  #row(item: Upload) {
    const share = item.file.size ? item.sent / item.file.size : 1;
    return html`<li>
      <span><bdi>${item.path}</bdi></span>
      <span class="small ${LOOKS[item.state] ?? "faint"}">
        ${item.state === "sending" ? words.sending(percent(share), bytes(item.file.size)) : words.states[item.state]}
      </span>
      ${
        item.state === "sending"
          ? html`<progress class="wide" aria-label=${item.path} max="1" .value=${share}></progress>`
          : nothing
      }
      ${item.state === "failed" ? this.#failure(item) : nothing}
    </li>`;
  }

  #failure(item: Upload) {
    return html`<p class="wide small"><span class="bad">${said(item.error)}</span> ${advice(item.error) || words.mend}
      <button @click=${() => this.uploads.retry(item)} aria-label=${words.retryOne(item.path)}>
        ${deskTexts.problems.retry}
      </button></p>`;
  }
}

customElements.define("desk-upload-list", DeskUploadList);
