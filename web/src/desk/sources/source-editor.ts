/** The form of a data source, new or there already. */
import { css, html, LitElement, nothing } from "lit";
import { ProblemError } from "../../client/problem";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { seconds } from "../format";
import { go, say } from "../parts/events";
import { Loading } from "../parts/loading";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import { routeTo } from "../routes";
import type { SourceKind } from "../wire";
import {
  check,
  EMPTY,
  type FieldName,
  fieldNamed,
  fieldsOf,
  formOf,
  INTERVALS,
  idFrom,
  KINDS,
  requestOf,
  type SourceForm,
} from "./form";

const words = deskTexts.sourceForm;

export class DeskSourceEditor extends LitElement {
  static override properties = {
    api: { attribute: false },
    sourceId: { attribute: false },
    form: { state: true },
    wrong: { state: true },
    error: { state: true },
    busy: { state: true },
  };
  declare api: DeskApi;
  /** Empty for a new one. */
  declare sourceId: string;
  declare form: SourceForm;
  declare wrong: Partial<Record<FieldName, string>>;
  declare error: unknown;
  declare busy: boolean;
  readonly #source = new Loading<void>(this, async (signal) => {
    this.form = formOf(await this.api.dataSource(this.sourceId, signal));
  });

  static override styles = [
    deskStyles,
    css`
      form {
        display: grid;
        gap: 1rem;
        max-inline-size: 44rem;
      }
      textarea {
        min-block-size: 4.5rem;
        font-family: ui-monospace, monospace;
        font-size: 0.9rem;
      }
    `,
  ];

  constructor() {
    super();
    this.sourceId = "";
    this.form = EMPTY;
    this.wrong = {};
    this.busy = false;
  }

  protected override firstUpdated(): void {
    if (this.sourceId) void this.#source.run();
    this.renderRoot.querySelector<HTMLElement>("h2")?.focus();
  }

  #set(name: FieldName, value: string): void {
    const form = { ...this.form, [name]: value };
    // A name is proposed until the owner writes one.
    if (name === "url" && !this.sourceId && this.form.id === idFrom(this.form.url)) form.id = idFrom(value);
    this.form = form;
  }

  async #save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    this.error = undefined;
    const wrong = Object.entries(check(this.form)).map(([name, why]) => [name, words.wrong[why]]);
    this.wrong = Object.fromEntries(wrong);
    if (wrong.length === 0) await this.#put();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }

  async #put(): Promise<void> {
    this.busy = true;
    try {
      const { id } = await this.api.putDataSource(this.form.id, requestOf(this.form));
      say(this, words.saved);
      go(routeTo("sources", id, "show"));
    } catch (error) {
      this.error = error;
      this.wrong = refusedFields(error);
    } finally {
      this.busy = false;
    }
  }

  protected override render() {
    const { form } = this;
    const has = fieldsOf(form.kind);
    const back = this.sourceId ? routeTo("sources", this.sourceId, "show") : routeTo("sources");
    return html`<p><a href=${back}>${words.back}</a></p>
      <h2 tabindex="-1">${this.sourceId ? words.edit(this.sourceId) : words.add}</h2>
      ${problemNote(this.#source.error, () => void this.#source.run())}
      <form @submit=${this.#save} novalidate ?inert=${this.#source.busy}>
        ${this.#kinds()}
        ${has.has("url") ? this.#line("url", { placeholder: words.examples[form.kind], mode: "url" }) : nothing}
        ${has.has("urls") ? this.#area("urls") : nothing}
        ${this.sourceId ? nothing : this.#line("id")}
        ${this.#area("include", "/guide/**")} ${this.#area("exclude", "/guide/old/**")}
        ${has.has("hosts") ? this.#area("hosts") : nothing}
        ${has.has("urlTemplate") ? this.#line("urlTemplate", { placeholder: "https://docs.example.com/{stem}.html" }) : nothing}
        ${this.#intervals()} ${has.has("maxPages") ? this.#line("maxPages", { mode: "numeric" }) : nothing}
        ${problemNote(this.error)}
        <div class="row">
          <button class="primary" ?disabled=${this.busy}>${this.busy ? words.saving : words.save}</button>
          <a class="button" href=${back}>${deskTexts.cancel}</a>
        </div>
      </form>`;
  }

  #kinds() {
    return html`<fieldset>
      <legend>${words.kind}</legend>
      ${KINDS.map(
        (kind: SourceKind) => html`<label class="check">
          <input type="radio" name="kind" .checked=${this.form.kind === kind} @change=${() => this.#set("kind", kind)} />
          <span>${deskTexts.sources.kinds[kind]} <span class="faint small">${words.kindHelp[kind]}</span></span>
        </label>`,
      )}
    </fieldset>`;
  }

  #line(name: FieldName, { placeholder = "", mode = "text" } = {}) {
    return this.#field(
      name,
      html`<input id=${name} inputmode=${mode} spellcheck="false" autocomplete="off" placeholder=${placeholder}
        .value=${this.form[name]} aria-describedby=${`${name}-help`} aria-invalid=${this.wrong[name] ? "true" : "false"}
        @input=${(event: Event) => this.#set(name, (event.target as HTMLInputElement).value)} />`,
    );
  }

  #area(name: FieldName, placeholder = "") {
    return this.#field(
      name,
      html`<textarea id=${name} spellcheck="false" placeholder=${placeholder} .value=${this.form[name]}
        aria-describedby=${`${name}-help`} aria-invalid=${this.wrong[name] ? "true" : "false"}
        @input=${(event: Event) => this.#set(name, (event.target as HTMLTextAreaElement).value)}></textarea>`,
    );
  }

  #intervals() {
    const own =
      this.form.interval && !INTERVALS.includes(Number(this.form.interval))
        ? [Number(this.form.interval)]
        : [];
    return this.#field(
      "interval",
      html`<select id="interval" aria-describedby="interval-help" aria-invalid=${this.wrong.interval ? "true" : "false"}
        @change=${(event: Event) => this.#set("interval", (event.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${this.form.interval === ""}>${words.never}</option>
        ${[...own, ...INTERVALS].map(
          (interval) => html`<option value=${interval} ?selected=${Number(this.form.interval) === interval}>
            ${words.every(seconds(interval))}
          </option>`,
        )}
      </select>`,
    );
  }

  #help(name: FieldName): string {
    return name === "url" && this.form.kind === "archive" ? words.archiveUrlHelp : words.help[name];
  }

  #field(name: FieldName, control: unknown) {
    const wrong = this.wrong[name];
    return html`<div class="field">
      <label for=${name}>${words.labels[name]}</label>
      ${control}
      <p id=${`${name}-help`} class="small faint">
        ${wrong ? html`<strong class="bad">${wrong}</strong>` : nothing} ${this.#help(name)}
      </p>
    </div>`;
  }
}

function refusedFields(error: unknown): Partial<Record<FieldName, string>> {
  const fields = error instanceof ProblemError ? (error.problem.errors ?? []) : [];
  return Object.fromEntries(
    fields.flatMap(({ field, message }) => {
      const name = fieldNamed(field);
      return name ? [[name, message]] : [];
    }),
  );
}

customElements.define("desk-source-editor", DeskSourceEditor);
