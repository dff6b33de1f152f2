/** One WebSocket, from its opening to its end, and whether it is still alive. */
import type { ClientFrame, ConnectionReady, ServerFrame } from "../protocol";
import type { Environment, WebSocketMaker } from "./env";

export interface SocketHandlers {
  onReady(frame: ConnectionReady): void;
  onFrame(frame: ServerFrame): void;
  /** Once, unless `close` was called. `code` is 1006 where the browser or the silence ended it. */
  onEnd(code: number, wasReady: boolean): void;
}

const OPENING_MS = 10_000;
const PING_MS = 5_000;
/** A timer that fires so late was held up by sleep; what came meanwhile may be waiting still. */
const LATE_MS = 2_000;
const INTERVALS = 2.5;

export class Socket {
  readonly #env: Environment;
  readonly #handlers: SocketHandlers;
  readonly #socket: WebSocket;
  #timer: unknown;
  #ready = false;
  #over = false;
  #pinged = false;
  /** How long silence is borne, ms; and until when this one is. */
  #patience = OPENING_MS;
  #deadline: number;

  /** Raises what the browser raises for an address that it does not connect to. */
  constructor(env: Environment, Maker: WebSocketMaker, url: string, token: string, handlers: SocketHandlers) {
    this.#env = env;
    this.#handlers = handlers;
    this.#deadline = env.clock.now() + OPENING_MS;
    this.#socket = new Maker(url, ["carrel.v1", `carrel.token.${token}`]);
    this.#socket.onmessage = (event) => this.#heard(event.data);
    this.#socket.onclose = (event) => this.#end(event.code);
    this.#watch();
  }

  send(frame: ClientFrame): void {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** Ask for a sign of life; without one it ends in some seconds. */
  check(): void {
    if (!this.#ready || this.#pinged) return;
    this.#pinged = true;
    this.send({ type: "ping" });
    this.#deadline = Math.min(this.#deadline, this.#env.clock.now() + PING_MS);
    this.#watch();
  }

  close(): void {
    this.#leave();
    this.#socket.close(1000);
  }

  #heard(data: unknown): void {
    this.#pinged = false;
    this.#deadline = this.#env.clock.now() + this.#patience;
    const frame = parse(data);
    if (!frame) return;
    if (frame.type === "connection-ready") {
      this.#ready = true;
      this.#patience = frame.heartbeat_interval_ms * INTERVALS;
      this.#deadline = this.#env.clock.now() + this.#patience;
      this.#watch();
      this.#handlers.onReady(frame);
    } else this.#handlers.onFrame(frame);
  }

  /** Look again at the deadline: one timer, not one for every frame. */
  #watch(): void {
    const { clock } = this.#env;
    clock.clearTimeout(this.#timer);
    const due = this.#deadline;
    this.#timer = clock.setTimeout(() => this.#look(due), Math.max(0, due - clock.now()));
  }

  #look(due: number): void {
    const now = this.#env.clock.now();
    if (now < this.#deadline) this.#watch();
    else if (this.#ready && !this.#pinged && now - due > LATE_MS) {
      this.#deadline = now + PING_MS;
      this.check();
    } else {
      this.#socket.close();
      this.#end(1006);
    }
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#leave();
    this.#handlers.onEnd(code, this.#ready);
  }

  /** A socket that is closing may take its time, and may still say something: nobody listens. */
  #leave(): void {
    this.#over = true;
    this.#env.clock.clearTimeout(this.#timer);
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
  }
}

function parse(data: unknown): ServerFrame | undefined {
  try {
    const frame: unknown = JSON.parse(String(data));
    return typeof frame === "object" && frame !== null && "type" in frame
      ? (frame as ServerFrame)
      : undefined;
  } catch {
    return undefined;
  }
}
