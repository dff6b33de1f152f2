/** What a reader does with answers, and which of several they see. */
import { texts } from "../texts";
import type { Rated } from "./feedback";
import type { Talk } from "./talk";
import type { Answer, Turn } from "./transcript";
import type { TurnActs } from "./turn";

export interface AnswersHost {
  readonly talk: Talk;
  requestUpdate(): void;
  say(words: string): void;
}

export class AnswerActs implements TurnActs {
  /** Answers by their questions, where one was chosen; else the latest is seen. */
  private readonly chosen = new Map<string, string>();

  constructor(private readonly host: AnswersHost) {}

  /** Which of a question's answers is seen, from 0. */
  shownOf({ key, answers }: Turn): number {
    const chosen = answers.findIndex((answer) => answer.key === this.chosen.get(key));
    return chosen < 0 ? answers.length - 1 : chosen;
  }

  forget(): void {
    this.chosen.clear();
  }

  regenerate(turn: Turn): void {
    this.chosen.delete(turn.key);
    this.host.talk.regenerate(turn);
  }

  retry(turn: Turn, answer: Answer): void {
    this.chosen.delete(turn.key);
    this.host.talk.retry(turn, answer);
  }

  page(turn: Turn, to: number): void {
    const answer = turn.answers[to];
    if (answer) this.chosen.set(turn.key, answer.key);
    this.host.requestUpdate();
  }

  async rate(answer: Answer, { rating, comment }: Rated): Promise<void> {
    try {
      await this.host.talk.rate(answer, rating, comment);
      this.host.say(texts.feedback.thanks);
    } catch {
      this.host.say(texts.feedback.failed);
    }
  }
}
