/**
 * The runs that have not ended: each is asked until it is acknowledged and followed until it has ended, over
 * however many connections that takes. Knows no transport; frames go out through `send`.
 */
import type {
  ErrorFrame,
  MessageAck,
  MessageCreate,
  RunFrame,
  RunRegenerate,
  ServerFrame,
} from "../protocol";
import { backoff } from "./backoff";
import type { Environment } from "./env";
import { Run, type RunFailure } from "./run";
import type { Stored } from "./stored";

export type Create = MessageCreate | RunRegenerate;

export interface RunsHost {
  env: Environment;
  /** Return whether the frame went out. */
  send(
    frame:
      | Create
      | { type: "run-cancel"; run_id: string }
      | { type: "run-resume"; run_id: string; starting_after: number },
  ): boolean;
  stored: Stored;
  maxFrameBytes(): number | undefined;
  /** Why there is not going to be a connection. */
  closed(): RunFailure | undefined;
}

/** How long, and how often, a question is sent before it is given up; asking again is then the page's. */
export const ASK_MS = 120_000;
export const ASK_TIMES = 8;
const ACK_MS = 10_000;
/** A refusal that says to wait longer than this is told, not waited out. */
const WAIT_MS = 30_000;
/** A run that says nothing for so long is asked for once more: nobody else would notice a follower that was lost. */
const SILENT_MS = 30_000;
/** So often in a row resuming may fail before the stored message is read instead. */
const RESUMES = 5;

interface Living {
  run: Run;
  create?: Create;
  /** When it was first asked. */
  since: number;
  times: number;
  /** Whether it was sent and not refused since, over the connection that there is. */
  inFlight: boolean;
  cancelled: boolean;
  resumedAt: number;
  /** Resumes since the last frame. */
  resumes: number;
  reading: boolean;
  timer?: unknown;
}

export class Runs {
  readonly #host: RunsHost;
  readonly #living = new Set<Living>();

  constructor(host: RunsHost) {
    this.#host = host;
  }

  get isBusy(): boolean {
    return this.#living.size > 0;
  }

  ask(create: Create): Run {
    const living = this.#add(create);
    living.run.clientMessageId = create.client_message_id;
    if (create.type === "message-create") living.run.conversationId = create.conversation_id;
    else living.run.questionId = create.message_id;
    // Not before the page can hear of its end.
    queueMicrotask(() => living.times === 0 && this.#submit(living));
    return living.run;
  }

  follow(named: { runId: string; conversationId: string; messageId?: string | undefined }): Run {
    for (const { run } of this.#living) if (run.id === named.runId) return run;
    const living = this.#add();
    living.run.id = named.runId;
    living.run.conversationId = named.conversationId;
    living.run.messageId = named.messageId;
    living.run.status = "running";
    queueMicrotask(() => this.#resume(living));
    return living.run;
  }

  /** There is a connection: everything is taken up where it was. */
  ready(): void {
    for (const living of [...this.#living]) {
      if (living.run.id === undefined) this.#submit(living);
      else if (!living.reading) this.#resume(living);
    }
  }

  /** The connection is gone, with close code `code`. */
  lost(code: number): void {
    for (const living of [...this.#living]) {
      if (living.run.id !== undefined) continue;
      if (code === 1009 && living.inFlight) this.#end(living, TOO_LONG);
      else if (living.cancelled) this.#finish(living, "cancelled");
      else this.#askLater(living);
    }
  }

  /** End all: nothing more is going to come of them. */
  endAll(failure: RunFailure): void {
    for (const living of [...this.#living]) this.#end(living, failure);
  }

  /** The visitor is another one: what was another's is not to be had any more. */
  otherVisitor(failure: RunFailure): void {
    for (const living of [...this.#living]) {
      const anew = living.run.id === undefined && living.run.conversationId === undefined;
      if (!anew || living.create?.type === "run-regenerate") this.#end(living, failure);
    }
  }

  receive(frame: ServerFrame): void {
    if ("sequence_number" in frame) this.#each(frame.run_id, (living) => this.#numbered(living, frame));
    else if (frame.type === "message-ack") this.#acknowledged(frame);
    else if (frame.type === "error") this.#refused(frame);
    else if (frame.type === "resume-gap") {
      this.#each(frame.run_id, (living) => {
        living.run.messageId = frame.message_id;
        void this.#read(living);
      });
    }
  }

  #add(create?: Create): Living {
    const living: Living = {
      run: new Run(() => this.#cancel(living)),
      ...(create ? { create } : {}),
      since: this.#host.env.clock.now(),
      times: 0,
      inFlight: false,
      cancelled: false,
      resumedAt: 0,
      resumes: 0,
      reading: false,
    };
    this.#living.add(living);
    return living;
  }

  #each(runId: string, work: (living: Living) => void): void {
    for (const living of [...this.#living]) if (living.run.id === runId) work(living);
  }

  // Asking.

  #submit(living: Living): void {
    const { create, run } = living;
    const { clock } = this.#host.env;
    const closed = this.#host.closed();
    if (!create || run.ended) return;
    if (closed) this.#end(living, closed);
    else if (clock.now() - living.since >= ASK_MS || living.times >= ASK_TIMES) this.#end(living, NOT_SENT);
    else if (bytes(create) > (this.#host.maxFrameBytes() ?? Number.POSITIVE_INFINITY))
      this.#end(living, TOO_LONG);
    else if (this.#host.send(create)) {
      living.times += 1;
      living.inFlight = true;
      run.retryAt = undefined;
      this.#after(living, ACK_MS, () => this.#submit(living));
    } else this.#askLater(living);
  }

  /** There is no connection: `ready` sends it, unless that takes too long. */
  #askLater(living: Living): void {
    living.inFlight = false;
    const left = living.since + ASK_MS - this.#host.env.clock.now();
    this.#after(living, Math.max(0, left), () => this.#end(living, NOT_SENT));
  }

  #acknowledged(ack: MessageAck): void {
    for (const living of [...this.#living]) {
      const { run } = living;
      if (run.clientMessageId !== ack.client_message_id || run.id !== undefined) continue;
      run.acknowledge(ack);
      // A question that was sent before is not told again by itself.
      if (ack.duplicate) this.#resume(living);
      else this.#listen(living);
      if (living.cancelled) this.#host.send({ type: "run-cancel", run_id: ack.run_id });
    }
  }

  // Following.

  #resume(living: Living): void {
    const { run } = living;
    const closed = this.#host.closed();
    if (run.ended) return;
    if (closed) {
      this.#end(living, closed);
      return;
    }
    living.resumedAt = this.#host.env.clock.now();
    const out = this.#host.send({
      type: "run-resume",
      run_id: run.id ?? "",
      starting_after: run.sequenceNumber,
    });
    if (out && living.cancelled) this.#host.send({ type: "run-cancel", run_id: run.id ?? "" });
    this.#listen(living);
  }

  #listen(living: Living): void {
    this.#after(living, SILENT_MS, () => this.#resume(living));
  }

  #numbered(living: Living, frame: RunFrame): void {
    const { run } = living;
    if (living.reading || frame.sequence_number <= run.sequenceNumber) return;
    if (frame.sequence_number > run.sequenceNumber + 1) {
      this.#missed(living);
      return;
    }
    living.resumes = 0;
    living.resumedAt = 0;
    run.take(frame);
    if (run.ended) this.#forget(living);
    else this.#listen(living);
  }

  /** Frames are missing: those on their way from before the resume are passed over. */
  #missed(living: Living): void {
    const { clock } = this.#host.env;
    if (living.resumedAt > 0 && clock.now() - living.resumedAt < ACK_MS) return;
    living.resumes += 1;
    if (living.resumes > RESUMES) void this.#read(living);
    else this.#resume(living);
  }

  /** Frames are gone for good: the stored message stands in their place, once the run has ended. */
  async #read(living: Living): Promise<void> {
    const { run } = living;
    if (living.reading) return;
    living.reading = true;
    this.#host.env.clock.clearTimeout(living.timer);
    run.status = "gap";
    run.changed();
    const message = await this.#host.stored.read(run, () => run.ended);
    if (run.ended) return;
    if ("content" in message) {
      run.replace(message);
      this.#finish(living, message.status === "running" ? "incomplete" : (message.status ?? "completed"));
    } else this.#end(living, message);
  }

  // What goes wrong.

  #refused(frame: ErrorFrame): void {
    if (frame.run_id) this.#each(frame.run_id, (living) => this.#notFollowed(living, frame));
    else if (frame.client_message_id) {
      for (const living of [...this.#living]) {
        if (living.run.clientMessageId === frame.client_message_id) this.#notTaken(living, frame);
      }
    } else if (frame.code === "invalid_request") {
      // A frame that could not be read is not named; the server takes one after the other.
      const first = [...this.#living].find(({ run, inFlight }) => run.id === undefined && inFlight);
      if (first) this.#notTaken(first, frame);
    }
  }

  #notTaken(living: Living, frame: ErrorFrame): void {
    const { run } = living;
    if (run.id !== undefined) return;
    living.inFlight = false;
    const { clock, random } = this.#host.env;
    const wait = backoff(living.times, random(), frame.retry_after_ms ?? 0);
    const inTime = wait <= WAIT_MS && clock.now() + wait < living.since + ASK_MS && living.times < ASK_TIMES;
    if (living.cancelled) this.#finish(living, "cancelled");
    else if (!frame.retryable || !inTime) this.#end(living, failure(frame));
    else {
      this.#after(living, wait, () => this.#submit(living));
      run.retryAt = clock.now() + wait;
      run.changed();
    }
  }

  #notFollowed(living: Living, frame: ErrorFrame): void {
    if (living.reading) return;
    living.resumes += 1;
    if (!frame.retryable || living.resumes > RESUMES) void this.#read(living);
    else {
      const wait = backoff(living.resumes, this.#host.env.random(), frame.retry_after_ms ?? 0);
      this.#after(living, wait, () => this.#resume(living));
    }
  }

  #cancel(living: Living): void {
    living.cancelled = true;
    const { run } = living;
    if (run.id !== undefined) this.#host.send({ type: "run-cancel", run_id: run.id });
    else if (!living.inFlight) this.#finish(living, "cancelled");
    // Else the acknowledgement is on its way, with the id to cancel.
  }

  #end(living: Living, error: RunFailure): void {
    this.#finish(living, living.run.id === undefined ? "failed" : "incomplete", error);
  }

  #finish(living: Living, status: Run["status"], error?: RunFailure): void {
    this.#forget(living);
    living.run.finish(status, error);
  }

  #forget(living: Living): void {
    this.#host.env.clock.clearTimeout(living.timer);
    this.#living.delete(living);
  }

  /** One timer a run: whatever is waited for last. */
  #after(living: Living, ms: number, work: () => void): void {
    const { clock } = this.#host.env;
    clock.clearTimeout(living.timer);
    living.timer = clock.setTimeout(work, ms);
  }
}

const NOT_SENT: RunFailure = {
  code: "not_sent",
  message: "The question did not reach the server.",
  retryable: true,
};
const TOO_LONG: RunFailure = {
  code: "message_too_long",
  message: "The question is too long.",
  retryable: false,
};

function failure({ code, message, retryable, retry_after_ms }: ErrorFrame): RunFailure {
  return { code, message, retryable, ...(retry_after_ms ? { retryAfterMs: retry_after_ms } : {}) };
}

function bytes(frame: Create): number {
  return new TextEncoder().encode(JSON.stringify(frame)).length;
}
