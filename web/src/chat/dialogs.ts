/** The chat's dialogs: what is asked before something is gone for good, and the list of keys. */
import { css, html, LitElement } from "lit";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import "../ui/dialog";
import type { CarrelDialog } from "../ui/dialog";
import { theme } from "../ui/theme";

interface Question {
  title: string;
  text: string;
  /** What the button that does it says. */
  act: string;
}

export class CarrelDialogs extends LitElement {
  static override properties = { question: { state: true } };
  static override styles = [
    theme,
    controls,
    css`
      :host {
        background: none;
      }

      p {
        margin: 0;
        overflow-wrap: anywhere;
      }

      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 0.5rem 1rem;
        margin: 0.75rem 0 1rem;
      }

      dd {
        margin: 0;
      }

      kbd {
        padding: 0.125rem 0.375rem;
        border: 1px solid var(--line);
        border-block-end-width: 2px;
        border-radius: 0.375rem;
        font: inherit;
        font-size: 0.875rem;
      }
    `,
  ];
  declare question: Question;
  private answer: ((yes: boolean) => void) | undefined;

  constructor() {
    super();
    this.question = { title: "", text: "", act: "" };
  }

  /** Ask before something is done; anything but its button means no. */
  async confirm(question: Question): Promise<boolean> {
    this.question = question;
    await this.updateComplete;
    await this.dialog("ask").show();
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  keys(): Promise<void> {
    return this.dialog("keys").show();
  }

  protected override render() {
    const { title, text, act } = this.question;
    const { keyboard, conversations } = texts;
    return html`<carrel-dialog id="ask" .heading=${title} @closed=${() => this.settle(false)}>
        <p dir="auto">${text}</p>
        <button slot="buttons" class="outlined" type="button" @click=${() => this.dialog("ask").close()}>${conversations.cancel}</button>
        <button slot="buttons" class="filled bad" type="button" @click=${() => this.settle(true)}>${act}</button>
      </carrel-dialog>
      <carrel-dialog id="keys" .heading=${keyboard.title}>
        <dl>${keyboard.keys.map(([key, text]) => html`<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`)}</dl>
        <p>${keyboard.note}</p>
        <button slot="buttons" class="outlined" type="button" @click=${() => this.dialog("keys").close()}>${keyboard.close}</button>
      </carrel-dialog>`;
  }

  private dialog(id: string): CarrelDialog {
    return this.renderRoot.querySelector(`#${id}`) as CarrelDialog;
  }

  private settle(yes: boolean) {
    const { answer } = this;
    this.answer = undefined;
    this.dialog("ask").close();
    answer?.(yes);
  }
}

customElements.define("carrel-dialogs", CarrelDialogs);
