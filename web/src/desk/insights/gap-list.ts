/** What the documents lack: questions without a good answer, those that say alike together. */
import { html, LitElement, nothing } from "lit";
import { deskTexts } from "../../texts/desk";
import type { DeskApi } from "../api";
import { ago, number } from "../format";
import { moreButton, Paging } from "../parts/paging";
import { problemNote } from "../parts/problem";
import { deskStyles } from "../parts/styles";
import type { Gap, GapGroup, Gaps } from "../wire";
import { askedQuestion, pageLink } from "./asked";
import type { Scope } from "./insights-view";

const words = deskTexts.insights;
const KINDS: readonly Gap[] = ["unanswered", "weak", "down_voted"];

export class DeskGapList extends LitElement {
  static override properties = { api: { attribute: false }, scope: { attribute: false } };
  declare api: DeskApi;
  declare scope: Scope;
  readonly #list = new Paging<Gaps>(this, (signal, from) => {
    const { since, until, pageUrl } = this.scope;
    return this.api.gaps({ since, until, ...(pageUrl && { page_url: pageUrl }), ...from }, signal);
  });

  static override styles = [deskStyles];

  protected override firstUpdated(): void {
    void this.#list.first();
  }

  protected override render() {
    const { value, error, busy } = this.#list;
    return html`<p class="faint">${words.gapsText}</p>
      ${problemNote(error, () => void this.#list.first())}
      ${busy && !value ? html`<p class="faint">${deskTexts.loading}</p>` : nothing}
      ${value ? this.#whole(value) : nothing}
      ${moreButton(this.#list, () => this.renderRoot.querySelectorAll(".groups > li"))}`;
  }

  #whole(gaps: Gaps) {
    if (gaps.items.length === 0) return html`<p class="empty">${words.noGaps}</p>`;
    return html`<p>${words.gapCount(gaps.questions, number(gaps.questions))}</p>
      ${gaps.truncated ? html`<p class="note warn">${words.truncated}</p>` : nothing}
      ${gaps.degraded.length ? html`<p class="note warn">${words.ungrouped}</p>` : nothing}
      <ol class="plain groups">${gaps.items.map((group) => this.#group(group))}</ol>`;
  }

  #group(group: GapGroup) {
    return html`<li class="sheet" tabindex="-1">
      <div class="text" dir="auto"><strong>${group.question}</strong></div>
      <div class="row small">
        <span>${words.times(group.count, number(group.count))}</span>
        ${KINDS.filter((kind) => group.kinds[kind]).map(
          (kind) =>
            html`<span class="tag ${kind === "weak" ? "warn" : "bad"}">${words.gapKinds[kind]}: ${number(group.kinds[kind] ?? 0)}</span>`,
        )}
        <span class="faint">${words.lastAsked(ago(group.last_asked_at, Date.now()))}</span>
      </div>
      <details>
        <summary>${words.examples}</summary>
        <ul class="plain list">${group.examples.map((asked) => html`<li>${askedQuestion(asked)}</li>`)}</ul>
        ${
          group.pages.length
            ? html`<p class="small faint">${words.askedOn}</p>
                <ul>${group.pages.map(({ page_url, count }) => html`<li>${pageLink(page_url)} (${number(count)})</li>`)}</ul>`
            : nothing
        }
      </details>
    </li>`;
  }
}

customElements.define("desk-gap-list", DeskGapList);
