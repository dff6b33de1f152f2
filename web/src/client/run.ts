/** One question and its answer as it comes: frames go in, what a page shows comes out. */
import type { Citation, FinishReason, Message, MessageAck, Passage, RunFrame, RunStatus } from "../protocol";

export type RunState = "sending" | "queued" | "running" | RunStatus | "gap";

export interface RunFailure {
  /** One of the protocol's, or "not_sent", "network", "unsupported", "closed", "session". */
  code: string;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
}

/**
 * Events: "change" after whatever changed something, "end" once, after the last "change".
 * `done` resolves at the end, whichever it is; it never rejects.
 */
export class Run extends EventTarget {
  clientMessageId: string | undefined;
  id: string | undefined;
  conversationId: string | undefined;
  questionId: string | undefined;
  /** Of the answer. */
  messageId: string | undefined;
  /**
   * "sending": not acknowledged yet. "gap": part of it was missed, the stored message is being read in its stead;
   * it ends with that message's own status and `stored` true.
   */
  status: RunState = "sending";
  /** While queued: 1 is the next. */
  position: number | undefined;
  text = "";
  citations: Citation[] = [];
  passages: Passage[] = [];
  queries: string[] = [];
  model: string | undefined;
  finishReason: FinishReason | undefined;
  degraded: string[] = [];
  cached = false;
  /** Whether text and citations are those of the stored message, since frames were missed. */
  stored = false;
  error: RunFailure | undefined;
  /** While sending: when it is sent again (milliseconds since 1970), for a page that wants to say so. */
  retryAt: number | undefined;
  /** The number of the last frame that was taken. */
  sequenceNumber = 0;
  ended = false;
  readonly done: Promise<Run>;
  #resolve: (run: Run) => void = () => {};
  #hearers = new Set<(frame: RunFrame | undefined) => void>();
  readonly #stop: (run: Run) => void;

  /** `stop` is told when the run is to be cancelled. */
  constructor(stop: (run: Run) => void) {
    super();
    this.#stop = stop;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Stop the answer; what was said so far is kept. May be called before the question is acknowledged. */
  cancel(): void {
    if (!this.ended) this.#stop(this);
  }

  /** Yield the run's frames from now on, each once and in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RunFrame, void, void> {
    if (this.ended) return;
    const waiting: (RunFrame | undefined)[] = [];
    let wake = () => {};
    const hear = (frame: RunFrame | undefined) => {
      waiting.push(frame);
      wake();
    };
    this.#hearers.add(hear);
    try {
      for (;;) {
        while (waiting.length > 0) {
          const frame = waiting.shift();
          if (!frame) return;
          yield frame;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#hearers.delete(hear);
    }
  }

  /** @internal */
  acknowledge(ack: MessageAck): void {
    this.id = ack.run_id;
    this.conversationId = ack.conversation_id;
    this.questionId = ack.message_id;
    this.retryAt = undefined;
    this.status = "queued";
    this.changed();
  }

  /** @internal Take the frame that is next in number. */
  take(frame: RunFrame): void {
    this.sequenceNumber = frame.sequence_number;
    this.conversationId = frame.conversation_id;
    this.messageId = frame.message_id;
    this.#apply(frame);
    for (const hear of this.#hearers) hear(frame);
    this.changed();
    if (frame.type === "run-end") this.#end();
  }

  /** @internal Take the stored message in the place of frames that were missed. */
  replace(message: Message): void {
    this.text = message.content;
    this.citations = message.citations;
    this.finishReason = message.finish_reason ?? undefined;
    this.degraded = message.degraded;
    this.questionId = message.question_id ?? this.questionId;
    this.messageId = message.id;
    this.stored = true;
  }

  /** @internal End without a `run-end`: nothing more is going to come. */
  finish(status: RunState, error?: RunFailure): void {
    if (this.ended) return;
    this.status = status;
    this.error = error;
    this.retryAt = undefined;
    this.changed();
    this.#end();
  }

  /** @internal */
  changed(): void {
    this.dispatchEvent(new Event("change"));
  }

  #apply(frame: RunFrame): void {
    switch (frame.type) {
      case "run-queued":
        this.status = "queued";
        this.position = frame.position;
        return;
      case "run-start":
        this.status = "running";
        this.position = undefined;
        this.model = frame.model;
        return;
      case "search-queries":
        this.queries = frame.queries;
        return;
      case "search-results":
        this.passages = frame.passages;
        return;
      case "content-delta":
        this.text += frame.delta.text;
        return;
      case "citation-start":
        this.citations = [...this.citations, frame.citation];
        return;
      case "message-end":
        this.finishReason = frame.finish_reason;
        return;
      case "run-end":
        this.status = frame.status;
        this.degraded = frame.degraded;
        this.cached = frame.cached;
        this.error = frame.error ?? undefined;
    }
  }

  #end(): void {
    this.ended = true;
    for (const hear of this.#hearers) hear(undefined);
    this.dispatchEvent(new Event("end"));
    this.#resolve(this);
  }
}
