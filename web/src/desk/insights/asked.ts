/** How one question is shown, wherever it is listed. */
import { html, nothing, type TemplateResult } from "lit";
import { deskTexts } from "../../texts/desk";
import { dateTime } from "../format";
import { webAddress } from "../parts/addresses";
import type { AskedQuestion, Outcome } from "../wire";

const words = deskTexts.insights;
const LOOKS: Record<Outcome, string> = {
  ...{ answered: "good", weak: "warn", unanswered: "bad", failed: "bad", running: "faint" },
};

export function askedQuestion(asked: AskedQuestion): TemplateResult {
  return html`<div class="text" dir="auto"><strong>${asked.question}</strong></div>
    <div class="row small">
      <span class="tag ${LOOKS[asked.outcome]}">${words.outcomes[asked.outcome]}</span>
      ${asked.rating ? html`<span class="tag ${asked.rating === "down" ? "bad" : "good"}">${words.ratings[asked.rating]}</span>` : nothing}
      ${asked.degraded.length ? html`<span class="warn">${words.degraded(asked.degraded.join(", "))}</span>` : nothing}
      <span class="faint">${dateTime(asked.asked_at)}</span>
      ${asked.page_url ? pageLink(asked.page_url, asked.page_title) : nothing}
    </div>
    ${asked.comment ? html`<blockquote class="text" dir="auto">${asked.comment}</blockquote>` : nothing}`;
}

export function pageLink(url: string, title = ""): TemplateResult {
  const address = webAddress(url);
  if (!address) return html`<bdi>${title || url}</bdi>`;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer nofollow"><bdi>${title || url}</bdi></a>`;
}
