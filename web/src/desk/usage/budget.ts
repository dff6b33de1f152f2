/** What of the month's budget is used, and what that leaves on. Pure. */
import type { UsageReport } from "../wire";

export type Duty = "rerank" | "condensing" | "document_embedding" | "generation" | "query_embedding";

/** In the order in which they end, with the share of the budget at which (docs/operations.md). */
export const DUTIES: readonly (readonly [Duty, number])[] = [
  ["rerank", 0.8],
  ["condensing", 0.8],
  ["document_embedding", 0.9],
  ["generation", 0.97],
  ["query_embedding", 1],
];

export function tokens({ input_tokens, output_tokens, embedding_tokens }: UsageReport): number {
  return input_tokens + output_tokens + embedding_tokens;
}

/** Return the used share of the tightest limit, 0 to 1; undefined where there is none. */
export function usedShare(report: UsageReport): number | undefined {
  const shares: number[] = [];
  if (report.limit !== null) shares.push(report.calls / Math.max(report.limit, 1));
  if (report.token_limit !== null) shares.push(tokens(report) / Math.max(report.token_limit, 1));
  return shares.length ? Math.min(Math.max(...shares), 1) : undefined;
}

/** Return what does not go on. */
export function ended(report: UsageReport): Duty[] {
  return DUTIES.map(([duty]) => duty).filter((duty) => !report[duty]);
}
