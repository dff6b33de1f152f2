/** The month's paid calls: how many there were, what is left, what goes on. */
import { css, html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { number, percent } from "../format";
import { bar } from "../parts/bar";
import { Loading } from "../parts/loading";
import { Polling } from "../parts/polling";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import type { UsageReport } from "../wire";
import { DUTIES, ended, tokens, usedShare } from "./budget";

const words = deskTexts.usage;
const EVERY_MS = 15_000;

export class DeskUsage extends LitElement {
  static override properties = { api: { attribute: false } };
  declare api: DeskApi;
  readonly #usage = new Loading<UsageReport>(this, (signal) => this.api.usage(signal));

  static override styles = [
    deskStyles,
    css`
      .limit {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        margin-block: 0.75rem 0.15rem;
      }
    `,
  ];

  constructor() {
    super();
    new Polling(
      this,
      async () => {
        await this.updateComplete; // the api is there by then
        await this.#usage.run();
      },
      () => EVERY_MS,
    );
  }

  protected override render() {
    const { value, error } = this.#usage;
    return html`${problemNote(error)}
      ${value ? this.#whole(value) : error ? nothing : html`<p class="faint">${deskTexts.loading}</p>`}`;
  }

  #whole(report: UsageReport) {
    const off = ended(report);
    return html`<p class="lead">${words.text(report.month)}</p>
      ${
        off.length
          ? html`<p class="note warn">${words.off} ${off.map((duty) => words.duties[duty][0]).join(", ")}.</p>`
          : nothing
      }
      <div class="sheet">
        <dl class="figures">
          ${this.#figure(words.calls, report.calls)} ${this.#figure(words.read, report.input_tokens)}
          ${this.#figure(words.written, report.output_tokens)} ${this.#figure(words.embedded, report.embedding_tokens)}
          ${this.#figure(words.searchUnits, report.search_units)}
        </dl>
        ${this.#limit(words.callLimit, report.calls, report.limit)}
        ${this.#limit(words.tokenLimit, tokens(report), report.token_limit)}
        ${report.limit === null && report.token_limit === null ? html`<p>${words.noLimit}</p>` : nothing}
      </div>
      <h2>${words.goesOn}</h2>
      <p class="faint">${words.goesOnText}</p>
      ${this.#duties(report)}
      ${report.calls === 0 ? html`<p class="faint">${words.nothingYet}</p>` : nothing}`;
  }

  #figure(name: string, value: number) {
    return html`<div><dt>${name}</dt><dd>${number(value)}</dd></div>`;
  }

  #limit(name: string, used: number, limit: number | null) {
    if (limit === null) return nothing;
    const share = used / Math.max(limit, 1);
    return html`<div class="limit">
        <span>${name}</span><span>${words.of(number(used), number(limit), percent(share))}</span>
      </div>
      ${bar(share)}`;
  }

  #duties(report: UsageReport) {
    const limited = usedShare(report) !== undefined;
    return html`<div class="scroll" role="region" aria-label=${words.goesOn} tabindex="0"><table>
      <thead><tr><th scope="col">${words.duty}</th><th scope="col">${words.now}</th>
        <th scope="col">${words.ends}</th><th scope="col">${words.instead}</th></tr></thead>
      <tbody>${DUTIES.map(
        ([duty, at]) => html`<tr>
          <th scope="row">${words.duties[duty][0]}</th>
          <td class=${report[duty] ? "good" : "bad"}>${report[duty] ? words.on : words.offNow}</td>
          <td>${limited ? percent(at) : words.never}</td>
          <td class="faint">${words.duties[duty][1]}</td>
        </tr>`,
      )}</tbody>
    </table></div>`;
  }
}

customElements.define("desk-usage", DeskUsage);
