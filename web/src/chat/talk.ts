/**
 * One conversation at a time: what is stored of it, the runs that go on in it, and what is done to it. It knows
 * the client and no element. "change": something that is shown changed. "conversation": another one, or the new
 * one has its id now. "end": a run of this page ended (`detail` is its answer).
 */
import type { Run } from "../client";
import type { PageContext, Rating } from "../protocol";
import type { ChatClient } from "./ports";
import {
  type Answer,
  answerOf,
  isGoing,
  type Live,
  type Stored,
  storedAnswer,
  type Turn,
  turnsOf,
} from "./transcript";

const PAGE = 50;

export class Talk extends EventTarget {
  conversationId: string | undefined;
  loading = false;
  /** Why the conversation could not be read. */
  problem: unknown;
  /** Leads to earlier messages, where there are any. */
  private before: string | undefined;
  private stored: Stored[] = [];
  private live: Live[] = [];
  private made = 0;
  /** Grows whenever another conversation is opened: what was asked for the last one comes too late. */
  private opening = 0;

  constructor(readonly client: ChatClient) {
    super();
  }

  get turns(): Turn[] {
    return turnsOf(this.stored, this.live);
  }

  get hasOlder(): boolean {
    return this.before !== undefined;
  }

  /** The run that goes on in this conversation. */
  get going(): Live | undefined {
    return this.live.findLast(({ answer }) => isGoing(answer));
  }

  /** Show a stored conversation, or begin a new one. Runs that are left go on where they are. */
  async open(conversationId?: string): Promise<void> {
    this.opening += 1;
    this.conversationId = conversationId;
    this.stored = [];
    this.live = [];
    this.before = undefined;
    this.problem = undefined;
    this.tell("conversation");
    if (conversationId) await this.read();
    else this.tell("change");
  }

  /** Read the latest messages again: another tab may have asked. */
  async refresh(): Promise<void> {
    if (this.conversationId && !this.loading) await this.read();
  }

  async older(): Promise<void> {
    if (this.before && !this.loading) await this.read(this.before);
  }

  ask(question: string, context?: PageContext): void {
    const { conversationId } = this;
    const run = this.client.ask(question, {
      ...(conversationId && { conversationId }),
      ...(context && { context }),
    });
    this.follow(run, { question, about: context?.selected_text ?? context?.page_title });
  }

  /** Another answer to a question. */
  regenerate({ questionId }: Turn): void {
    if (questionId) this.follow(this.client.regenerate(questionId), { questionId });
  }

  /** Once more what failed; it takes the place of the failed answer. */
  retry(turn: Turn, answer: Answer): void {
    const failed = this.live.find(({ key }) => key === answer.key);
    if (!failed) this.regenerate(turn);
    else {
      this.live = this.live.filter((own) => own !== failed);
      const { question, about, questionId } = failed;
      this.follow(this.client.retry(failed.run), {
        question,
        about,
        questionId: failed.run.questionId ?? questionId,
      });
    }
  }

  stop(): void {
    this.going?.run.cancel();
  }

  async rate(answer: Answer, rating: Rating, comment?: string): Promise<void> {
    if (!answer.messageId) return;
    const feedback = await this.client.rate(answer.messageId, rating, comment);
    const live = this.live.find(({ key }) => key === answer.key);
    if (live) live.answer = { ...live.answer, feedback };
    this.stored = this.stored.map((message) =>
      message.id === answer.messageId
        ? { ...message, feedback, answer: { ...message.answer, feedback } }
        : message,
    );
    this.tell("change");
  }

  private async read(before?: string): Promise<void> {
    const id = this.conversationId as string;
    const { opening } = this;
    this.loading = true;
    this.tell("change");
    try {
      const page = await this.client.messages(id, { limit: PAGE, ...(before && { before }) });
      if (opening !== this.opening) return;
      const first = this.stored.length === 0 || before !== undefined;
      if (first) this.before = page.next_cursor ?? undefined;
      this.take(page.items.map((message) => ({ ...message, answer: storedAnswer(message) })));
      this.problem = undefined;
    } catch (error) {
      if (opening === this.opening) this.problem = error;
    }
    if (opening !== this.opening) return;
    this.loading = false;
    this.tell("change");
  }

  /** New messages join those that are there; one that has not changed stays the same object. */
  private take(messages: readonly Stored[]): void {
    const known = new Map(this.stored.map((message) => [message.id, message]));
    for (const message of messages) {
      const old = known.get(message.id);
      if (!old || JSON.stringify(old.answer) !== JSON.stringify(message.answer))
        known.set(message.id, message);
    }
    this.stored = [...known.values()].sort(byTime);
    for (const message of messages) if (message.status === "running") this.resume(message);
  }

  /** An answer that is being written, by another tab or before a reload. */
  private resume({ id, run_id, conversation_id, question_id }: Stored): void {
    if (!run_id || this.live.some(({ run }) => run.id === run_id || run.messageId === id)) return;
    const run = this.client.follow({ runId: run_id, conversationId: conversation_id, messageId: id });
    this.follow(run, { questionId: question_id ?? undefined });
  }

  private follow(run: Run, of: Pick<Live, "question" | "about" | "questionId">): void {
    this.made += 1;
    const key = `run-${this.made}`;
    const live: Live = { ...of, key, run, answer: answerOf(key, run) };
    this.live.push(live);
    run.addEventListener("change", () => this.changed(live));
    run.addEventListener("end", () => this.ended(live));
    this.tell("change");
    if (run.ended) this.ended(live);
  }

  private changed(live: Live): void {
    if (!this.live.includes(live)) return;
    live.answer = answerOf(live.key, live.run, live.answer.feedback);
    const id = live.run.conversationId;
    if (id && !this.conversationId) {
      this.conversationId = id;
      this.tell("conversation");
    }
    this.tell("change");
  }

  private ended(live: Live): void {
    this.changed(live);
    if (this.live.includes(live)) this.dispatchEvent(new CustomEvent("end", { detail: live.answer }));
  }

  private tell(type: string): void {
    this.dispatchEvent(new Event(type));
  }
}

function byTime(one: Stored, other: Stored): number {
  if (one.created_at !== other.created_at) return one.created_at < other.created_at ? -1 : 1;
  return Number(one.role === "assistant") - Number(other.role === "assistant");
}
