/** How many questions came to what, day by day, and on which pages answers are lacking. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { day, number, percent } from "../format";
import { Loading } from "../parts/loading";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { Counts, Gaps, PageCount } from "../wire";
import { pageLink } from "./asked";
import type { Scope } from "./insights-view";
import { countsOver, type Point } from "./series";
import "../charts/count-bars";
import "../charts/stacked-chart";

const words = deskTexts.insights;
const SERIES = ["answered", "weak", "unanswered", "failed"] as const;

export class DeskInsightsOverview extends LitElement {
  static override properties = { api: { attribute: false }, scope: { attribute: false } };
  declare api: DeskApi;
  declare scope: Scope;
  readonly #series = new Loading<Point[]>(this, (signal) =>
    countsOver(this.api, this.scope, this.scope.pageUrl, signal),
  );
  readonly #gaps = new Loading<Gaps>(this, (signal) => {
    const { pageUrl, since, until } = this.scope;
    return this.api.gaps({ since, until, limit: 1, ...(pageUrl && { page_url: pageUrl }) }, signal);
  });

  static override styles = [deskStyles];

  protected override firstUpdated(): void {
    this.#load();
  }

  #load(): void {
    void this.#series.run();
    void this.#gaps.run();
  }

  protected override render() {
    const { value, error, busy } = this.#series;
    return html`${problemNote(error, () => this.#load())}
      ${busy && !value ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}
      ${value ? this.#counts(value) : nothing} ${problemNote(this.#gaps.error)}
      ${this.#gaps.value?.pages.length ? this.#pages(this.#gaps.value.pages) : nothing}`;
  }

  #counts(points: Point[]) {
    const total = sum(points);
    if (total.asked === 0) return html`<p class="empty">${words.none}</p>`;
    const share = (name: keyof Counts) =>
      words.share(number(total[name]), percent(total[name] / total.asked));
    return html`<dl class="figures">
        <div><dt>${words.asked}</dt><dd>${number(total.asked)}</dd></div>
        ${SERIES.map((name) => html`<div><dt>${words.outcomes[name]}</dt><dd>${share(name)}</dd></div>`)}
        <div><dt>${words.downVoted}</dt><dd>${share("down_voted")}</dd></div>
      </dl>
      <desk-stacked-chart
        .heading=${words.chart}
        .summary=${words.chartText(number(total.asked), busiest(points))}
        .unit=${words.from}
        .labels=${points.map(({ since }) => day(since))}
        .series=${SERIES.map((name) => ({
          name: words.outcomes[name],
          values: points.map(({ counts }) => counts[name]),
        }))}
      ></desk-stacked-chart>
      ${total.unanswered + total.weak + total.down_voted > 0 ? html`<p><a href=${routeTo("insights", "gaps")}>${words.toGaps}</a></p>` : nothing}`;
  }

  #pages(pages: PageCount[]) {
    return html`<h2>${words.pages}</h2>
      <p class="faint">${words.pagesText}</p>
      <div class="sheet">
        <desk-count-bars
          .counts=${pages.map(({ page_url, count }) => ({ label: pageLink(page_url), count }))}
        ></desk-count-bars>
      </div>`;
  }
}

function sum(points: readonly Point[]): Counts {
  const names = ["asked", "down_voted", "answered", "weak", "unanswered", "failed", "running"] as const;
  const totals = names.map((name) => [name, points.reduce((total, { counts }) => total + counts[name], 0)]);
  return Object.fromEntries(totals) as Counts;
}

function busiest(points: readonly Point[]): string {
  const most = points.reduce((best, point) => (point.counts.asked > best.counts.asked ? point : best));
  return words.busiest(day(most.since), number(most.counts.asked));
}

customElements.define("desk-insights-overview", DeskInsightsOverview);
