/** One question and its answers, as a part of the conversation's page. */
import { html, nothing } from "lit";
import { texts } from "../texts";
import type { Rated } from "./feedback";
import type { Later } from "./later";
import type { Answer, Turn } from "./transcript";
import { standInView } from "./views";

export interface TurnActs {
  regenerate(turn: Turn): void;
  retry(turn: Turn, answer: Answer): void;
  page(turn: Turn, to: number): void;
  rate(answer: Answer, rated: Rated): void;
}

export interface TurnSeen {
  /** Which answer (from 0) is to be seen. */
  shown: number;
  /** Whether another answer is on its way. */
  busy: boolean;
  /** What shows answers: until it is here, a line stands in their places. */
  answering: Later;
}

export function turnView(turn: Turn, { shown, busy, answering }: TurnSeen, acts: TurnActs) {
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
            @rate=${(event: CustomEvent<Rated>) => acts.rate(answer, event.detail)}>${
              answering.here ? nothing : standInView(answer, answering)
            }</carrel-answer>`
        : nothing
    }
  </article>`;
}
