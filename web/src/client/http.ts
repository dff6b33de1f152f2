/** The HTTP API over fetch: JSON in and out, refusals as ProblemError. Who is asking is the caller's to say. */
import type { Fetch } from "./env";
import { asProblem, ProblemError, problemOf } from "./problem";

export { ProblemError };

/**
 * Return the headers that say who is asking. `refused` is what the last ones were, when they got a 401: return
 * others, and it is asked once more; the same, or throw, and the 401 stands.
 */
export type Credentials = (refused?: Record<string, string>) => Promise<Record<string, string>>;

export interface HttpOptions {
  /** With a slash at its end; paths are relative to it. */
  baseUrl: string | URL;
  credentials: Credentials;
  fetch?: Fetch;
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface RequestOptions {
  query?: Query;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is: a file, form data. */
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Return the owner's headers: never an Authorization, which private Spaces take for themselves. */
export function adminKey(key: string): Credentials {
  return async () => ({ "X-API-Key": key });
}

export class Http {
  readonly baseUrl: URL;
  readonly #credentials: Credentials;
  readonly #fetch: Fetch;

  constructor(options: HttpOptions) {
    this.baseUrl = new URL(options.baseUrl);
    this.#credentials = options.credentials;
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Return the JSON of a 2xx answer; `undefined` for one without a body. */
  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    try {
      const text = await response.text();
      return (text ? JSON.parse(text) : undefined) as T;
    } catch (error) {
      throw asProblem(error);
    }
  }

  async blob(path: string, options: RequestOptions = {}): Promise<Blob> {
    const response = await this.send("GET", path, options);
    return response.blob().catch((error) => Promise.reject(asProblem(error)));
  }

  /** Return a 2xx answer, unread (for streams). Raises ProblemError, or what `signal` was aborted with. */
  async send(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const who = await this.#credentials();
    let response = await this.#once(method, path, options, who);
    if (response.status === 401) {
      const others = await this.#credentials(who);
      if (JSON.stringify(others) !== JSON.stringify(who)) {
        response = await this.#once(method, path, options, others);
      }
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async #once(method: string, path: string, options: RequestOptions, who: Record<string, string>) {
    const headers: Record<string, string> = { ...options.headers, ...who };
    const init: RequestInit = { method, headers, cache: "no-store", credentials: "same-origin" };
    if (options.json !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(options.json);
    } else if (options.body !== undefined) init.body = options.body;
    if (options.signal) init.signal = options.signal;
    try {
      return await this.#fetch(this.#url(path, options.query), init);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw asProblem(error);
    }
  }

  #url(path: string, query: Query = {}): string {
    const url = new URL(path, this.baseUrl);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url.href;
  }
}
