import { expect, test } from "vitest";
import type { QuestionsQuery } from "../../../src/desk/api";
import { lastDays } from "../../../src/desk/insights/periods";
import { countsOver } from "../../../src/desk/insights/series";
import type { Questions } from "../../../src/desk/wire";

test("each part is asked for once, a few at a time, and stands in its place", async () => {
  let going = 0;
  let most = 0;
  const asked: QuestionsQuery[] = [];
  const questions = async (query: QuestionsQuery) => {
    asked.push(query);
    going += 1;
    most = Math.max(most, going);
    // The later ones answer first.
    await new Promise((resolve) => setTimeout(resolve, 20 - asked.length));
    going -= 1;
    return { counts: { asked: Date.parse(query.since ?? "") } } as unknown as Questions;
  };
  const span = lastDays(10, new Date(2026, 10, 27, 15));
  const points = await countsOver({ questions }, span, "https://d.test/a", new AbortController().signal);
  expect(points).toHaveLength(10);
  expect(most).toBe(4);
  expect(points.map(({ counts, since }) => counts.asked === Date.parse(since)).every(Boolean)).toBe(true);
  expect(asked[0]).toMatchObject({ limit: 1, page_url: "https://d.test/a" });
});

test("one refusal is the refusal of all", async () => {
  const questions = () => Promise.reject(new Error("no"));
  const span = lastDays(10, new Date(2026, 10, 27, 15));
  await expect(countsOver({ questions }, span, "", new AbortController().signal)).rejects.toThrow("no");
});
