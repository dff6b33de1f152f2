/** Two answers to one query side by side: where each passage stands in the other. Pure. */
import type { Passage, ScoreParts } from "../../protocol";

export type Move = "same" | "up" | "down" | "only";

export interface Placed {
  passage: Passage;
  /** From 1. */
  rank: number;
  /** Its rank in the other answer; undefined where it is not in that. */
  otherRank: number | undefined;
  /** Against the other answer: "up" stands higher here. */
  move: Move;
}

export function compare(here: readonly Passage[], other: readonly Passage[]): Placed[] {
  const ranks = new Map(other.map(({ id }, place) => [id, place + 1]));
  return here.map((passage, place) => {
    const rank = place + 1;
    const otherRank = ranks.get(passage.id);
    const move =
      otherRank === undefined ? "only" : rank < otherRank ? "up" : rank > otherRank ? "down" : "same";
    return { passage, rank, otherRank, move };
  });
}

export const PARTS = ["text", "title", "dense", "rerank"] as const;
export type Part = (typeof PARTS)[number];

/** Return the largest of each part over all passages: what a full bar stands for. A cosine's is 1. */
export function scales(passages: readonly Passage[]): Record<Part, number> {
  const largest = (part: Part, floor: number) =>
    Math.max(floor, ...passages.map(({ score_parts }) => partOf(score_parts, part) ?? 0));
  return {
    text: largest("text", 0),
    title: largest("title", 0),
    dense: largest("dense", 1),
    rerank: largest("rerank", 1),
  };
}

export function partOf(parts: ScoreParts | null | undefined, part: Part): number | undefined {
  return parts?.[part] ?? undefined;
}
