/** A question until it is acknowledged: sent again, the same, within bounds of time and number. */
import type { ErrorFrame, MessageAck } from "../protocol";
import { backoff } from "./backoff";
import type { Create, Lives, Living, RunsHost } from "./living";
import type { RunFailure } from "./run";

/** How long, and how often, a question is sent before it is given up; asking again is then the page's. */
const ASK_MS = 120_000;
const ASK_TIMES = 8;
const ACK_MS = 10_000;
/** A refusal that says to wait longer than this is told, not waited out. */
const WAIT_MS = 30_000;

const NOT_SENT = { code: "not_sent", message: "The question did not reach the server.", retryable: true };
const TOO_LONG = { code: "message_too_long", message: "The question is too long.", retryable: false };

export class Asking {
  readonly #host: RunsHost;
  readonly #lives: Lives;

  constructor(host: RunsHost, lives: Lives) {
    this.#host = host;
    this.#lives = lives;
  }

  /** Send the question, if it may still be sent; what there is no connection for waits for one. */
  submit(living: Living): void {
    const { create, run } = living;
    if (!create || run.ended) return;
    const hopeless = this.#host.closed() ?? this.#hopeless(living, create);
    if (hopeless) this.#lives.fail(living, hopeless);
    else if (this.#host.send(create)) {
      living.times += 1;
      living.inFlight = true;
      run.retryAt = undefined;
      this.#lives.after(living, ACK_MS, () => this.submit(living));
    } else this.#wait(living);
  }

  acknowledged(living: Living, ack: MessageAck): void {
    living.run.acknowledge(ack);
    if (living.cancelled) this.#host.send({ type: "run-cancel", run_id: ack.run_id });
  }

  /** The connection is gone, with close code `code`. */
  lost(living: Living, code: number): void {
    if (code === 1009 && living.inFlight) this.#lives.fail(living, TOO_LONG);
    else if (living.cancelled) this.#lives.finish(living, "cancelled");
    else this.#wait(living);
  }

  refused(living: Living, frame: ErrorFrame): void {
    const { clock, random } = this.#host.env;
    living.inFlight = false;
    const wait = backoff(living.times, random(), frame.retry_after_ms ?? 0);
    const at = clock.now() + wait;
    const inTime = wait <= WAIT_MS && at < living.since + ASK_MS && living.times < ASK_TIMES;
    if (living.cancelled) this.#lives.finish(living, "cancelled");
    else if (!frame.retryable || !inTime) this.#lives.fail(living, failure(frame));
    else {
      this.#lives.after(living, wait, () => this.submit(living));
      living.run.retryAt = at;
      living.run.changed();
    }
  }

  #hopeless(living: Living, create: Create): RunFailure | undefined {
    const late = this.#host.env.clock.now() - living.since >= ASK_MS;
    if (late || living.times >= ASK_TIMES) return NOT_SENT;
    const bytes = new TextEncoder().encode(JSON.stringify(create)).length;
    return bytes > (this.#host.maxFrameBytes() ?? bytes) ? TOO_LONG : undefined;
  }

  #wait(living: Living): void {
    living.inFlight = false;
    const left = living.since + ASK_MS - this.#host.env.clock.now();
    this.#lives.after(living, Math.max(0, left), () => this.#lives.fail(living, NOT_SENT));
  }
}

function failure({ code, message, retryable, retry_after_ms }: ErrorFrame): RunFailure {
  return { code, message, retryable, ...(retry_after_ms ? { retryAfterMs: retry_after_ms } : {}) };
}
