/** One answer: its text with marks, its sources, how it ended, and what can be done with it. */
import { html, LitElement, nothing, type PropertyValues } from "lit";
import type { Mark } from "../reading/marks";
import { Pace } from "../reading/pace";
import { safeUrl } from "../reading/purify";
import { Reading } from "../reading/reading";
import { type Numbered, numberSources, pathOf, type Source, sourceAt } from "../reading/sources";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { icon, iconButton } from "../ui/icons";
import { theme } from "../ui/theme";
import { answerStyle } from "./answer-style";
import { copyCode, copyMarkdown, copyPlain } from "./copying";
import "./feedback";
import { lineStyle } from "./line-style";
import { Marks } from "./marks";
import { degradedLine, outcomeOf, progressLine } from "./notices";
import { readingStyle } from "./reading-style";
import { type Answer, isGoing } from "./transcript";

const FEW = 4;

/**
 * Events: "regenerate", "retry", "page" (`detail`: -1 or 1), "rate", "announce" (`detail`: words),
 * "carrel-source" and "carrel-source-leave" from its marks.
 */
export class CarrelAnswer extends LitElement {
  static override properties = {
    answer: { attribute: false },
    question: { attribute: false },
    nth: { type: Number },
    of: { type: Number },
    busy: { type: Boolean },
    all: { state: true },
  };
  static override styles = [theme, controls, lineStyle, answerStyle, readingStyle];
  declare answer: Answer;
  declare question: string;
  /** Which of how many answers to the same question this is; from 1. */
  declare nth: number;
  declare of: number;
  /** Whether another answer is on its way, so that none can be asked for. */
  declare busy: boolean;
  /** Whether all sources are listed. */
  declare all: boolean;
  private pace: Pace | undefined;
  private numbered: Numbered = { sources: [], numbers: [] };
  private readonly marks = new Marks(this, (citation, number) =>
    sourceAt(this.citations[citation], number, this.numbered),
  );

  constructor() {
    super();
    this.nth = 1;
    this.of = 1;
    this.busy = false;
    this.all = false;
  }

  /** While the text grows what stands below it would only be pushed around. */
  private get grows(): boolean {
    return isGoing(this.answer) || this.pace?.behind === true;
  }

  private get refused(): boolean {
    return this.answer.finishReason === "refused";
  }

  protected override willUpdate(changed: PropertyValues<this>) {
    if (!changed.has("answer")) return;
    const before = changed.get("answer") as Answer | undefined;
    if (before?.citations !== this.answer.citations) this.numbered = numberSources(this.citations);
  }

  /** What was not found has no sources, whatever was sent along. */
  private get citations() {
    return this.refused ? [] : this.answer.citations;
  }

  protected override render() {
    const { answer } = this;
    const { grows } = this;
    return html`<div class=${this.refused ? "refused" : ""} aria-busy=${grows}>
        ${this.refused ? html`<p class="head">${icon("none")}${texts.answer.refused}</p>` : nothing}
        ${grows && !answer.text ? this.progress() : nothing}
        <div class="text" ?hidden=${!answer.text} @click=${this.clicked} @mouseover=${this.marks.over} @mouseout=${this.marks.out}
          @focusin=${this.marks.focused} @focusout=${this.marks.out}></div>
      </div>
      ${this.outcome()} ${this.degraded()} ${this.sources()} ${grows ? nothing : this.tools()}`;
  }

  protected override updated(changed: PropertyValues<this>) {
    if (!changed.has("answer")) return;
    const root = this.renderRoot.querySelector(".text") as HTMLElement;
    this.pace ??= new Pace(new Reading(root, texts.answer), () => this.requestUpdate());
    const marksOf = (citation: number): Mark[] =>
      (this.numbered.numbers[citation] ?? []).map((number) => ({ number, label: this.labelOf(number) }));
    this.pace.update({
      text: this.answer.text,
      citations: this.citations,
      whole: !isGoing(this.answer),
      marksOf,
    });
  }

  private labelOf(number: number): string {
    const source = this.numbered.sources[number - 1];
    return texts.sources.source(number, source?.title || source?.document_id || "");
  }

  private progress() {
    const { answer } = this;
    const line = html`<p class="line progress">${progressLine(answer)}</p>`;
    // A question that stood alone was searched for as it is.
    const queries = answer.queries.filter((query) => query !== this.question);
    if (!queries.length || answer.status !== "running") return line;
    return html`${line}<p class="line" dir="auto">${texts.answer.searched(queries)}</p>`;
  }

  private outcome() {
    const outcome = outcomeOf(this.answer);
    if (!outcome) return nothing;
    return html`<p class="line ${outcome.bad ? "bad" : ""}">${icon("note")}<span dir="auto">${outcome.text}</span></p>
      ${
        outcome.retry
          ? html`<p class="line"><button class="outlined" type="button" ?disabled=${this.busy} @click=${() => this.tell("retry")}>
              ${icon("again")}${texts.chat.tryAgain}</button></p>`
          : nothing
      }`;
  }

  private degraded() {
    const line = degradedLine(this.answer.degraded);
    return line ? html`<p class="line">${icon("note")}<span dir="auto">${line}</span></p>` : nothing;
  }

  private sources() {
    const { sources } = this.numbered;
    if (!sources.length || this.grows) return nothing;
    const shown = this.all ? sources : sources.slice(0, FEW);
    return html`<section class="sources" aria-labelledby="sources">
      <h4 id="sources">${texts.sources.heading}</h4>
      <ol @mouseover=${this.marks.overSource} @mouseout=${this.marks.out}>${shown.map((source) => this.source(source))}</ol>
      ${
        shown.length < sources.length
          ? html`<button class="quiet" type="button" @click=${() => {
              this.all = true;
            }}>${texts.sources.more(sources.length)}</button>`
          : nothing
      }
    </section>`;
  }

  private source(source: Source) {
    const { number, title, document_id, url } = source;
    const path = pathOf(source);
    const name = html`<span class="number">${number}</span><span class="name" dir="auto">${title || document_id}${
      path ? html`<span class="path">${path}</span>` : nothing
    }</span>`;
    const address = safeUrl(url);
    return html`<li data-number=${number}>${
      address
        ? html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow">${name}</a>`
        : html`<div>${name}</div>`
    }</li>`;
  }

  private tools() {
    const { answer, busy } = this;
    const { copy, copyPlain: plain, regenerate, tools } = texts.answer;
    // Where "Try again" stands already, one way is enough.
    const again = outcomeOf(answer)?.retry ?? false;
    if (again && !answer.text && this.of < 2) return nothing;
    return html`<div class="tools" role="group" aria-label=${tools}>
      ${answer.text ? iconButton("copy", copy, () => this.copied(copyMarkdown(answer.text, this.citations))) : nothing}
      ${answer.text ? iconButton("text", plain, () => this.copied(copyPlain(this.renderRoot, this.numbered.sources))) : nothing}
      ${again ? nothing : iconButton("again", regenerate, () => this.tell("regenerate"), { disabled: busy })} ${this.pages()}
      ${
        answer.messageId && answer.status === "completed"
          ? html`<carrel-feedback .feedback=${answer.feedback} .key=${answer.key}></carrel-feedback>`
          : nothing
      }
    </div>`;
  }

  private pages() {
    if (this.of < 2) return nothing;
    const { nth, of } = this;
    const { previous, next } = texts.answer;
    return html`<span class="pages">
      ${iconButton("before", previous, () => this.tell("page", -1), { disabled: nth <= 1, size: 16 })}
      <bdi>${texts.answer.nth(nth, of)}</bdi>
      ${iconButton("after", next, () => this.tell("page", 1), { disabled: nth >= of, size: 16 })}
    </span>`;
  }

  private clicked = (event: Event) => {
    const code = (event.target as Element).closest(".copy-code");
    if (code) this.copied(copyCode(code));
    else this.marks.clicked(event);
  };

  private async copied(copying: Promise<boolean>) {
    this.tell("announce", (await copying) ? texts.answer.copied : texts.answer.notCopied);
  }

  private tell(type: string, detail?: unknown) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("carrel-answer", CarrelAnswer);
