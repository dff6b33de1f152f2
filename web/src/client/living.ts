/** The runs that have not ended, and what each of them waits for. */
import type { ClientFrame, MessageCreate, RunRegenerate } from "../protocol";
import type { Environment } from "./env";
import { Run, type RunFailure, type RunState } from "./run";
import type { Stored } from "./stored";

export type Create = MessageCreate | RunRegenerate;

/** What runs need of whoever has the connection. */
export interface RunsHost {
  env: Environment;
  /** Return whether the frame went out. */
  send(frame: ClientFrame): boolean;
  stored: Stored;
  maxFrameBytes(): number | undefined;
  /** Why there is not going to be a connection. */
  closed(): RunFailure | undefined;
}

export interface Living {
  readonly run: Run;
  readonly create?: Create;
  /** When it was first asked. */
  readonly since: number;
  /** How often it was sent. */
  times: number;
  /** Whether it was sent and not refused since, over the connection that there is. */
  inFlight: boolean;
  cancelled: boolean;
  resumedAt: number;
  /** Resumes since the last frame. */
  resumes: number;
  /** Whether the stored message is being read in the place of frames. */
  reading: boolean;
  timer?: unknown;
}

export class Lives {
  readonly #host: RunsHost;
  readonly #living = new Set<Living>();

  constructor(host: RunsHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#living.size;
  }

  /** Those there are now; what ends meanwhile does not disturb. */
  all(): Living[] {
    return [...this.#living];
  }

  add(stop: (living: Living) => void, create?: Create): Living {
    const living: Living = {
      run: new Run(() => stop(living)),
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

  /** One timer a run: whatever is waited for last. */
  after(living: Living, ms: number, work: () => void): void {
    const { clock } = this.#host.env;
    clock.clearTimeout(living.timer);
    living.timer = clock.setTimeout(work, ms);
  }

  /** End a run for want of anything better: one that began keeps what was said. */
  fail(living: Living, error: RunFailure): void {
    this.finish(living, living.run.id === undefined ? "failed" : "incomplete", error);
  }

  finish(living: Living, status: RunState, error?: RunFailure): void {
    this.forget(living);
    living.run.finish(status, error);
  }

  forget(living: Living): void {
    this.#host.env.clock.clearTimeout(living.timer);
    this.#living.delete(living);
  }
}
