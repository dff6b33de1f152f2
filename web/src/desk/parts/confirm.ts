/** A question before something that cannot be taken back. */
import { css, html, LitElement } from "lit";
import { deskTexts } from "../../texts/desk";
import { deskStyles } from "./styles";

/** `ask()` shows what is in the slot, and resolves to whether the owner went on. */
export class DeskConfirm extends LitElement {
  static override properties = { heading: {}, action: {} };
  declare heading: string;
  declare action: string;
  #answer: ((yes: boolean) => void) | undefined;

  static override styles = [
    deskStyles,
    css`
      dialog {
        max-inline-size: min(30rem, calc(100vw - 2rem));
        padding: 1.25rem;
        color: var(--ink);
        background: var(--sheet);
        border: 1px solid var(--line);
        border-radius: calc(var(--radius) * 1.5);
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 45%);
      }
      h2 {
        margin-block: 0 0.5rem;
        overflow-wrap: anywhere;
      }
      .row {
        justify-content: flex-end;
        margin-block-start: 1rem;
      }
    `,
  ];

  constructor() {
    super();
    this.heading = "";
    this.action = "";
  }

  ask(): Promise<boolean> {
    this.#end(false);
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector("dialog") as HTMLDialogElement;
  }

  #end(yes: boolean): void {
    this.#answer?.(yes);
    this.#answer = undefined;
    if (this.#dialog.open) this.#dialog.close();
  }

  protected override render() {
    return html`<dialog aria-labelledby="heading" @close=${() => this.#end(false)}>
      <h2 id="heading">${this.heading}</h2>
      <slot></slot>
      <div class="row">
        <button type="button" autofocus @click=${() => this.#end(false)}>${deskTexts.cancel}</button>
        <button type="button" class="danger" @click=${() => this.#end(true)}>${this.action}</button>
      </div>
    </dialog>`;
  }
}

customElements.define("desk-confirm", DeskConfirm);
