import { expect, test } from "vitest";
import { filtersOf, needsValue, type Operation } from "../../../src/desk/search/filters";

const row = (key: string, operation: Operation, value = "") => ({ key, operation, value });

test("each row is a condition, two bounds of one key are a range", () => {
  const rows = [
    ...[
      row("lang", "is", "en"),
      row("tags", "any", "a, b"),
      row("year", "gte", "2020"),
      row("year", "lt", "2024"),
    ],
    ...[row("part", "number", "3"), row("draft", "no"), row("new", "yes"), row(" ", "is", "not counted")],
  ];
  expect(filtersOf(rows)).toEqual({
    filters: {
      lang: "en",
      tags: ["a", "b"],
      year: { gte: 2020, lt: 2024 },
      part: 3,
      draft: false,
      new: true,
    },
  });
});

test("the first row that makes no condition is named", () => {
  expect(filtersOf([row("a", "is", "x"), row("year", "gte", "soon")])).toEqual({ wrong: 1 });
  expect(filtersOf([row("n", "number", " ")])).toEqual({ wrong: 0 });
  expect(filtersOf([row("n", "any", "a,,b")])).toEqual({ wrong: 0 });
  expect(filtersOf([row("a", "is", "x"), row("a", "is", "y")])).toEqual({ wrong: 1 });
  expect(filtersOf([row("a", "gte", "1"), row("a", "is", "y")])).toEqual({ wrong: 1 });
});

test("a key may be called as anything", () => {
  const made = filtersOf([row("__proto__", "is", "x"), row("constructor", "is", "y")]);
  expect("filters" in made && Object.entries(made.filters)).toEqual([
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

test("yes and no need no value", () => {
  expect((["yes", "no", "is", "gte"] as const).map(needsValue)).toEqual([false, false, true, true]);
});
