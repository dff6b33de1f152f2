/**
 * A client of Carrel's chat protocol for a page: asks, follows answers, and comes back by itself after whatever
 * happens to a connection. No framework, no dependency; see docs/client.md.
 */
import { Connection, type ConnectionState } from "./client/connection";
import { browser, type Environment } from "./client/env";
import { History } from "./client/history";
import { Http } from "./client/http";
import type { Create } from "./client/living";
import type { Run } from "./client/run";
import { Runs } from "./client/runs";
import { VisitorSession } from "./client/session";
import { Stored } from "./client/stored";
import { uuid } from "./client/uuid";
import type { ConnectionReady, Filters, Limits, PageContext } from "./protocol";

export { length, slice, unitsOf } from "./client/codepoints";
export type { ConnectionState } from "./client/connection";
export { ProblemError } from "./client/problem";
export { Run, type RunFailure, type RunState } from "./client/run";
export type * from "./protocol";

export interface ClientOptions extends Partial<Environment> {
  /** Where Carrel is, such as "https://docs.example.com/carrel/"; with or without the slash. */
  baseUrl: string | URL;
  /** The name the session is kept under. */
  storageKey?: string;
}

export interface AskOptions {
  /** Without it a new conversation begins. */
  conversationId?: string | undefined;
  context?: PageContext | undefined;
  filters?: Filters | undefined;
}

const SESSION = { code: "session", message: "The session has ended; this is another one.", retryable: false };
const CLOSED = { code: "closed", message: "The connection was closed.", retryable: true };

/**
 * Events: "state" (also when `transport` or `retryAt` changed), "session" (another visitor id: what was remembered
 * of conversations is another's), "limits".
 */
export class CarrelClient extends EventTarget {
  /** With a slash at its end. */
  readonly baseUrl: URL;
  readonly http: Http;
  visitorId: string | undefined;
  limits: Limits | undefined;
  readonly #session: VisitorSession;
  readonly #connection: Connection;
  readonly #runs: Runs;
  readonly #history: History;
  /** What each run asked, for `retry`. */
  readonly #asked = new WeakMap<Run, Create>();

  constructor(options: ClientOptions) {
    super();
    const env: Environment = { ...browser(), ...options };
    this.baseUrl = folder(options.baseUrl);
    const sessions = new URL("v1/sessions", this.baseUrl).href;
    const key = options.storageKey ?? `carrel.session ${this.baseUrl.href}`;
    this.#session = new VisitorSession(env, sessions, key, (id, other) => this.#visitor(id, other));
    this.http = new Http({ baseUrl: this.baseUrl, fetch: env.fetch, credentials: this.#bearer });
    this.#history = new History(this.http);
    this.#runs = new Runs({
      env,
      send: (frame) => this.#connection.send(frame),
      stored: new Stored(env, this.#history),
      maxFrameBytes: () => this.limits?.max_frame_bytes,
      closed: () => (this.state === "closed" ? { ...CLOSED, ...this.problem } : undefined),
    });
    this.#connection = new Connection(env, this.#session, this.http, {
      onReady: (frame) => this.#ready(frame),
      onFrame: (frame) => this.#runs.receive(frame),
      onLost: (code) => this.#runs.lost(code),
      onChange: () => this.#changed(),
      isBusy: () => this.#runs.isBusy,
    });
    this.#session.start();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** While "waiting" or "offline": when it is tried again, milliseconds since 1970. */
  get retryAt(): number | undefined {
    return this.#connection.retryAt;
  }

  get transport(): "websocket" | "sse" | undefined {
    return this.#connection.transport;
  }

  /** Why it is "closed" when nobody closed it. */
  get problem(): { code: string; message: string } | undefined {
    return this.#connection.problem;
  }

  connect(): void {
    this.#session.start();
    this.#connection.open();
  }

  /** End everything here; runs go on at the server, and `follow` finds them again. */
  close(): void {
    this.#connection.close();
    this.#session.stop();
  }

  /** Ask now, or as soon as there is a connection; sent again until it is acknowledged, and stored once. */
  ask(content: string, options: AskOptions = {}): Run {
    return this.#ask({
      type: "message-create",
      client_message_id: uuid(),
      content,
      ...(options.conversationId ? { conversation_id: options.conversationId } : {}),
      ...(options.context ? { context: options.context } : {}),
      ...(options.filters ? { filters: options.filters } : {}),
    });
  }

  /** Another answer to a question of one's own; its earlier answers stay. */
  regenerate(questionId: string): Run {
    return this.#ask({ type: "run-regenerate", client_message_id: uuid(), message_id: questionId });
  }

  /** What `run` asked, once more: another answer where the question was stored, else the same question. */
  retry(run: Run): Run {
    const create = this.#asked.get(run);
    if (run.questionId && run.id) return this.regenerate(run.questionId);
    if (!create) throw new Error("This run asked nothing that is known here.");
    // Under the same id: should it have arrived after all, it is not asked twice.
    return this.#ask(create);
  }

  /** A run from its beginning: after a reload in mid-answer, in a second tab. One that is followed is returned. */
  follow(run: { runId: string; conversationId: string; messageId?: string | undefined }): Run {
    this.#connect();
    return this.#runs.follow(run);
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
  async eraseMe(): Promise<void> {
    await this.#history.eraseMe();
    this.#session.forget();
    await this.#session.token();
  }

  #ask(create: Create): Run {
    this.#connect();
    const run = this.#runs.ask(create);
    this.#asked.set(run, create);
    return run;
  }

  /** Connect for whoever did not ask to; what was closed stays closed. */
  #connect(): void {
    if (this.state === "idle") this.connect();
  }

  #ready(frame?: ConnectionReady): void {
    if (frame) {
      this.limits = frame.limits;
      this.dispatchEvent(new Event("limits"));
    }
    this.#runs.ready();
  }

  #changed(): void {
    // What a refusal closed is over for the questions, too.
    if (this.state === "closed") this.#runs.endAll({ ...CLOSED, ...this.problem });
    this.dispatchEvent(new Event("state"));
  }

  #visitor(id: string, other: boolean): void {
    this.visitorId = id;
    if (!other) return;
    this.#runs.otherVisitor(SESSION);
    this.dispatchEvent(new Event("session"));
    this.#connection.restart();
  }

  readonly #bearer = async (refused?: Record<string, string>): Promise<Record<string, string>> => {
    const token = refused?.Authorization?.slice("Bearer ".length);
    return { Authorization: `Bearer ${await this.#session.token(token)}` };
  };
}

function folder(address: string | URL): URL {
  const url = new URL(address);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  url.search = url.hash = "";
  return url;
}
