/**
 * The runs that have not ended: each is asked until it is acknowledged and followed until it has ended. Says which
 * of them what comes is for; knows no transport.
 */
import type { ErrorFrame, ServerFrame } from "../protocol";
import { Asking } from "./asking";
import { Following } from "./following";
import { type Create, Lives, type Living, type RunsHost } from "./living";
import type { Run, RunFailure } from "./run";

export class Runs {
  readonly #host: RunsHost;
  readonly #lives: Lives;
  readonly #asking: Asking;
  readonly #following: Following;

  constructor(host: RunsHost) {
    this.#host = host;
    this.#lives = new Lives(host);
    this.#asking = new Asking(host, this.#lives);
    this.#following = new Following(host, this.#lives);
  }

  get isBusy(): boolean {
    return this.#lives.size > 0;
  }

  ask(create: Create): Run {
    const living = this.#lives.add(this.#cancel, create);
    const { run } = living;
    run.clientMessageId = create.client_message_id;
    if (create.type === "message-create") run.conversationId = create.conversation_id;
    else run.questionId = create.message_id;
    // Not before the page can hear of its end.
    queueMicrotask(() => living.times === 0 && this.#asking.submit(living));
    return run;
  }

  follow(named: { runId: string; conversationId: string; messageId?: string | undefined }): Run {
    const known = this.#lives.all().find(({ run }) => run.id === named.runId);
    if (known) return known.run;
    const living = this.#lives.add(this.#cancel);
    const { run } = living;
    run.id = named.runId;
    run.conversationId = named.conversationId;
    run.messageId = named.messageId;
    run.status = "running";
    queueMicrotask(() => this.#following.resume(living));
    return run;
  }

  /** There is a connection: everything is taken up where it was. */
  ready(): void {
    for (const living of this.#lives.all()) {
      if (living.run.id === undefined) this.#asking.submit(living);
      else this.#following.resume(living);
    }
  }

  /** The connection is gone, with close code `code`. */
  lost(code: number): void {
    for (const living of this.#asked()) this.#asking.lost(living, code);
  }

  /** End all: nothing more is going to come of them. */
  endAll(failure: RunFailure): void {
    for (const living of this.#lives.all()) this.#lives.fail(living, failure);
  }

  /** The visitor is another one: what was the other's is not to be had any more. */
  otherVisitor(failure: RunFailure): void {
    for (const living of this.#lives.all()) {
      const { run, create } = living;
      const begins = run.id === undefined && create?.type === "message-create" && !create.conversation_id;
      if (!begins) this.#lives.fail(living, failure);
    }
  }

  receive(frame: ServerFrame): void {
    if ("sequence_number" in frame) {
      for (const living of this.#of(frame.run_id)) this.#following.take(living, frame);
    } else if (frame.type === "message-ack") {
      for (const living of this.#asked(frame.client_message_id)) {
        this.#asking.acknowledged(living, frame);
        // A question that was sent before is not told again by itself.
        if (frame.duplicate) this.#following.resume(living);
        else this.#following.listen(living);
      }
    } else if (frame.type === "resume-gap") {
      for (const living of this.#of(frame.run_id)) {
        living.run.messageId = frame.message_id;
        void this.#following.read(living);
      }
    } else if (frame.type === "error") this.#refused(frame);
  }

  #refused(frame: ErrorFrame): void {
    if (frame.run_id) {
      for (const living of this.#of(frame.run_id)) this.#following.refused(living, frame);
    } else if (frame.client_message_id) {
      for (const living of this.#asked(frame.client_message_id)) this.#asking.refused(living, frame);
    } else if (frame.code === "invalid_request") {
      // A frame that could not be read is not named; the server takes one after the other.
      const first = this.#asked().find(({ inFlight }) => inFlight);
      if (first) this.#asking.refused(first, frame);
    }
  }

  readonly #cancel = (living: Living): void => {
    living.cancelled = true;
    if (living.run.id !== undefined) this.#host.send({ type: "run-cancel", run_id: living.run.id });
    else if (!living.inFlight) this.#lives.finish(living, "cancelled");
    // Else the acknowledgement is on its way, with the id to cancel.
  };

  #of(runId: string): Living[] {
    return this.#lives.all().filter(({ run }) => run.id === runId);
  }

  /** Those that are not acknowledged, of one id or all. */
  #asked(clientMessageId?: string): Living[] {
    return this.#lives
      .all()
      .filter(
        ({ run }) => run.id === undefined && (clientMessageId ?? run.clientMessageId) === run.clientMessageId,
      );
  }
}
