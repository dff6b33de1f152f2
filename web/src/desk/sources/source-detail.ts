/** One data source: what it is, its archive, its job as it goes, its last report, and its removal. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { ago, dateTime, seconds } from "../format";
import type { DeskConfirm } from "../parts/confirm";
import { go, say } from "../parts/events";
import { Loading } from "../parts/loading";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { DataSource, IngestionJob } from "../wire";
import { followJob, isUnfinished } from "./jobs";
import "../parts/confirm";
import "./archive-upload";
import "./job-report";

const words = deskTexts.sources;

export class DeskSourceDetail extends LitElement {
  static override properties = {
    api: { attribute: false },
    sourceId: { attribute: false },
    job: { state: true },
    error: { state: true },
    keep: { state: true },
  };
  declare api: DeskApi;
  declare sourceId: string;
  declare job: IngestionJob | undefined;
  declare error: unknown;
  declare keep: boolean;
  #following: AbortController | undefined;
  readonly #source = new Loading<DataSource>(this, (signal) => this.api.dataSource(this.sourceId, signal));

  static override styles = [deskStyles];

  constructor() {
    super();
    this.keep = false;
  }

  protected override firstUpdated(): void {
    void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#following?.abort();
  }

  async #open(): Promise<void> {
    await this.#source.run();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("h2")?.focus();
    const last = this.#source.value?.last_job;
    if (last) await this.#attempt(async () => this.#follow(await this.api.job(last.id)));
  }

  /** Show a job, and what becomes of it. */
  async #follow(job: IngestionJob): Promise<void> {
    this.#following?.abort();
    this.job = job;
    if (!isUnfinished(job.status)) return;
    this.#following = new AbortController();
    const { signal } = this.#following;
    const end = await followJob(this.api, job.id, (progress) => (this.job = { ...job, ...progress }), signal);
    this.job = end;
    say(this, words.jobEnded(words.statuses[end.status], end.counts));
    await this.#source.run();
  }

  async #sync(full: boolean): Promise<void> {
    await this.#attempt(async () => {
      const job = await this.api.sync(this.sourceId, full);
      say(this, words.jobBegun);
      await this.#follow(job);
    });
  }

  async #cancel(): Promise<void> {
    const job = this.job;
    if (job) await this.#attempt(() => this.api.cancelJob(job.id));
  }

  async #remove(): Promise<void> {
    const question = this.renderRoot.querySelector("desk-confirm") as DeskConfirm;
    if (!(await question.ask())) return;
    await this.#attempt(async () => {
      await this.api.removeDataSource(this.sourceId, this.keep);
      say(this, words.removed);
      go(routeTo("sources"));
    });
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      // The view was left, or another job is followed by now.
      if (!(error instanceof DOMException && error.name === "AbortError")) this.error = error;
    }
  }

  protected override render() {
    const { value, busy, error } = this.#source;
    return html`<p><a href=${routeTo("sources")}>${words.back}</a></p>
      ${problemNote(error, () => void this.#open())}
      ${value ? this.#whole(value) : busy ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}`;
  }

  #whole(source: DataSource) {
    return html`<div class="row">
        <h2 tabindex="-1">${source.id}</h2>
        <span class="tag faint">${words.kinds[source.kind]}</span>
        <a class="button end" href=${routeTo("sources", source.id, "edit")}>${words.edit}</a>
      </div>
      ${this.#facts(source)}
      ${
        source.kind === "archive" && !source.url
          ? html`<desk-archive-upload .api=${this.api} .source=${source}
              @desk-uploaded=${() => this.#sync(false)}></desk-archive-upload>`
          : nothing
      }
      ${problemNote(this.error)} ${this.#syncing(source)}
      <h2>${words.removeTitle}</h2>
      <button class="danger" @click=${this.#remove}>${words.remove}</button>
      <desk-confirm .heading=${words.removeHeading(source.id)} .action=${words.remove}>
        <p>${words.removeText}</p>
        <label class="check">
          <input type="checkbox" .checked=${this.keep}
            @change=${(event: Event) => (this.keep = (event.target as HTMLInputElement).checked)} />
          ${words.keepDocuments}
        </label>
      </desk-confirm>`;
  }

  #syncing(source: DataSource) {
    const going = this.job !== undefined && isUnfinished(this.job.status);
    const ready = source.kind !== "archive" || source.url !== null || source.archive !== null;
    return html`<h2>${words.sync}</h2>
      <div class="row">
        ${
          going
            ? html`<button @click=${this.#cancel}>${words.cancelJob}</button>`
            : html`<button class="primary" ?disabled=${!ready} @click=${() => this.#sync(false)}>${words.syncNow}</button>
                <button ?disabled=${!ready} @click=${() => this.#sync(true)}>${words.syncFull}</button>`
        }
      </div>
      ${ready ? nothing : html`<p class="faint">${words.archiveFirst}</p>`}
      ${
        this.job
          ? html`<desk-job-report .job=${this.job}></desk-job-report>`
          : html`<p class="faint">${source.last_job ? deskTexts.loading : words.neverSyncedHelp}</p>`
      }`;
  }

  #facts(source: DataSource) {
    const fact = (name: string, value: unknown) =>
      value ? html`<dt>${name}</dt><dd>${value}</dd>` : nothing;
    const list = (values: string[]) =>
      values.length ? html`${values.map((value) => html`<div><code>${value}</code></div>`)}` : "";
    const labels = deskTexts.sourceForm.labels;
    return html`<dl class="pairs">
      ${fact(labels.url, source.url)}
      ${fact(labels.urls, source.urls.length ? words.pages(source.urls.length) : "")}
      ${fact(labels.include, list(source.include))} ${fact(labels.exclude, list(source.exclude))}
      ${fact(labels.hosts, list(source.hosts))}
      ${fact(labels.urlTemplate, source.url_template && html`<code>${source.url_template}</code>`)}
      ${fact(labels.interval, source.interval_s ? words.every(seconds(source.interval_s)) : words.byHand)}
      ${fact(words.next, source.next_sync_at && `${dateTime(source.next_sync_at)} (${ago(source.next_sync_at, Date.now())})`)}
    </dl>`;
  }
}

customElements.define("desk-source-detail", DeskSourceDetail);
