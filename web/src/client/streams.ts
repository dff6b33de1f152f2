/**
 * The protocol without a WebSocket: each frame that is sent is a request, the frames that come are server-sent
 * events. For networks whose proxies let no WebSocket through.
 */
import type { ClientFrame, ErrorFrame, MessageCreate, ServerFrame } from "../protocol";
import type { Environment } from "./env";
import type { Http, RequestOptions } from "./http";
import { asProblem, type ProblemError } from "./problem";
import { readEvents } from "./sse";

export interface StreamHandlers {
  onFrame(frame: ServerFrame): void;
  /** The server cannot be reached; at most once, unless `close` was called. */
  onEnd(): void;
}

const DEAD_MS = 60_000;

/** What an error is about. */
type About = { client_message_id: string } | { run_id: string };

export class Streams {
  readonly #env: Environment;
  readonly #http: Http;
  readonly #handlers: StreamHandlers;
  /** By what they are about: a question's id, then its run's. */
  readonly #open = new Map<string, AbortController>();
  #over = false;
  #timer: unknown;

  constructor(env: Environment, http: Http, handlers: StreamHandlers) {
    this.#env = env;
    this.#http = http;
    this.#handlers = handlers;
  }

  send(frame: ClientFrame): void {
    if (frame.type === "message-create") void this.#ask(frame);
    else if (frame.type === "run-resume") void this.#resume(frame.run_id, frame.starting_after);
    else if (frame.type === "run-cancel") void this.#cancel(frame.run_id);
    else if (frame.type === "run-regenerate") {
      const about = { client_message_id: frame.client_message_id };
      this.#tell(about, {
        code: "unsupported",
        message: "This network lets no WebSocket through.",
        retryable: false,
      });
    }
  }

  close(): void {
    this.#over = true;
    for (const controller of this.#open.values()) controller.abort();
    this.#open.clear();
    this.#alive();
  }

  #ask(frame: MessageCreate): Promise<void> {
    const about = { client_message_id: frame.client_message_id };
    const conversation = frame.conversation_id;
    const path = conversation
      ? `v1/conversations/${encodeURIComponent(conversation)}/messages`
      : "v1/messages";
    return this.#follow(frame.client_message_id, about, "POST", path, { json: frame });
  }

  #resume(runId: string, after: number): Promise<void> {
    const headers: Record<string, string> = after > 0 ? { "Last-Event-ID": `${runId}:${after}` } : {};
    const path = `v1/runs/${encodeURIComponent(runId)}/events`;
    return this.#follow(runId, { run_id: runId }, "GET", path, { headers });
  }

  async #cancel(runId: string): Promise<void> {
    const path = `v1/runs/${encodeURIComponent(runId)}/cancel`;
    await this.#http.json("POST", path).catch((error) => this.#failed({ run_id: runId }, asProblem(error)));
  }

  async #follow(
    key: string,
    about: About,
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<void> {
    const controller = new AbortController();
    const isFirst = this.#open.size === 0;
    this.#open.get(key)?.abort();
    this.#open.set(key, controller);
    const headers = { ...options.headers, Accept: "text/event-stream" };
    if (isFirst) this.#alive();
    try {
      const request = { ...options, headers, signal: controller.signal };
      const response = await this.#http.send(method, path, request);
      this.#alive();
      await this.#read(about, controller, response);
    } catch (error) {
      if (!controller.signal.aborted) this.#failed(about, asProblem(error));
    } finally {
      for (const [name, one] of this.#open) if (one === controller) this.#open.delete(name);
      if (this.#open.size === 0) this.#alive();
    }
  }

  async #read(about: About, controller: AbortController, response: Response): Promise<void> {
    let at = about;
    let ended = false;
    for await (const event of readEvents(response, this.#alive)) {
      if (controller.signal.aborted) return;
      const frame = JSON.parse(event.data) as ServerFrame;
      if (frame.type === "message-ack") {
        at = { run_id: frame.run_id };
        this.#open.set(frame.run_id, controller);
      }
      ended ||= ENDS.has(frame.type);
      this.#handlers.onFrame(frame.type === "error" ? { ...frame, ...at } : frame);
    }
    // 204: the server told all of it, so what is missing here can only be read.
    if (response.status === 204) this.#tell(at, GONE);
    else if (!ended) this.#tell(at, CUT);
  }

  /** Requests of which none says anything for longer than the comments' interval are dead, whatever is believed. */
  readonly #alive = (): void => {
    const { clock } = this.#env;
    clock.clearTimeout(this.#timer);
    if (this.#open.size > 0) this.#timer = clock.setTimeout(() => this.#unreachable(), DEAD_MS);
  };

  #failed(about: About, problem: ProblemError): void {
    if (problem.status === 0) this.#unreachable();
    else {
      const { code, message, retryable, retryAfterMs } = problem;
      this.#tell(about, { code, message, retryable, retry_after_ms: retryAfterMs ?? null });
    }
  }

  #unreachable(): void {
    if (this.#over) return;
    this.close();
    this.#handlers.onEnd();
  }

  #tell(about: About, error: Omit<ErrorFrame, "type" | "client_message_id" | "run_id">): void {
    if (!this.#over) this.#handlers.onFrame({ type: "error", ...error, ...about });
  }
}

const ENDS: ReadonlySet<string> = new Set(["run-end", "error", "resume-gap"]);
const GONE = { code: "run_not_found", message: "The run has ended.", retryable: false };
const CUT = { code: "upstream_unavailable", message: "The stream was cut.", retryable: true };
