/** A run until it has ended: each frame once and in order, over however many connections that takes. */
import type { ErrorFrame, RunFrame } from "../protocol";
import { backoff } from "./backoff";
import type { Lives, Living, RunsHost } from "./living";

/** A run that says nothing for so long is asked for once more: nobody else would notice a follower that was lost. */
const SILENT_MS = 30_000;
/** What comes for so long after a resume, with a gap before it, was on its way from before. */
const ON_ITS_WAY_MS = 10_000;
/** So often in a row resuming may fail before the stored message is read instead. */
const RESUMES = 5;

export class Following {
  readonly #host: RunsHost;
  readonly #lives: Lives;

  constructor(host: RunsHost, lives: Lives) {
    this.#host = host;
    this.#lives = lives;
  }

  /** Ask for what comes after the last frame that was taken, then for what is told live. */
  resume(living: Living): void {
    const { run } = living;
    if (run.ended || living.reading || run.id === undefined) return;
    const closed = this.#host.closed();
    if (closed) {
      this.#lives.fail(living, closed);
      return;
    }
    living.resumedAt = this.#host.env.clock.now();
    this.#host.send({ type: "run-resume", run_id: run.id, starting_after: run.sequenceNumber });
    if (living.cancelled) this.#host.send({ type: "run-cancel", run_id: run.id });
    this.listen(living);
  }

  listen(living: Living): void {
    this.#lives.after(living, SILENT_MS, () => this.resume(living));
  }

  take(living: Living, frame: RunFrame): void {
    const { run } = living;
    if (living.reading || frame.sequence_number <= run.sequenceNumber) return;
    if (frame.sequence_number > run.sequenceNumber + 1) {
      this.#missed(living);
      return;
    }
    living.resumes = living.resumedAt = 0;
    run.take(frame);
    if (run.ended) this.#lives.forget(living);
    else this.listen(living);
  }

  refused(living: Living, frame: ErrorFrame): void {
    if (living.reading) return;
    living.resumes += 1;
    if (!frame.retryable || living.resumes > RESUMES) void this.read(living);
    else {
      const wait = backoff(living.resumes, this.#host.env.random(), frame.retry_after_ms ?? 0);
      this.#lives.after(living, wait, () => this.resume(living));
    }
  }

  /** Frames are gone for good: the stored message stands in their place, once the run has ended. */
  async read(living: Living): Promise<void> {
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
      const { status } = message;
      this.#lives.finish(living, status === "running" ? "incomplete" : (status ?? "completed"));
    } else this.#lives.fail(living, message);
  }

  #missed(living: Living): void {
    const since = this.#host.env.clock.now() - living.resumedAt;
    if (living.resumedAt > 0 && since < ON_ITS_WAY_MS) return;
    living.resumes += 1;
    if (living.resumes > RESUMES) void this.read(living);
    else this.resume(living);
  }
}
