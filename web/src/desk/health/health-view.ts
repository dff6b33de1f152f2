/** Health of every part, asked again and again while it is looked at; and the index. */
import { css, html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { milliseconds, seconds } from "../format";
import { say } from "../parts/events";
import { Loading } from "../parts/loading";
import { Polling } from "../parts/polling";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import type { OverallHealth, ServiceHealth, Status } from "../wire";
import "./index-panel";

const words = deskTexts.health;
const EVERY_MS = 4000;
const LOOKS: Record<Status, string> = { ok: "good", degraded: "warn", down: "bad" };

export class DeskHealth extends LitElement {
  static override properties = { api: { attribute: false } };
  declare api: DeskApi;
  #before: Status | undefined;
  readonly #health = new Loading<OverallHealth>(this, (signal) => this.api.health(signal));

  static override styles = [
    deskStyles,
    css`
      .status {
        font-size: 1.15rem;
        font-weight: 600;
      }
      .sheet h3 {
        margin: 0;
      }
      .checks li {
        display: grid;
        grid-template-columns: 6.5rem 5.5rem minmax(0, 1fr);
        gap: 0.25rem 0.75rem;
        padding-block: 0.3rem;
      }
      .checks span {
        overflow-wrap: anywhere;
      }
      @media (width < 30rem) {
        .checks li {
          grid-template-columns: 1fr auto;
        }
        .checks li > :last-child {
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Polling(
      this,
      () => this.#look(),
      () => EVERY_MS,
    );
  }

  async #look(): Promise<void> {
    await this.updateComplete; // the api is there by then
    await this.#health.run();
    const status = this.#health.value?.status;
    if (status && this.#before && status !== this.#before) say(this, words.overall[status]);
    this.#before = status;
  }

  protected override render() {
    const { value, error } = this.#health;
    return html`${problemNote(error)}
      ${value ? this.#whole(value) : error ? nothing : html`<p class="faint">${deskTexts.loading}</p>`}
      <desk-index-panel .api=${this.api}></desk-index-panel>`;
  }

  #whole({ status, version, uptime_s, services }: OverallHealth) {
    return html`<p class="status ${LOOKS[status]}">${words.overall[status]}</p>
      <p class="faint small">${words.version(version)} · ${words.up(seconds(uptime_s))} · ${words.fresh}</p>
      <h2>${words.parts}</h2>
      ${Object.entries(services).map(([name, service]) => this.#service(name, service))}`;
  }

  #service(name: string, { status, latency_ms, checks, detail }: ServiceHealth) {
    const known: Record<string, string> = words.services;
    return html`<section class="sheet" aria-label=${known[name] ?? name}>
      <div class="row">
        <h3>${known[name] ?? name}</h3>
        <span class="tag ${LOOKS[status]}">${words.statuses[status]}</span>
        <span class="faint small end">${words.latency(milliseconds(latency_ms))}</span>
      </div>
      ${detail ? html`<p>${detail}</p>` : nothing}
      <ul class="plain checks">
        ${Object.entries(checks).map(
          ([what, check]) => html`<li>
            <span>${what}</span>
            <span class=${LOOKS[check.status]}>${words.statuses[check.status]}</span>
            <span class="faint small">${check.detail}</span>
          </li>`,
        )}
      </ul>
    </section>`;
  }
}

customElements.define("desk-health", DeskHealth);
