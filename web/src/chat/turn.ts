/** One question and its answers, as a part of the conversation's page. */
import { html, nothing } from "lit";
import { texts } from "../texts";
import "./answer";
import type { Rated } from "./feedback";
import type { Answer, Turn } from "./transcript";

export interface TurnActs {
  regenerate(turn: Turn): void;
  retry(turn: Turn, answer: Answer): void;
  page(turn: Turn, to: number): void;
  rate(answer: Answer, rated: Rated): void;
}

/** `shown` is which answer (from 0) is to be seen; `busy`: another answer is on its way. */
export function turnView(turn: Turn, shown: number, busy: boolean, acts: TurnActs) {
  const answer = turn.answers[shown];
  return html`<article class="turn" tabindex="-1">
    <h2 class="question"><span class="unseen">${texts.answer.question}: </span>${
      turn.about ? html`<q class="about" dir="auto">${turn.about}</q>` : nothing
    }<span dir="auto">${turn.question}</span></h2>
    ${
      answer
        ? html`<h3 class="unseen">${texts.answer.answer}</h3>
          <carrel-answer .answer=${answer} .question=${turn.question} .nth=${shown + 1} .of=${turn.answers.length} .busy=${busy}
            @regenerate=${() => acts.regenerate(turn)} @retry=${() => acts.retry(turn, answer)}
            @page=${(event: CustomEvent<number>) => acts.page(turn, shown + event.detail)}
            @rate=${(event: CustomEvent<Rated>) => acts.rate(answer, event.detail)}></carrel-answer>`
        : nothing
    }
  </article>`;
}
