/** What the client takes from the browser, so that tests (and other runtimes) can give it something else. */

/** The part of `Storage` that is used; it may throw. */
export type KeyValueStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;
export type WebSocketMaker = new (url: string, protocols: string[]) => WebSocket;

/** The part of `navigator.locks` that is used. */
export interface Locks {
  request<T>(name: string, options: { signal: AbortSignal }, callback: () => Promise<T>): Promise<T>;
}

/** Where events of the page are heard: "online", "offline", "storage", "pageshow", "visibilitychange". */
export interface Surroundings {
  readonly window: EventTarget | undefined;
  readonly document: (EventTarget & { readonly visibilityState: string }) | undefined;
  readonly onLine: () => boolean;
}

export interface Environment {
  fetch: Fetch;
  WebSocket: WebSocketMaker | undefined;
  storage: KeyValueStore | undefined;
  locks: Locks | undefined;
  clock: Clock;
  random: () => number;
  around: Surroundings;
}

/** The browser's own; what is not there (storage that throws, no locks, no document) is `undefined`. */
export function browser(): Environment {
  const here = globalThis as Partial<typeof globalThis>;
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    WebSocket: here.WebSocket,
    storage: storage(),
    locks: here.navigator?.locks as Locks | undefined,
    clock: {
      now: () => Date.now(),
      setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
      clearTimeout: (timer) => globalThis.clearTimeout(timer as number),
    },
    random: Math.random,
    around: {
      window: here.window,
      document: here.document,
      onLine: () => here.navigator?.onLine ?? true,
    },
  };
}

/** Do `work`, whose signal is aborted when it takes longer than `ms`. */
export async function within<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = clock.setTimeout(() => controller.abort(new Error("It took too long.")), ms);
  try {
    return await work(controller.signal);
  } finally {
    clock.clearTimeout(timer);
  }
}

function storage(): KeyValueStore | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined; // a frame whose storage is blocked: then the session lasts as long as the page
  }
}
