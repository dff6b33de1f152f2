/** A world to play in: a clock that is set by hand, sockets and a server that do as they are told. */
import { CarrelClient, type ClientOptions } from "../../src/client";
import type { Clock, Fetch, KeyValueStore, Locks, Surroundings } from "../../src/client/env";
import type { ClientFrame, Problem, RunFrame, ServerFrame } from "../../src/protocol";

/** Let everything that was promised happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

export class FakeClock implements Clock {
  time = Date.parse("2026-01-01T00:00:00Z");
  #timers = new Map<number, { at: number; callback: () => void }>();
  #next = 1;

  now(): number {
    return this.time;
  }

  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(this.#next, { at: this.time + ms, callback });
    this.#next += 1;
    return this.#next - 1;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Let so much time pass, timer after timer. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers]
        .filter(([, { at }]) => at <= until)
        .sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].callback();
      await settle();
    }
    this.time = until;
  }

  /** The computer sleeps: time goes on, and what was due fires late, once it wakes. */
  async sleep(ms: number): Promise<void> {
    this.time += ms;
    await this.pass(0);
  }
}

export class FakeStorage implements KeyValueStore {
  readonly items = new Map<string, string>();
  getItem(key: string) {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.items.set(key, value);
  }
  removeItem(key: string) {
    this.items.delete(key);
  }
}

/** Locks of one browser: one holder at a time. */
export class FakeLocks implements Locks {
  #last: Promise<unknown> = Promise.resolve();
  async request<T>(
    _name: string,
    { signal }: { signal: AbortSignal },
    callback: () => Promise<T>,
  ): Promise<T> {
    const before = this.#last;
    let free = () => {};
    this.#last = new Promise<void>((resolve) => {
      free = resolve;
    });
    const given = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    try {
      await Promise.race([before, given]);
      return await callback();
    } finally {
      free();
    }
  }
}

export class FakePage implements Surroundings {
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  online = true;
  readonly onLine = () => this.online;

  tell(type: string): void {
    this.window.dispatchEvent(new Event(type));
  }

  show(state: "visible" | "hidden"): void {
    this.document.visibilityState = state;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }

  stored(key: string): void {
    this.window.dispatchEvent(Object.assign(new Event("storage"), { key }));
  }
}

export class FakeSocket {
  readyState = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: ClientFrame[] = [];
  closedWith: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closedWith = code ?? 1005;
  }

  /** The server's part. */
  open(visitor = "v_1"): this {
    this.readyState = 1;
    this.tell(readyFrame(visitor));
    return this;
  }

  tell(...frames: object[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  of<T extends ClientFrame["type"]>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((frame) => frame.type === type) as Extract<ClientFrame, { type: T }>[];
  }
}

export function readyFrame(visitor = "v_1") {
  return {
    type: "connection-ready",
    protocol: 1,
    connection_id: "c",
    visitor_id: visitor,
    heartbeat_interval_ms: 20_000,
    resume_window_ms: 600_000,
    limits: { max_message_chars: 100, max_frame_bytes: 4000, messages_per_minute: 20 },
  };
}

export type Answer = Response | Error | Promise<Response>;
export interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  signal: AbortSignal | undefined;
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export function refusal(status: number, code: string, more: Partial<Problem> = {}): Response {
  const problem = { type: "about:blank", title: code, status, detail: code, code, request_id: "r" };
  return json({ ...problem, retryable: status >= 500 || status === 429, ...more }, status);
}

/** A stream of events that the test writes piece by piece. */
export class FakeStream {
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  static readonly of = new WeakMap<Response, FakeStream>();
  readonly response: Response;
  cancelled = false;

  constructor() {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.cancelled = true;
      },
    });
    this.response = new Response(body, { status: 200, headers: { "Content-Type": "text/event-stream" } });
    FakeStream.of.set(this.response, this);
  }

  write(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  tell(...frames: { type: string }[]): void {
    for (const frame of frames) this.write(`event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`);
  }

  end(): void {
    this.#controller.close();
  }

  break(): void {
    this.#controller.error(new TypeError("network"));
  }
}

/** One browser tab and the server behind it. */
export class World {
  readonly clock: FakeClock;
  readonly storage: FakeStorage;
  readonly page = new FakePage();
  readonly sockets: FakeSocket[] = [];
  readonly calls: Call[] = [];
  /** Answers by "METHOD path"; what is not here is answered 404, sessions and lists by themselves. */
  readonly routes = new Map<string, (call: Call) => Answer>();
  minted = 0;
  random = 0.5;

  constructor(shared: Partial<Pick<World, "clock" | "storage">> = {}) {
    this.clock = shared.clock ?? new FakeClock();
    this.storage = shared.storage ?? new FakeStorage();
    this.routes.set("POST v1/sessions", (call) => this.session(call.headers.Authorization));
    this.routes.set("GET v1/conversations", () => json({ items: [], next_cursor: null }));
  }

  /** The session the server gives who has `token`; a day long. */
  session(token: string | undefined, visitor?: string): Response {
    this.minted += 1;
    const known = token?.replace(/^Bearer (.*)\..*$/, "$1");
    const visitor_id = visitor ?? known ?? `v_${this.minted}`;
    const expires_at = new Date(this.clock.time + 86_400_000).toISOString();
    return json({ token: `${visitor_id}.${this.minted}`, visitor_id, expires_at });
  }

  readonly fetch: Fetch = async (input, init) => {
    const url = new URL(input);
    const call: Call = {
      method: init?.method ?? "GET",
      path: url.pathname.slice("/base/".length),
      headers: (init?.headers ?? {}) as Record<string, string>,
      body: typeof init?.body === "string" ? JSON.parse(init.body) : init?.body,
      signal: init?.signal ?? undefined,
    };
    this.calls.push(call);
    const route = this.routes.get(`${call.method} ${call.path}`);
    const aborted = new Promise<never>((_, reject) => {
      call.signal?.addEventListener("abort", () => reject(call.signal?.reason));
    });
    const answer = await Promise.race([route ? route(call) : refusal(404, "not_found"), aborted]);
    if (answer instanceof Error) throw answer;
    call.signal?.addEventListener("abort", () => FakeStream.of.get(answer)?.break());
    return answer;
  };

  client(options: Partial<ClientOptions> = {}): CarrelClient {
    const world = this;
    class Maker extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        world.sockets.push(this);
      }
    }
    return new CarrelClient({
      baseUrl: "https://carrel.test/base",
      fetch: this.fetch,
      WebSocket: Maker as unknown as typeof WebSocket,
      storage: this.storage,
      locks: undefined,
      clock: this.clock,
      random: () => this.random,
      around: this.page,
      ...options,
    });
  }

  /** The latest socket. */
  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  called(method: string, path: string): Call[] {
    return this.calls.filter((call) => call.method === method && call.path === path);
  }

  /** A client whose first socket is open. */
  async connected(options: Partial<ClientOptions> = {}): Promise<CarrelClient> {
    const client = this.client(options);
    client.connect();
    await settle();
    this.socket.open();
    await settle();
    return client;
  }
}

export function ack(clientMessageId: string | undefined, more: object = {}) {
  const ids = { message_id: "q_1", conversation_id: "c_1", run_id: "r_1" };
  return { type: "message-ack", client_message_id: clientMessageId, ...ids, duplicate: false, ...more };
}

type Part = {
  [T in RunFrame["type"]]: Omit<Extract<RunFrame, { type: T }>, keyof import("../../src/protocol").OfRun>;
}[RunFrame["type"]];

/** Frame `number` of a run. */
export function told(number: number, part: Part, run = "r_1"): ServerFrame & { type: string } {
  const of = { conversation_id: "c_1", run_id: run, message_id: "a_1", created_at: "2026-01-01T00:00:00Z" };
  return { ...of, sequence_number: number, ...part } as ServerFrame;
}

export const started = (number: number) =>
  told(number, { type: "run-start", model: "m", index_version: "i" });
export const said = (number: number, text: string) =>
  told(number, { type: "content-delta", delta: { text } });
export const ended = (number: number, status: "completed" | "cancelled" | "incomplete" = "completed") =>
  told(number, { type: "run-end", status, degraded: [], cached: false });
