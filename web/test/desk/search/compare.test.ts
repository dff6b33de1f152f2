import { expect, test } from "vitest";
import { compare, partOf, scales } from "../../../src/desk/search/compare";
import type { Passage, ScoreParts } from "../../../src/protocol";

function passage(id: string, score_parts: ScoreParts | null = null): Passage {
  const said = { document_id: "d", title: "T", url: "", anchor: "", heading_path: [], text: "x", score: 1 };
  return { id, ...said, score_parts };
}

const passages = (ids: string) => [...ids].map((id) => passage(id));

test("each passage says where it stands in the other answer", () => {
  expect(
    compare(passages("abcd"), passages("acbx")).map(({ rank, otherRank, move }) => [rank, otherRank, move]),
  ).toEqual([
    [1, 1, "same"],
    [2, 3, "up"],
    [3, 2, "down"],
    [4, undefined, "only"],
  ]);
});

test("a full bar is the largest of a part, a cosine's and a rerank's at least 1", () => {
  const parts = (text: number | null, dense: number | null) => ({ text, title: null, dense, rerank: null });
  expect(scales([passage("a", parts(12, 0.4)), passage("b", parts(3, null)), passage("c")])).toEqual({
    ...{ text: 12, title: 0, dense: 1, rerank: 1 },
  });
});

test("what did not find a passage is no score", () => {
  expect([partOf({ text: 1, title: null, dense: 0 }, "title"), partOf(null, "text")]).toEqual([
    undefined,
    undefined,
  ]);
  expect(partOf({ text: 1, title: null, dense: 0 }, "dense")).toBe(0);
});
