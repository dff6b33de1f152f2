/** A client without a network: what is stored in memory, and runs that are told what happens to them. */

import type { ChatClient } from "../../src/chat/ports";
import { type AskOptions, type ConnectionState, ProblemError, Run } from "../../src/client";
import type { Conversation, Feedback, Limits, Message, Page, Rating, RunFrame } from "../../src/protocol";

/** A frame of a run, without what every one carries. */
export type Told<Frame = RunFrame> = Frame extends RunFrame
  ? Omit<Frame, "conversation_id" | "run_id" | "message_id" | "sequence_number" | "created_at">
  : never;

export interface Asked {
  run: Run;
  question: string;
  options: AskOptions;
  /** Tell what the server tells. */
  tell(...frames: Told[]): void;
  acknowledge(conversationId?: string): void;
}

export class FakeClient extends EventTarget implements ChatClient {
  state: ConnectionState = "open";
  retryAt: number | undefined;
  problem: { code: string; message: string } | undefined;
  visitorId: string | undefined = "v1";
  limits: Limits | undefined = { max_message_chars: 8000, max_frame_bytes: 131072, messages_per_minute: 10 };
  stored: Conversation[] = [];
  told = new Map<string, Message[]>();
  /** Every run that was asked for. */
  runs: Asked[] = [];
  /** Names of what was called, with what it was given. */
  calls: [string, ...unknown[]][] = [];
  /** The next call of this name is refused. */
  refuse: string | undefined;
  page = 50;
  /** Is called with each new run: the preview plays an answer. */
  play: ((asked: Asked) => void) | undefined;
  private made = 0;

  connect() {
    this.calls.push(["connect"]);
  }

  close() {
    this.calls.push(["close"]);
  }

  become(state: ConnectionState, retryAt?: number) {
    this.state = state;
    this.retryAt = retryAt;
    this.dispatchEvent(new Event("state"));
  }

  ask(question: string, options: AskOptions = {}): Run {
    this.calls.push(["ask", question, options]);
    return this.run(question, options);
  }

  regenerate(questionId: string): Run {
    this.calls.push(["regenerate", questionId]);
    return this.run("", {}, questionId);
  }

  retry(run: Run): Run {
    this.calls.push(["retry", run]);
    const { question, options } = this.runs.find((own) => own.run === run) as Asked;
    return this.run(question, options, run.questionId);
  }

  follow(of: { runId: string; conversationId: string; messageId?: string }): Run {
    this.calls.push(["follow", of]);
    const run = this.run("", { conversationId: of.conversationId });
    run.id = of.runId;
    run.conversationId = of.conversationId;
    run.messageId = of.messageId;
    run.status = "running";
    return run;
  }

  async conversations({ q = "", cursor, limit = 30 }: { q?: string; cursor?: string; limit?: number } = {}) {
    this.called("conversations", { q, cursor });
    const found = this.stored.filter(({ title }) => title.toLowerCase().includes(q.toLowerCase()));
    return paged(found, Number(cursor ?? 0), limit);
  }

  async conversation(id: string) {
    return this.find(id);
  }

  async messages(id: string, { before }: { before?: string; limit?: number } = {}): Promise<Page<Message>> {
    this.called("messages", id, before);
    this.find(id);
    const all = this.told.get(id) ?? [];
    const end = before ? Number(before) : all.length;
    const start = Math.max(0, end - this.page);
    return { items: all.slice(start, end), next_cursor: start ? String(start) : null };
  }

  async rename(id: string, title: string) {
    this.called("rename", id, title);
    const renamed = { ...this.find(id), title };
    this.stored = this.stored.map((own) => (own.id === id ? renamed : own));
    return renamed;
  }

  async remove(id: string) {
    this.called("remove", id);
    this.stored = this.stored.filter((own) => own.id !== id);
  }

  async export(id: string, format: "json" | "markdown") {
    this.called("export", id, format);
    return new Blob(["{}"]);
  }

  async rate(id: string, rating: Rating, comment?: string): Promise<Feedback> {
    this.called("rate", id, rating, comment);
    return { rating, comment: comment ?? null, updated_at: "2026-11-27T10:00:00Z" };
  }

  async exportMe() {
    this.called("exportMe");
    return new Blob(["{}"]);
  }

  async eraseMe() {
    this.called("eraseMe");
    this.stored = [];
  }

  private run(question: string, options: AskOptions, questionId?: string): Run {
    this.made += 1;
    const [runId, messageId, ownQuestion] = [`r${this.made}`, `a${this.made}`, questionId ?? `q${this.made}`];
    const run = new Run(() => {
      this.calls.push(["cancel", run.id]);
      asked.tell({ type: "run-end", status: "cancelled", degraded: [], cached: false });
    });
    const conversationId = () => run.conversationId ?? options.conversationId ?? "c-new";
    const asked: Asked = {
      run,
      question,
      options,
      acknowledge: (conversation_id = conversationId()) =>
        run.acknowledge({
          type: "message-ack",
          client_message_id: runId,
          message_id: ownQuestion,
          conversation_id,
          run_id: runId,
          duplicate: false,
        }),
      tell: (...frames) => {
        for (const frame of frames)
          run.take({ ...this.ofRun(run, conversationId(), messageId), ...frame } as RunFrame);
      },
    };
    this.runs.push(asked);
    this.play?.(asked);
    return run;
  }

  private ofRun(run: Run, conversation_id: string, messageId: string) {
    return {
      conversation_id,
      run_id: run.id ?? "",
      message_id: run.messageId ?? messageId,
      sequence_number: run.sequenceNumber + 1,
      created_at: "2026-11-27T10:00:00Z",
    };
  }

  private find(id: string): Conversation {
    const found = this.stored.find((own) => own.id === id);
    if (!found) throw problem(404, "not_found");
    return found;
  }

  private called(name: string, ...given: unknown[]) {
    this.calls.push([name, ...given]);
    if (this.refuse !== name) return;
    this.refuse = undefined;
    throw problem(503, "overloaded");
  }
}

export function problem(status: number, code: string): ProblemError {
  return new ProblemError({
    type: "about:blank",
    title: code,
    status,
    detail: "",
    code,
    retryable: status === 503,
    request_id: "r",
  });
}

export function conversation(id: string, title = id, updated_at = "2026-11-27T10:00:00Z"): Conversation {
  return { id, title, created_at: updated_at, updated_at, message_count: 2 };
}

let clock = 0;

/** A stored message; each is later than the one before. */
export function message(role: Message["role"], content: string, more: Partial<Message> = {}): Message {
  clock += 1;
  const created_at = new Date(Date.UTC(2026, 10, 27) + clock * 1000).toISOString();
  const status = role === "assistant" ? ("completed" as const) : null;
  return {
    id: `m${clock}`,
    conversation_id: "c1",
    role,
    content,
    citations: [],
    created_at,
    degraded: [],
    status,
    ...more,
  };
}

function paged<Item>(items: readonly Item[], start: number, limit: number): Page<Item> {
  const end = start + limit;
  return { items: items.slice(start, end), next_cursor: end < items.length ? String(end) : null };
}
