/**
 * The owner's uploads: a few at a time, each with its progress and what came of it. Where the server asks for time,
 * all wait for as long as it says; what failed can be tried again.
 */
import { ProblemError } from "../../client/problem";
import type { DeskApi } from "../api";
import { documentPath } from "../api";
import { type Pause, pauseFor } from "../parts/pause";
import type { Send } from "../parts/sending";
import type { Candidate } from "./candidates";

export const AT_ONCE = 4;
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** Who asks for more time than this is not waited for: the owner is told. */
const MOST_ASKED_MS = 120_000;

export type UploadState = "waiting" | "sending" | "storing" | "added" | "replaced" | "unchanged" | "failed";

export interface Upload extends Candidate {
  state: UploadState;
  sent: number;
  tries: number;
  error: unknown;
}

const GOING: readonly UploadState[] = ["waiting", "sending", "storing"];
const OUTCOMES: Readonly<Record<number, UploadState>> = { 201: "added", 200: "replaced", 204: "unchanged" };

/** Fires "change" whenever something is other than before, and "done" when nothing is left to send. */
export class Uploads extends EventTarget {
  readonly items: Upload[] = [];
  /** Until when all wait, in milliseconds since 1970; 0 when nothing does. */
  pausedUntil = 0;
  #waiting: Promise<void> | undefined;
  #running = 0;
  #stop = new AbortController();

  constructor(
    private readonly api: Pick<DeskApi, "key"> & { http: { baseUrl: URL } },
    private readonly send: Send,
    private readonly pause: Pause = pauseFor,
    private readonly now: () => number = Date.now,
  ) {
    super();
  }

  get going(): boolean {
    return this.items.some(isGoing);
  }

  /** Add files to send; one of the same id that has not begun is replaced. */
  add(candidates: Candidate[]): void {
    for (const candidate of candidates) {
      const before = this.items.findIndex(({ id, state }) => id === candidate.id && !isBusy(state));
      if (before >= 0) this.items.splice(before, 1);
      this.items.push({ ...candidate, state: "waiting", sent: 0, tries: 0, error: undefined });
    }
    this.#begin();
  }

  /** Try again what failed: one of them, or all. */
  retry(only?: Upload): void {
    for (const item of this.items) {
      if (item.state === "failed" && (!only || item === only)) {
        Object.assign(item, { state: "waiting", sent: 0, tries: 0, error: undefined });
      }
    }
    this.#begin();
  }

  /** End what is going; what is stored stays. */
  cancel(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#waiting = undefined;
    this.pausedUntil = 0;
    this.#keep(({ state }) => !GOING.includes(state));
    this.#changed();
  }

  /** Take those that went well from the list. */
  clear(): void {
    this.#keep(({ state }) => GOING.includes(state) || state === "failed");
    this.#changed();
  }

  #keep(wanted: (item: Upload) => boolean): void {
    this.items.splice(0, this.items.length, ...this.items.filter(wanted));
  }

  #begin(): void {
    this.#changed();
    while (this.#running < AT_ONCE && this.items.some(({ state }) => state === "waiting")) {
      this.#running += 1;
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    await this.#waiting;
    const item = this.items.find(({ state }) => state === "waiting");
    if (item && !signal.aborted) await this.#put(item, signal);
    this.#running -= 1;
    this.#begin();
    if (this.#running === 0 && !this.going) this.dispatchEvent(new Event("done"));
  }

  async #put(item: Upload, signal: AbortSignal): Promise<void> {
    item.state = "sending";
    item.tries += 1;
    this.#changed();
    try {
      const status = await this.send({ ...this.#parcel(item), signal });
      item.state = OUTCOMES[status] ?? "replaced";
    } catch (error) {
      if (!signal.aborted) this.#failed(item, error, signal);
    }
  }

  #parcel(item: Upload) {
    const url = new URL(documentPath(item.id), this.api.http.baseUrl);
    if (item.url) url.searchParams.set("url", item.url);
    return {
      url: url.href,
      body: item.file,
      headers: { "X-API-Key": this.api.key, "Content-Type": item.mediaType },
      onProgress: (sent: number) => {
        item.sent = sent;
        // All has left: now it is parsed, embedded and made durable.
        if (sent >= item.file.size) item.state = "storing";
        this.#changed();
      },
    };
  }

  #failed(item: Upload, error: unknown, signal: AbortSignal): void {
    const known = error instanceof ProblemError ? error : undefined;
    const asked = known?.retryAfterMs;
    if (!known?.retryable || item.tries >= MAX_TRIES || (asked ?? 0) > MOST_ASKED_MS) {
      Object.assign(item, { state: "failed", error });
      return;
    }
    Object.assign(item, { state: "waiting", sent: 0, error });
    const doubled = Math.min(FIRST_PAUSE_MS * 2 ** (item.tries - 1), LONGEST_PAUSE_MS);
    this.#hold(asked ?? doubled, signal);
  }

  /** Have all wait, as long as the longest that was asked for. */
  #hold(ms: number, signal: AbortSignal): void {
    const until = this.now() + ms;
    if (until <= this.pausedUntil) return;
    this.pausedUntil = until;
    this.#waiting = this.#waitOut(ms, signal, until);
  }

  async #waitOut(ms: number, signal: AbortSignal, until: number): Promise<void> {
    await this.pause(ms, signal);
    if (this.pausedUntil > until) return this.#waiting; // asked for longer in the meantime
    if (signal.aborted) return;
    this.#waiting = undefined;
    this.pausedUntil = 0;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export function isGoing({ state }: Upload): boolean {
  return GOING.includes(state);
}

function isBusy(state: UploadState): boolean {
  return state === "sending" || state === "storing";
}

export type Summary = Record<UploadState, number> & { total: number; sentBytes: number; bytes: number };

/** Count what came of them. */
export function summary(items: readonly Upload[]): Summary {
  const found: Summary = {
    ...{ waiting: 0, sending: 0, storing: 0, added: 0, replaced: 0, unchanged: 0, failed: 0 },
    ...{ total: items.length, sentBytes: 0, bytes: 0 },
  };
  for (const item of items) {
    found[item.state] += 1;
    found.bytes += item.file.size;
    found.sentBytes += isGoing(item) ? item.sent : item.file.size;
  }
  return found;
}
