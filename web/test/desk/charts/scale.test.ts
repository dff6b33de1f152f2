import { expect, test } from "vitest";
import { shownLabels, stack, ticks } from "../../../src/desk/charts/scale";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [7, [0, 2, 4, 6, 8]],
  [8, [0, 2, 4, 6, 8]],
  [97, [0, 50, 100]],
  [400, [0, 100, 200, 300, 400]],
  [1234, [0, 500, 1000, 1500]],
])("up to %d are whole and round", (max, marks) => expect(ticks(max)).toEqual(marks));

test("segments stand upon each other, empty ones are none", () => {
  expect(stack([3, 0, 2])).toEqual([
    { series: 0, from: 0, to: 3 },
    { series: 2, from: 3, to: 5 },
  ]);
});

test("labels are few, even, and begin with the first", () => {
  expect([...shownLabels(30, 6)]).toEqual([0, 5, 10, 15, 20, 25]);
  expect([...shownLabels(4, 6)]).toEqual([0, 1, 2, 3]);
  expect([...shownLabels(0, 6)]).toEqual([]);
});
