/** One of the two settings of the search playground. */
import { css, html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import { deskStyles } from "../parts/styles";
import { type FilterRow, NEW_ROW, needsValue, OPERATIONS, type Operation } from "./filters";

export interface Setting {
  rerank: boolean;
  limit: number;
  rows: FilterRow[];
}

export const DEFAULT_SETTING: Setting = { rerank: true, limit: 10, rows: [] };
const MAX_LIMIT = 50;
const MAX_ROWS = 16;
const words = deskTexts.search;

/** Fires `desk-setting` with the setting as it is now, and `desk-enter` where a form would be sent. */
export class DeskSearchSetting extends LitElement {
  static override properties = { name: {}, setting: { attribute: false } };
  declare name: string;
  declare setting: Setting;

  static override styles = [
    deskStyles,
    css`
      .filter {
        display: grid;
        grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) minmax(0, 1fr) auto;
        gap: 0.4rem;
        margin-block: 0.4rem;
      }
      .add {
        margin-block-start: 0.5rem;
      }
      .limit {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }
      .limit input {
        inline-size: 5rem;
      }
      @media (width < 30rem) {
        .filter {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        }
        .filter button {
          justify-self: start;
        }
      }
    `,
  ];

  #set(part: Partial<Setting>): void {
    this.dispatchEvent(new CustomEvent("desk-setting", { detail: { ...this.setting, ...part } }));
  }

  #row(place: number, part: Partial<FilterRow>): void {
    this.#set({ rows: this.setting.rows.map((row, at) => (at === place ? { ...row, ...part } : row)) });
  }

  protected override updated(changed: Map<string, unknown>): void {
    const before = changed.get("setting") as Setting | undefined;
    // A new row is there to be written in.
    if (before && this.setting.rows.length > before.rows.length) {
      [...this.renderRoot.querySelectorAll<HTMLElement>(".filter")].at(-1)?.querySelector("input")?.focus();
    }
  }

  #add(): void {
    this.#set({ rows: [...this.setting.rows, NEW_ROW] });
  }

  /** Fields in here are not the form's own: Enter in one of them is told to it. */
  #enter(event: KeyboardEvent): void {
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    // What is written counts first.
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
    this.dispatchEvent(new CustomEvent("desk-enter"));
  }

  #remove(place: number): void {
    this.#set({ rows: this.setting.rows.filter((_, at) => at !== place) });
    this.renderRoot.querySelector<HTMLElement>(".add")?.focus();
  }

  #limit(event: Event): void {
    const field = event.target as HTMLInputElement;
    const limit = Math.min(Math.max(Math.round(Number(field.value)) || 1, 1), MAX_LIMIT);
    field.value = String(limit);
    this.#set({ limit });
  }

  protected override render() {
    const { rerank, limit, rows } = this.setting;
    return html`<fieldset class="sheet" @keydown=${this.#enter}>
      <legend class="unseen">${this.name}</legend>
      <div class="row">
        <strong aria-hidden="true">${this.name}</strong>
        <label class="check">
          <input type="checkbox" .checked=${rerank}
            @change=${(event: Event) => this.#set({ rerank: (event.target as HTMLInputElement).checked })} />
          ${words.rerank}
        </label>
        <label class="limit">${words.limit}
          <input type="number" min="1" max=${MAX_LIMIT} .value=${String(limit)} @change=${this.#limit} />
        </label>
      </div>
      ${rows.map((row, place) => this.#filter(row, place))}
      ${
        rows.length < MAX_ROWS
          ? html`<button type="button" class="add" @click=${this.#add}>${words.addFilter}</button>`
          : nothing
      }
    </fieldset>`;
  }

  #filter(row: FilterRow, place: number) {
    const text = (event: Event) => (event.target as HTMLInputElement).value;
    return html`<div class="filter" role="group" aria-label=${words.filter(place + 1)}>
      <input aria-label=${words.key} placeholder=${words.key} .value=${row.key} maxlength="64"
        @change=${(event: Event) => this.#row(place, { key: text(event) })} />
      <select aria-label=${words.operation}
        @change=${(event: Event) => this.#row(place, { operation: text(event) as Operation })}>
        ${OPERATIONS.map(
          (operation) => html`<option value=${operation} ?selected=${row.operation === operation}>
            ${words.operations[operation]}
          </option>`,
        )}
      </select>
      <input aria-label=${words.value} placeholder=${words.value} .value=${row.value}
        ?disabled=${!needsValue(row.operation)} @change=${(event: Event) => this.#row(place, { value: text(event) })} />
      <button type="button" aria-label=${words.removeFilter(place + 1)} @click=${() => this.#remove(place)}>×</button>
    </div>`;
  }
}

customElements.define("desk-search-setting", DeskSearchSetting);
