/** Thumbs, and a word with them if one likes. */
import { css, html, LitElement, nothing } from "lit";
import type { Feedback, Rating } from "../protocol";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { icon } from "../ui/icons";
import { theme } from "../ui/theme";

export interface Rated {
  rating: Rating;
  comment?: string;
}

const LONGEST = 2000;

/** Event "rate" (`detail`: Rated), at once when a thumb is pressed, and again when a word was written. */
export class CarrelFeedback extends LitElement {
  static override properties = {
    feedback: { attribute: false },
    key: { attribute: false },
    writing: { state: true },
  };
  static override styles = [
    theme,
    controls,
    css`
      :host {
        display: inline-flex;
        position: relative;
        background: none;
      }

      button[aria-pressed="true"] svg {
        fill: color-mix(in srgb, var(--accent) 25%, transparent);
        color: var(--accent);
      }

      form {
        position: absolute;
        z-index: 1;
        inset-block-start: calc(100% + 0.375rem);
        inset-inline-end: 0;
        inline-size: min(22rem, 80vw);
        padding: 0.75rem;
        border: 1px solid var(--line);
        border-radius: 0.625rem;
        background: var(--sheet);
        box-shadow: 0 0.5rem 1.5rem rgb(0 0 0 / 18%);
      }

      label {
        display: block;
        font-size: 0.875rem;
        margin-block-end: 0.375rem;
      }

      textarea {
        inline-size: 100%;
        min-block-size: 4.5rem;
        resize: vertical;
      }

      form div {
        display: flex;
        justify-content: flex-end;
        gap: 0.5rem;
        margin-block-start: 0.5rem;
      }
    `,
  ];
  declare feedback: Feedback | undefined;
  /** Of the answer: another one has not been written about. */
  declare key: string;
  /** The thumb that a word is being written to. */
  declare writing: Rating | undefined;

  protected override willUpdate(changed: Map<PropertyKey, unknown>) {
    if (changed.has("key")) this.writing = undefined;
  }

  protected override render() {
    return html`${this.thumb("up")}${this.thumb("down")}${this.writing ? this.form() : nothing}`;
  }

  private thumb(rating: Rating) {
    const label = texts.feedback[rating];
    return html`<button class="quiet" type="button" data-rating=${rating} aria-label=${label} title=${label}
      aria-pressed=${this.feedback?.rating === rating} @click=${() => this.pressed(rating)}>${icon(rating)}</button>`;
  }

  private form() {
    const { comment, close, send } = texts.feedback;
    return html`<form @submit=${this.sent} @keydown=${this.keyed}>
      <label for="comment">${comment}</label>
      <textarea id="comment" dir="auto" maxlength=${LONGEST} .value=${this.feedback?.comment ?? ""}></textarea>
      <div>
        <button class="quiet" type="button" @click=${this.close}>${close}</button>
        <button class="filled">${send}</button>
      </div>
    </form>`;
  }

  private async pressed(rating: Rating) {
    if (this.feedback?.rating !== rating) this.tell({ rating });
    this.writing = rating;
    await this.updateComplete;
    this.renderRoot.querySelector("textarea")?.focus();
  }

  private sent(event: Event) {
    event.preventDefault();
    const comment = this.renderRoot.querySelector("textarea")?.value.trim() ?? "";
    const rating = this.writing as Rating;
    this.tell(comment ? { rating, comment } : { rating });
    this.close();
  }

  private keyed(event: KeyboardEvent) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.close();
  }

  private close = () => {
    this.renderRoot.querySelector<HTMLElement>(`[data-rating="${this.writing}"]`)?.focus();
    this.writing = undefined;
  };

  private tell(detail: Rated) {
    this.dispatchEvent(new CustomEvent("rate", { detail, bubbles: true, composed: true }));
  }
}

customElements.define("carrel-feedback", CarrelFeedback);
