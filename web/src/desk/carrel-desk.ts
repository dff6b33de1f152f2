/** The owner's desk: documents, data sources, search, health, usage, insights. */
import { html, LitElement } from "lit";
import { texts } from "../texts";
import { theme } from "../ui/theme";

export class CarrelDesk extends LitElement {
  static override styles = [theme];

  protected override render() {
    return html`<main><h1>${texts.desk.title}</h1></main>`;
  }
}

customElements.define("carrel-desk", CarrelDesk);
