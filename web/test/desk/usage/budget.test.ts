import { expect, test } from "vitest";
import { ended, tokens, usedShare } from "../../../src/desk/usage/budget";
import { usage } from "../support/desk";

test("tokens of every kind count", () => expect(tokens(usage())).toBe(60));

test("the tightest limit is what is used", () => {
  expect(usedShare(usage())).toBe(0.85);
  expect(usedShare(usage({ token_limit: 64 }))).toBe(60 / 64);
  expect(usedShare(usage({ limit: null }))).toBeUndefined();
  expect(usedShare(usage({ calls: 2000 }))).toBe(1);
  expect(usedShare(usage({ limit: 0, calls: 0 }))).toBe(0);
});

test("what has ended is named in the order in which it ends", () => {
  expect(ended(usage({ generation: false }))).toEqual(["rerank", "generation"]);
});
