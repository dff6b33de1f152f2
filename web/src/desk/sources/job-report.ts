/** An ingestion job: how far it is, or what it came to, with what changed and why something failed. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import { ago, number } from "../format";
import { webAddress } from "../parts/addresses";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { IngestionJob, JobCounts, PageChange, PageFailure } from "../wire";
import { byReason, isUnfinished, settled } from "./jobs";

const words = deskTexts.jobs;
const COUNTS: (keyof JobCounts)[] = [
  "found",
  "fetched",
  "embedded",
  "unchanged",
  "removed",
  "failed",
  "passed_over",
];
const SHOWN = 50;

export class DeskJobReport extends LitElement {
  static override properties = { job: { attribute: false } };
  declare job: IngestionJob;

  static override styles = [deskStyles];

  protected override render() {
    const { job } = this;
    const going = isUnfinished(job.status);
    const when = job.finished_at ?? job.started_at ?? job.created_at;
    return html`<div class="sheet">
      <div class="row">
        <span class="tag ${deskTexts.sources.looks[job.status]}">${deskTexts.sources.statuses[job.status]}</span>
        <span class="faint small">${going ? words.begun(ago(when, Date.now())) : words.ended(ago(when, Date.now()))}
          · ${words.triggers[job.trigger]}${job.full ? ` · ${words.full}` : ""}</span>
      </div>
      ${job.reason ? html`<p class="note bad">${job.reason}</p>` : nothing} ${going ? this.#progress(job) : nothing}
      <dl class="figures">
        ${COUNTS.map(
          (name) => html`<div>
            <dt>${words.counts[name]}</dt>
            <dd class=${name === "failed" && job.counts.failed ? "bad" : ""}>${number(job.counts[name])}</dd>
          </div>`,
        )}
      </dl>
      ${this.#failures(job)} ${this.#changes(job)}
    </div>`;
  }

  #progress(job: IngestionJob) {
    const done = settled(job.counts);
    // Until the lists are read nobody knows how much there is: a bar without a value.
    return job.counts.found
      ? html`<progress aria-label=${words.progress} max=${job.counts.found} .value=${done}></progress>`
      : html`<progress aria-label=${words.progress}></progress>`;
  }

  #failures(job: IngestionJob) {
    if (job.failures.length === 0) return nothing;
    return html`<h3>${words.failures}</h3>
      ${byReason(job.failures).map(
        ([reason, pages]) => html`<details ?open=${pages.length <= 3}>
          <summary><span class="bad">${reason}</span> (${number(pages.length)})</summary>
          <ul>${pages.slice(0, SHOWN).map((page) => html`<li>${this.#page(page)}</li>`)}</ul>
          ${pages.length > SHOWN ? html`<p class="faint">${deskTexts.andMore(pages.length - SHOWN)}</p>` : nothing}
        </details>`,
      )}`;
  }

  #changes(job: IngestionJob) {
    const kinds = ["added", "replaced", "removed"] as const;
    return kinds.map((kind) => {
      const changes = job.changes.filter(({ change }) => change === kind);
      if (changes.length === 0) return nothing;
      return html`<details>
        <summary>${words.changes[kind](number(changes.length))}</summary>
        <ul>${changes.slice(0, SHOWN).map((change) => html`<li>${this.#document(change)}</li>`)}</ul>
        ${changes.length > SHOWN ? html`<p class="faint">${deskTexts.andMore(changes.length - SHOWN)}</p>` : nothing}
      </details>`;
    });
  }

  #page({ url }: PageFailure) {
    const address = webAddress(url);
    return address
      ? html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow">${url}</a>`
      : html`<bdi>${url}</bdi>`;
  }

  #document({ change, document_id, url }: PageChange) {
    if (change === "removed") return html`<bdi>${url || document_id}</bdi>`;
    return html`<a href=${routeTo("documents", document_id)}><bdi>${url || document_id}</bdi></a>`;
  }
}

customElements.define("desk-job-report", DeskJobReport);
