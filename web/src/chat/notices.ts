/** What is said of an answer, a connection or a refusal, in plain words. Pure. */
import type { RunFailure } from "../client";
import { texts } from "../texts";
import type { ChatClient } from "./ports";
import type { Answer } from "./transcript";

/** What an answer had to do without, in one line; undefined when nothing. */
export function degradedLine(degraded: readonly string[]): string | undefined {
  const { parts, other, note } = texts.degraded;
  const known: Readonly<Record<string, string>> = parts;
  const said = new Set(degraded.map((part) => known[part] ?? other(part)));
  return said.size ? note([...said]) : undefined;
}

/** What goes on before the first word. */
export function progressLine({ status, position, found }: Answer): string {
  const { progress } = texts;
  if (status === "sending") return progress.sending;
  if (status === "queued") return position ? progress.queued(position) : progress.waiting;
  if (status === "gap") return progress.gap;
  return found ? progress.reading(found) : progress.searching;
}

export interface Outcome {
  text: string;
  bad: boolean;
  /** Whether "Try again" makes sense. */
  retry: boolean;
}

/** How an answer ended, where that is not plainly well. */
export function outcomeOf({ status, error, finishReason, text }: Answer): Outcome | undefined {
  const { outcome } = texts;
  if (status === "cancelled") return { text: outcome.stopped, bad: false, retry: false };
  if (status === "incomplete") return { text: outcome.incomplete, bad: true, retry: true };
  if (status === "failed") return { text: errorLine(error), bad: true, retry: error?.retryable ?? true };
  if (finishReason === "max_tokens") return { text: outcome.tooLong, bad: false, retry: false };
  if (status === "completed" && !text.trim()) return { text: outcome.empty, bad: true, retry: true };
  return undefined;
}

/** What a refusal or failure means for who asked. */
export function errorLine(error: Partial<RunFailure> | undefined): string {
  const lines: Readonly<Record<string, string>> = texts.errors;
  const line = (error?.code && lines[error.code]) || error?.message || texts.errors.internal;
  const wait = error?.retryAfterMs;
  return wait && wait >= 1000 ? `${line} ${texts.tryAgainIn(Math.ceil(wait / 1000))}` : line;
}

/** What is said while there is no connection; `now` in milliseconds since 1970, `origin` is the page's. */
export function connectionLine(
  { state, retryAt, problem }: Pick<ChatClient, "state" | "retryAt" | "problem">,
  now: number,
  origin: string,
): string | undefined {
  const { connection, errors } = texts;
  if (state === "offline") return connection.offline;
  if (state === "closed" && problem?.code === "forbidden") {
    // A page without an origin of its own, such as a file, cannot be let in by name.
    return origin === "null" ? errors.forbidden : `${errors.forbidden} ${connection.forbidden(origin)}`;
  }
  if (state === "closed") return connection.closed;
  if (state === "connecting") return connection.connecting;
  if (state !== "waiting") return undefined;
  const seconds = Math.ceil(((retryAt ?? now) - now) / 1000);
  return seconds > 0 ? connection.waiting(seconds) : connection.connecting;
}
