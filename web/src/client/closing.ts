/** What follows from how a connection ended. Pure. */

export type Next =
  /** Try again, after at least so many milliseconds. */
  | { do: "retry"; after: number }
  /** Get another token, then try again. */
  | { do: "renew" }
  /** Wait until there is something to say. */
  | { do: "rest" }
  /** Trying again would change nothing. */
  | { do: "stop"; code: string; message: string };

/** After so many closings in a row for a fault of this client's it stops. */
export const MOST_FAULTS = 3;

const FAULTS: Readonly<Record<number, string>> = {
  1002: "a frame was malformed",
  1003: "a frame was not text",
  1007: "a frame was not UTF-8",
  1008: "too many frames were refused",
  1009: "a frame was too large",
  1010: "an extension was missing",
};

const WAITS: Readonly<Record<number, number>> = {
  1012: 250, // a restart: the next process is soon there
  1013: 1_000,
  4429: 5_000,
};

/** Return what to do after close code `code`; `faults` such closings were for faults of ours, this one counted. */
export function afterClose(code: number, faults: number): Next {
  if (code === 4401) return { do: "renew" };
  if (code === 4403) return { do: "stop", code: "forbidden", message: "This page's origin may not connect." };
  if (code === 4408) return { do: "rest" };
  const fault = FAULTS[code];
  if (fault && faults >= MOST_FAULTS) return { do: "stop", code: "invalid_request", message: fault };
  return { do: "retry", after: fault ? 1_000 : (WAITS[code] ?? 0) };
}

export function isFault(code: number): boolean {
  return code in FAULTS;
}
