/** The chat element: everything between a question and an answer that one reads. */
import { html, LitElement } from "lit";
import { texts } from "../texts";
import { theme } from "../ui/theme";

export class CarrelChat extends LitElement {
  static override styles = [theme];

  protected override render() {
    return html`<main><h1>${texts.chat.title}</h1><p>${texts.chat.welcome}</p></main>`;
  }
}

customElements.define("carrel-chat", CarrelChat);
