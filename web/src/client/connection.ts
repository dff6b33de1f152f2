/**
 * The way to the server: a WebSocket as long as one opens, else streams over HTTP; opened again by itself.
 *
 * Owns when it is tried. Knows nothing of questions and runs.
 */
import type { ClientFrame, ConnectionReady, ServerFrame } from "../protocol";
import { backoff } from "./backoff";
import { afterClose, isFault } from "./closing";
import { type Environment, within } from "./env";
import type { Http } from "./http";
import { asProblem, type ProblemError } from "./problem";
import type { VisitorSession } from "./session";
import { Socket } from "./socket";
import type { Streams } from "./streams";

/**
 * "waiting": it will be tried again at `retryAt`; "offline": the same, and the browser says that there is no network.
 * "idle": not asked to connect yet. "closed": by `close()`, or by a refusal that trying again does not change (then
 * `problem` says which).
 */
export type ConnectionState = "idle" | "connecting" | "open" | "waiting" | "offline" | "closed";

export interface ConnectionHandlers {
  /** `frame` is there over a WebSocket. */
  onReady(frame?: ConnectionReady): void;
  onFrame(frame: ServerFrame): void;
  onLost(code: number): void;
  /** The state or what belongs to it is another. */
  onChange(): void;
  /** Whether an answer is being told. */
  isBusy(): boolean;
}

/** So often a WebSocket does not open while HTTP works before streams take its place. */
const STRIKES = 3;
/** How long streams are used before a WebSocket is tried again, the first time and at most. */
const STREAMS_MS = 30_000;
const STREAMS_MOST_MS = 5 * 60_000;
/** A connection that held so long begins the backoff anew. */
const HELD_MS = 5_000;
const PROBE_MS = 10_000;
/** And one that held so long is not closed for the same fault. */
const FORGIVEN_MS = 10 * 60_000;

export class Connection {
  state: ConnectionState = "idle";
  retryAt: number | undefined;
  transport: "websocket" | "sse" | undefined;
  problem: { code: string; message: string } | undefined;
  readonly #env: Environment;
  readonly #session: VisitorSession;
  readonly #http: Http;
  readonly #handlers: ConnectionHandlers;
  #wire: Socket | Streams | undefined;
  #timer: unknown;
  #attempts = 0;
  #strikes = 0;
  #faults = 0;
  #readyAt = 0;
  #socketsAt = 0;
  #streamsFor = STREAMS_MS;
  #refused: string | undefined;
  /** Grows whenever what is under way is given up. */
  #turn = 0;

  constructor(env: Environment, session: VisitorSession, http: Http, handlers: ConnectionHandlers) {
    this.#env = env;
    this.#session = session;
    this.#http = http;
    this.#handlers = handlers;
  }

  open(): void {
    if (this.state !== "idle" && this.state !== "closed") return;
    this.#attempts = this.#faults = this.#strikes = this.#socketsAt = 0;
    this.#refused = undefined;
    this.problem = undefined;
    this.#listen("addEventListener");
    this.#attempt();
  }

  close(): void {
    this.#drop();
    this.#listen("removeEventListener");
    this.#set("closed");
  }

  /** Connect anew, since who is asking is another. */
  restart(): void {
    if (!this.#wire) return;
    this.#drop();
    this.#attempt();
  }

  /** Return whether `frame` went out; what did not is the caller's to send when it is ready. */
  send(frame: ClientFrame): boolean {
    if (this.state !== "open") return false;
    this.#wire?.send(frame);
    return true;
  }

  #attempt(): void {
    this.#env.clock.clearTimeout(this.#timer);
    this.#turn += 1;
    this.#set("connecting");
    const turn = this.#turn;
    const stale = () => turn !== this.#turn;
    this.#session.token(this.#refused).then(
      (token) => stale() || this.#connect(token),
      (error) => stale() || this.#failed(asProblem(error)),
    );
  }

  #connect(token: string): void {
    const Maker = this.#env.WebSocket;
    if (!Maker || this.#env.clock.now() < this.#socketsAt) {
      void this.#probe();
      return;
    }
    const handlers = {
      onReady: (frame: ConnectionReady) => this.#ready("websocket", frame),
      onFrame: (frame: ServerFrame) => this.#handlers.onFrame(frame),
      onEnd: (code: number, wasReady: boolean) => this.#ended(code, wasReady, token),
    };
    const url = new URL("v1/chat", this.#http.baseUrl);
    url.protocol = url.protocol.replace("http", "ws");
    try {
      this.#wire = new Socket(this.#env, Maker, url.href, token, handlers);
    } catch {
      this.#ended(1006, false, token);
    }
  }

  #ended(code: number, wasReady: boolean, token: string): void {
    this.#wire = undefined;
    if (wasReady) this.#lost(code);
    if (!wasReady && code === 1006) {
      void this.#probe(); // a browser does not say why it did not open
      return;
    }
    if (isFault(code)) this.#faults += 1;
    const next = afterClose(code, this.#faults);
    if (next.do === "stop") this.#stop(next);
    else if (next.do === "rest") this.#set("idle");
    else if (next.do === "renew") this.#renew(token);
    else this.#later(next.after);
  }

  /** At once, but not over and over. */
  #renew(refused: string): void {
    this.#refused = refused;
    if (this.#attempts > 0) this.#later();
    else {
      this.#attempts = 1;
      this.#attempt();
    }
  }

  #lost(code: number): void {
    const held = this.#env.clock.now() - this.#readyAt;
    if (held >= HELD_MS) this.#attempts = 0;
    if (held >= FORGIVEN_MS) this.#faults = 0;
    this.transport = undefined;
    this.#handlers.onLost(code);
  }

  /** Ask over HTTP why there is no WebSocket; where there is no reason, it is one more strike against them. */
  async #probe(): Promise<void> {
    const turn = this.#turn;
    try {
      await within(this.#env.clock, PROBE_MS, (signal) =>
        this.#http.json("GET", "v1/conversations", { query: { limit: 1 }, signal }),
      );
    } catch (error) {
      this.#strikes = 0;
      if (turn === this.#turn) this.#failed(asProblem(error));
      return;
    }
    if (turn !== this.#turn) return;
    this.#strikes += 1;
    const blocked = !this.#env.WebSocket || this.#env.clock.now() < this.#socketsAt;
    if (blocked || this.#strikes >= STRIKES) await this.#stream(turn);
    else this.#later();
  }

  /** Streams are loaded when they are needed, which is seldom. */
  async #stream(turn: number): Promise<void> {
    const loaded = await import("./streams").catch(() => undefined);
    if (turn !== this.#turn) return;
    if (!loaded) {
      this.#later();
      return;
    }
    const now = this.#env.clock.now();
    if (now >= this.#socketsAt) {
      this.#socketsAt = now + this.#streamsFor;
      this.#streamsFor = Math.min(this.#streamsFor * 2, STREAMS_MOST_MS);
    }
    this.#wire = new loaded.Streams(this.#env, this.#http, {
      onFrame: (frame) => this.#handlers.onFrame(frame),
      onEnd: () => {
        this.#wire = undefined;
        this.#lost(1006);
        this.#later();
      },
    });
    if (this.#env.WebSocket) this.#socketsLater(this.#socketsAt - now);
    this.#ready("sse");
  }

  /** Try WebSockets again some time, when no answer has to wait for it. */
  #socketsLater(ms: number): void {
    this.#timer = this.#env.clock.setTimeout(() => {
      if (this.#handlers.isBusy()) this.#socketsLater(30_000);
      else this.restart();
    }, ms);
  }

  #ready(transport: "websocket" | "sse", frame?: ConnectionReady): void {
    this.transport = transport;
    this.#refused = undefined;
    this.#readyAt = this.#env.clock.now();
    if (frame) {
      this.#strikes = this.#socketsAt = 0;
      this.#streamsFor = STREAMS_MS;
    }
    this.#set("open");
    this.#handlers.onReady(frame);
  }

  #failed(problem: ProblemError): void {
    if (problem.status === 403) this.#stop(problem);
    else this.#later(problem.retryAfterMs);
  }

  #stop({ code, message }: { code: string; message: string }): void {
    this.problem = { code, message };
    this.close();
  }

  #later(after = 0): void {
    const { clock, random, around } = this.#env;
    const wait = backoff(this.#attempts, random(), after);
    this.#attempts += 1;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => this.#attempt(), wait);
    this.#set(around.onLine() ? "waiting" : "offline", clock.now() + wait);
  }

  #drop(): void {
    this.#turn += 1;
    this.#env.clock.clearTimeout(this.#timer);
    this.#wire?.close();
    this.#wire = undefined;
    this.transport = undefined;
  }

  #set(state: ConnectionState, retryAt?: number): void {
    this.state = state;
    this.retryAt = retryAt;
    this.#handlers.onChange();
  }

  #listen(how: "addEventListener" | "removeEventListener"): void {
    const { window, document } = this.#env.around;
    window?.[how]("online", this.#online);
    window?.[how]("offline", this.#look);
    window?.[how]("pageshow", this.#look);
    document?.[how]("visibilitychange", this.#look);
  }

  readonly #online = (): void => {
    // Another network may let WebSockets through.
    this.#socketsAt = 0;
    if (this.transport === "sse" && !this.#handlers.isBusy()) this.restart();
    else this.#look();
  };

  /** Something happened to page or network: what was waited for is tried now, what seems open is asked. */
  readonly #look = (event?: Event): void => {
    const leaves = this.#env.around.document?.visibilityState === "hidden" || event?.type === "offline";
    const waits = this.state === "waiting" || this.state === "offline";
    if (this.#wire instanceof Socket) this.#wire.check();
    else if (waits && !leaves) this.#attempt();
  };
}
