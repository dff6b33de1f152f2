/**
 * Who this visitor is: a token that all tabs of the page's origin share, renewed in time.
 *
 * A valid token is renewed for the same visitor; one that has expired is answered with another visitor.
 */
import type { Session } from "../protocol";
import { type Environment, within } from "./env";
import { asProblem, problemOf } from "./problem";

/** As it is stored: with the time it came, since the clocks of server and browser may differ by hours. */
interface Kept extends Session {
  obtained_at: number;
}

const HALF_A_DAY_MS = 12 * 3_600_000;
const WITHOUT_CLOCK_MS = 600_000;
const ANSWER_MS = 15_000;
const LOCK_MS = 5_000;

export class VisitorSession {
  readonly #env: Environment;
  readonly #url: string;
  readonly #key: string;
  /** Told of the visitor with every session; `other` when another one was known before. */
  readonly #onVisitor: (visitorId: string, other: boolean) => void;
  #kept: Kept | undefined;
  #visitorId: string | undefined;
  #opening: Promise<Kept> | undefined;
  #timer: unknown;
  #closed = false;

  constructor(env: Environment, url: string, key: string, onVisitor: (id: string, other: boolean) => void) {
    this.#env = env;
    this.#url = url;
    this.#key = key;
    this.#onVisitor = onVisitor;
  }

  /** Take what is stored; renew it from time to time from now on. */
  start(): void {
    this.#closed = false;
    this.#env.around.window?.addEventListener("storage", this.#stored);
    const kept = this.#read();
    if (kept) this.#adopt(kept);
  }

  stop(): void {
    this.#closed = true;
    this.#env.clock.clearTimeout(this.#timer);
    this.#env.around.window?.removeEventListener("storage", this.#stored);
  }

  /**
   * Return a token that is good for a while; `refused` is one that the server does not take any more.
   *
   * Raises ProblemError when there is none to be had.
   */
  async token(refused?: string): Promise<string> {
    const kept = this.#kept;
    if (kept && kept.token !== refused && !this.#isDue(kept)) return kept.token;
    this.#opening ??= this.#alone(() => this.#open(refused)).finally(() => {
      this.#opening = undefined;
    });
    try {
      return (await this.#opening).token;
    } catch (error) {
      // What is only due to be renewed still serves.
      if (kept && kept.token !== refused) return kept.token;
      throw asProblem(error);
    }
  }

  /** The visitor was erased: the next token is another visitor's. */
  forget(): void {
    this.#kept = undefined;
    this.#write(undefined);
  }

  /** One tab at a time, where the browser can do that and the other tab does not take too long. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { locks, clock } = this.#env;
    if (!locks) return work();
    let begun = false;
    const mine = () => {
      begun = true;
      return work();
    };
    try {
      return await within(clock, LOCK_MS, (signal) => locks.request(this.#key, { signal }, mine));
    } catch (error) {
      // A frame without storage has no locks either, which shows only when one is asked for.
      if (begun) throw error;
      return work();
    }
  }

  async #open(refused?: string): Promise<Kept> {
    const before = this.#read() ?? this.#kept;
    // Another tab has been here.
    if (before && before.token !== refused && !this.#isDue(before)) return this.#adopt(before);
    const headers: HeadersInit = before ? { Authorization: `Bearer ${before.token}` } : {};
    const session = await within(this.#env.clock, ANSWER_MS, async (signal) => {
      const request: RequestInit = { method: "POST", headers, cache: "no-store", signal };
      const response = await this.#env.fetch(this.#url, request);
      if (!response.ok) throw await problemOf(response);
      return (await response.json()) as Session;
    });
    const now = this.#read();
    // Without locks two tabs may have asked at once: the first to store is who both are.
    if (now && now.token !== before?.token && !this.#isDue(now)) return this.#adopt(now);
    const kept = { ...session, obtained_at: this.#env.clock.now() };
    this.#write(kept);
    return this.#adopt(kept);
  }

  #adopt(kept: Kept): Kept {
    const other = this.#visitorId !== undefined && this.#visitorId !== kept.visitor_id;
    this.#kept = kept;
    this.#visitorId = kept.visitor_id;
    this.#renewLater(kept);
    this.#onVisitor(kept.visitor_id, other);
    return kept;
  }

  #renewLater(kept: Kept): void {
    const { clock } = this.#env;
    clock.clearTimeout(this.#timer);
    if (this.#closed) return;
    const wait = Math.max(60_000, kept.obtained_at + renewAfter(kept) - clock.now());
    this.#timer = clock.setTimeout(() => {
      this.token().then(
        () => this.#kept === kept && this.#renewLater(kept),
        () => this.#renewLater(kept),
      );
    }, wait);
  }

  #isDue(kept: Kept): boolean {
    return this.#env.clock.now() - kept.obtained_at >= renewAfter(kept);
  }

  readonly #stored = (event: Event): void => {
    if ((event as StorageEvent).key !== this.#key) return;
    const kept = this.#read();
    if (kept) this.#adopt(kept);
    else this.#kept = undefined;
  };

  #read(): Kept | undefined {
    try {
      const kept: unknown = JSON.parse(this.#env.storage?.getItem(this.#key) ?? "null");
      return isKept(kept) ? kept : undefined;
    } catch {
      return undefined;
    }
  }

  #write(kept: Kept | undefined): void {
    try {
      if (kept) this.#env.storage?.setItem(this.#key, JSON.stringify(kept));
      else this.#env.storage?.removeItem(this.#key);
    } catch {
      // Then it lasts as long as the page.
    }
  }
}

/** Return how long after it came a session is renewed, ms: at half its life, as far as the clock can be believed. */
function renewAfter(kept: Kept): number {
  const life = Date.parse(kept.expires_at) - kept.obtained_at;
  return life > 0 ? Math.min(life / 2, HALF_A_DAY_MS) : WITHOUT_CLOCK_MS;
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { token, visitor_id, expires_at, obtained_at } = value as Partial<Kept>;
  return (
    [token, visitor_id, expires_at].every((text) => typeof text === "string") && Number.isFinite(obtained_at)
  );
}
