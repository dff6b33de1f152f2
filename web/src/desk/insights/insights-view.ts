/** Insights: of which time and page, and the four things that are told of it. */
import { css, html, LitElement, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import { fromDays, lastDays, PERIODS, type Period, type Span } from "./periods";
import "./gap-list";
import "./overview";
import "./question-list";

const words = deskTexts.insights;
const TABS = ["overview", "gaps", "questions", "feedback"] as const;
type Tab = (typeof TABS)[number];

/** What every part is asked for. */
export interface Scope extends Span {
  pageUrl: string;
}

export class DeskInsights extends LitElement {
  static override properties = {
    api: { attribute: false },
    path: { attribute: false },
    period: { state: true },
    scope: { state: true },
    wrong: { state: true },
  };
  declare api: DeskApi;
  declare path: string[];
  declare period: Period;
  declare scope: Scope;
  declare wrong: string;

  static override styles = [
    deskStyles,
    css`
      .tabs {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem 1.25rem;
        border-block-end: 1px solid var(--line);
        margin-block: 1rem;
      }
      .tabs a {
        padding: 0.4rem 0.1rem;
        text-decoration: none;
        color: inherit;
        border-block-end: 3px solid transparent;
        margin-block-end: -1px;
      }
      .tabs a[aria-current] {
        color: var(--accent);
        border-color: var(--accent);
        font-weight: 600;
      }
      form.row {
        align-items: end;
      }
    `,
  ];

  constructor() {
    super();
    this.path = [];
    this.period = "30";
    this.scope = { ...lastDays(30, new Date()), pageUrl: "" };
    this.wrong = "";
  }

  #choose(event: Event): void {
    this.period = (event.target as HTMLSelectElement).value as Period;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    const span =
      this.period === "custom"
        ? fromDays(said("first"), said("last"))
        : lastDays(Number(this.period), new Date());
    this.wrong = span ? "" : words.wrongDays;
    if (span) this.scope = { ...span, pageUrl: said("page").replace(/[?#].*$/, "") };
  }

  protected override render() {
    const tab = TABS.find((known) => known === this.path[0]) ?? "overview";
    return html`<p class="lead">${words.text}</p>
      ${this.#filters()}
      <nav class="tabs" aria-label=${words.tabsLabel}>
        ${TABS.map(
          (one) =>
            html`<a href=${routeTo("insights", one)} aria-current=${one === tab ? "page" : nothing}>${words.tabs[one]}</a>`,
        )}
      </nav>
      ${keyed(this.scope, this.#tab(tab))}`;
  }

  #filters() {
    return html`<form class="row" @submit=${this.#submit}>
      <div class="field">
        <label for="period">${words.period}</label>
        <select id="period" @change=${this.#choose}>
          ${[...PERIODS, "custom" as const].map(
            (one) => html`<option value=${one} ?selected=${one === this.period}>
              ${one === "custom" ? words.custom : words.lastDays(Number(one))}
            </option>`,
          )}
        </select>
      </div>
      ${
        this.period === "custom"
          ? html`<div class="field"><label for="first">${words.first}</label><input id="first" name="first" type="date" /></div>
              <div class="field"><label for="last">${words.last}</label><input id="last" name="last" type="date" /></div>`
          : nothing
      }
      <div class="field grow">
        <label for="page">${words.page}</label>
        <input id="page" name="page" inputmode="url" maxlength="600" spellcheck="false"
          placeholder="https://docs.example.com/guide" .value=${this.scope.pageUrl} />
      </div>
      <button>${words.show}</button>
      ${this.wrong ? html`<p class="bad" role="alert">${this.wrong}</p>` : nothing}
    </form>`;
  }

  #tab(tab: Tab) {
    const { api, scope } = this;
    switch (tab) {
      case "overview":
        return html`<desk-insights-overview .api=${api} .scope=${scope}></desk-insights-overview>`;
      case "gaps":
        return html`<desk-gap-list .api=${api} .scope=${scope}></desk-gap-list>`;
      case "questions":
        return html`<desk-question-list .api=${api} .scope=${scope}></desk-question-list>`;
      case "feedback":
        return html`<desk-question-list .api=${api} .scope=${scope} rated></desk-question-list>`;
    }
  }
}

customElements.define("desk-insights", DeskInsights);
