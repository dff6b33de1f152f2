/** A modal dialog with a heading; what it holds is in its slot, its buttons in the slot "buttons". */
import { css, html, LitElement } from "lit";
import { controls } from "./controls";
import { theme } from "./theme";

/** Event "closed", after it was closed in whichever way. */
export class CarrelDialog extends LitElement {
  static override properties = { heading: {} };
  static override styles = [
    theme,
    controls,
    css`
      :host {
        background: none;
      }

      dialog {
        inline-size: min(26rem, calc(100vw - 2rem));
        max-block-size: calc(100dvh - 2rem);
        overflow: auto;
        padding: 1.5rem;
        border: 1px solid var(--line);
        border-radius: 0.875rem;
        background: var(--sheet);
        color: var(--ink);
        box-shadow: 0 1rem 3rem rgb(0 0 0 / 25%);
      }

      dialog::backdrop {
        background: rgb(15 18 22 / 45%);
      }

      h2 {
        margin: 0 0 0.5rem;
        font-size: 1.125rem;
        line-height: 1.35;
      }

      footer {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: 0.5rem;
        margin-block-start: 1.25rem;
      }
    `,
  ];
  declare heading: string;

  constructor() {
    super();
    this.heading = "";
  }

  private get dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  async show(): Promise<void> {
    await this.updateComplete;
    if (!this.dialog?.open) this.dialog?.showModal();
  }

  close(): void {
    this.dialog?.close();
  }

  protected override render() {
    return html`<dialog aria-labelledby="heading" @close=${this.closed} @click=${this.clicked}>
      <h2 id="heading">${this.heading}</h2>
      <slot></slot>
      <footer><slot name="buttons"></slot></footer>
    </dialog>`;
  }

  private closed() {
    this.dispatchEvent(new Event("closed"));
  }

  /** Beside the dialog is the dialog's own backdrop. */
  private clicked(event: MouseEvent) {
    if (event.target !== this.dialog || !this.dialog) return;
    const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
    const inside =
      event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (!inside) this.close();
  }
}

customElements.define("carrel-dialog", CarrelDialog);
