/** The owner's desk: lets the owner in, and shows one view after the other. Each view fetches for itself. */
import { html, LitElement, nothing } from "lit";
import { adminKey, Http } from "../client/http";
import { deskTexts } from "../texts/desk";
import { DeskApi } from "./api";
import { Uploads } from "./documents/uploads";
import { deskFrame } from "./frame-styles";
import { icon } from "./parts/icons";
import { send } from "./parts/sending";
import { deskStyles } from "./parts/styles";
import { parseRoute, type Route, routeTo, VIEWS } from "./routes";
import { KeySession } from "./session";
import "./sign-in";
import "./documents/documents-view";
import "./sources/sources-view";
import "./search/search-view";
import "./health/health-view";
import "./usage/usage-view";
import "./insights/insights-view";

const words = deskTexts;

export class CarrelDesk extends LitElement {
  static override properties = {
    baseUrl: { attribute: "base-url" },
    route: { state: true },
    api: { state: true },
    refused: { state: true },
    said: { state: true },
  };
  declare baseUrl: string;
  declare route: Route;
  declare api: DeskApi | undefined;
  declare refused: boolean;
  declare said: string;
  #uploads: Uploads | undefined;
  readonly #session: KeySession;

  static override styles = [deskStyles, deskFrame];

  constructor(session = new KeySession()) {
    super();
    this.#session = session;
    this.baseUrl = "";
    this.route = parseRoute(location.hash);
    this.refused = false;
    this.said = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#moved);
    addEventListener("beforeunload", this.#leaving);
    if (this.#session.key) this.#open(this.#session.key);
    this.#entitle();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#moved);
    removeEventListener("beforeunload", this.#leaving);
  }

  #open(key: string): void {
    this.api = this.#apiOf(key);
    this.#uploads = new Uploads(this.api, send);
  }

  // A page that is left in the middle would end the uploads: the browser asks first.
  readonly #leaving = (event: BeforeUnloadEvent): void => {
    if (this.#uploads?.going) event.preventDefault();
  };

  /** The owner's calls with `key`; one that is no longer taken ends the session. */
  #apiOf(key: string): DeskApi {
    const credentials = async (refused?: Record<string, string>) => {
      if (refused && this.api?.key === key) this.#signOut(true);
      return adminKey(key)();
    };
    return new DeskApi(new Http({ baseUrl: this.#base, credentials }), key);
  }

  get #base(): URL {
    return new URL(this.baseUrl || ".", document.baseURI);
  }

  #signIn(event: CustomEvent<{ key: string; keep: boolean }>): void {
    this.#session.keep(event.detail.key, event.detail.keep);
    this.#open(event.detail.key);
    this.refused = false;
    this.#show();
  }

  #signOut(refused: boolean): void {
    this.#session.forget();
    this.#uploads?.cancel();
    this.api = undefined;
    this.refused = refused;
    this.#entitle();
  }

  readonly #moved = (): void => {
    const before = this.route;
    this.route = parseRoute(location.hash);
    // Within a view what was in sight stays; a view says itself what it moves the focus to.
    if (before.view !== this.route.view) this.#show();
    else this.#entitle();
  };

  #show(): void {
    this.#entitle();
    void this.updateComplete.then(() => {
      // The heading is the first of the view: it comes into sight with the focus.
      this.renderRoot.querySelector<HTMLElement>("h1")?.focus();
    });
  }

  #entitle(): void {
    document.title = this.api ? `${words.views[this.route.view]} – ${words.title}` : words.title;
  }

  #say(event: CustomEvent<string>): void {
    // The same words again are no change, and would not be read.
    this.said = this.said === event.detail ? `${event.detail}\u00a0` : event.detail;
  }

  protected override render() {
    return html`${this.api ? this.#desk(this.api) : this.#door()}
      <div class="unseen" role="status">${this.said}</div>`;
  }

  #door() {
    return html`<main class="door">
      <desk-sign-in
        .check=${(key: string) => new DeskApi(this.#unattended(key), key).index()}
        ?refused=${this.refused}
        @desk-signed-in=${this.#signIn}
      ></desk-sign-in>
    </main>`;
  }

  #unattended(key: string): Http {
    return new Http({ baseUrl: this.#base, credentials: adminKey(key) });
  }

  #desk(api: DeskApi) {
    return html`<header>
        <button type="button" class="skip" @click=${this.#skip}>${words.skip}</button>
        <p class="brand">Carrel</p>
        <button type="button" class="quiet" @click=${() => this.#signOut(false)}>${words.signOut}</button>
      </header>
      <nav aria-label=${words.navigation}>
        <ul class="plain">
          ${VIEWS.map(
            (view) => html`<li>
              <a href=${routeTo(view)} aria-current=${this.route.view === view ? "page" : nothing}>
                ${icon(view)}<span>${words.views[view]}</span>
              </a>
            </li>`,
          )}
        </ul>
      </nav>
      <main @desk-say=${this.#say}>
        <div class="page">
          <h1 tabindex="-1">${words.views[this.route.view]}</h1>
          ${this.#view(api)}
        </div>
      </main>`;
  }

  #skip(): void {
    this.renderRoot.querySelector<HTMLElement>("h1")?.focus();
  }

  #view(api: DeskApi) {
    const path = this.route.path;
    switch (this.route.view) {
      case "documents":
        return html`<desk-documents .api=${api} .uploads=${this.#uploads} .path=${path}></desk-documents>`;
      case "sources":
        return html`<desk-sources .api=${api} .path=${path}></desk-sources>`;
      case "search":
        return html`<desk-search .api=${api}></desk-search>`;
      case "health":
        return html`<desk-health .api=${api}></desk-health>`;
      case "usage":
        return html`<desk-usage .api=${api}></desk-usage>`;
      case "insights":
        return html`<desk-insights .api=${api} .path=${path}></desk-insights>`;
    }
  }
}

customElements.define("carrel-desk", CarrelDesk);
