/**
 * A client of Carrel's chat protocol for a page: asks, follows answers, and comes back by itself after whatever
 * happens to a connection. No framework, no dependency; see docs/client.md.
 */
import type { Environment } from "./client/env";
import { History } from "./client/history";
import { Http } from "./client/http";
import { Run } from "./client/run";
import type { Filters, Limits, PageContext } from "./protocol";

export { length, slice, unitsOf } from "./client/codepoints";
export { ProblemError } from "./client/problem";
export { Run, type RunFailure, type RunState } from "./client/run";
export type * from "./protocol";

export interface ClientOptions extends Partial<Environment> {
  /** Where Carrel is, such as "https://docs.example.com/carrel/". */
  baseUrl: string | URL;
  /** The name the session is kept under. */
  storageKey?: string;
}

/**
 * "waiting": it will be tried again at `retryAt`. "idle": not asked to connect yet. "closed": by `close()`, or by
 * a refusal that trying again does not change (then `problem` says which); `connect()` begins anew.
 */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "offline" | "closed";

export interface AskOptions {
  conversationId?: string;
  context?: PageContext;
  filters?: Filters;
}

/**
 * Events: "state" (also when `transport` or `retryAt` changed), "session" (another visitor id: what was remembered
 * of conversations is another's), "limits".
 */
export class CarrelClient extends EventTarget {
  readonly baseUrl: URL;
  readonly http: Http;
  readonly #history: History;
  state: ConnectionState = "idle";
  /** While "waiting": milliseconds since 1970. */
  retryAt: number | undefined;
  transport: "websocket" | "sse" | undefined;
  visitorId: string | undefined;
  limits: Limits | undefined;
  /** Why it is "closed" when nobody closed it. */
  problem: { code: string; message: string } | undefined;

  constructor(options: ClientOptions) {
    super();
    this.baseUrl = new URL(options.baseUrl);
    this.http = new Http({ baseUrl: this.baseUrl, credentials: async () => ({}) });
    this.#history = new History(this.http);
  }

  connect(): void {}
  close(): void {}

  /** Ask now, or as soon as there is a connection; sent again until it is acknowledged, and stored once. */
  ask(_content: string, _options: AskOptions = {}): Run {
    return new Run(() => {});
  }

  /** Another answer to a question of one's own. */
  regenerate(_questionId: string): Run {
    return new Run(() => {});
  }

  /** What `run` asked, once more: another answer where the question was stored, else the same question. */
  retry(_run: Run): Run {
    return new Run(() => {});
  }

  /** A run from its beginning: after a reload in mid-answer, in a second tab. One that is followed is returned. */
  follow(_run: { runId: string; conversationId: string; messageId?: string }): Run {
    return new Run(() => {});
  }

  conversations: History["conversations"] = (...given) => this.#history.conversations(...given);
  conversation: History["conversation"] = (...given) => this.#history.conversation(...given);
  messages: History["messages"] = (...given) => this.#history.messages(...given);
  message: History["message"] = (...given) => this.#history.message(...given);
  rename: History["rename"] = (...given) => this.#history.rename(...given);
  remove: History["remove"] = (...given) => this.#history.remove(...given);
  export: History["export"] = (...given) => this.#history.export(...given);
  rate: History["rate"] = (...given) => this.#history.rate(...given);
  exportMe: History["exportMe"] = () => this.#history.exportMe();
  /** Erase everything that is held on this visitor, who is then forgotten here, too. */
  eraseMe: History["eraseMe"] = () => this.#history.eraseMe();
}
