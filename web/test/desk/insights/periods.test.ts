import { expect, test } from "vitest";
import { fromDays, lastDays, partsOf } from "../../../src/desk/insights/periods";

const local = (year: number, month: number, day: number, hour = 0) =>
  new Date(year, month - 1, day, hour).toISOString();

test("the last days are whole, with today up to now", () => {
  expect(lastDays(7, new Date(2026, 10, 27, 15))).toEqual({
    since: local(2026, 11, 21),
    until: local(2026, 11, 27, 15),
  });
});

test("chosen days are both within", () => {
  expect(fromDays("2026-11-01", "2026-11-30")).toEqual({
    since: local(2026, 11, 1),
    until: local(2026, 12, 1),
  });
  expect([fromDays("2026-11-02", "2026-11-01"), fromDays("", "2026-11-01"), fromDays("x", "y")]).toEqual([
    ...[undefined, undefined, undefined],
  ]);
});

test("parts follow each other without a gap, from the first instant to the last", () => {
  for (const days of [1, 7, 30, 31, 90, 400]) {
    const span = lastDays(days, new Date(2026, 10, 27, 15));
    const parts = partsOf(span);
    expect(parts.length).toBeLessThanOrEqual(32);
    expect([parts[0]?.since, parts.at(-1)?.until]).toEqual([span.since, span.until]);
    for (const [place, part] of parts.entries()) if (place) expect(part.since).toBe(parts[place - 1]?.until);
  }
});

test("a month is told by days, also over a change of clocks", () => {
  const parts = partsOf({ since: local(2026, 10, 20), until: local(2026, 11, 10) });
  expect(parts).toHaveLength(21);
  expect(parts.map(({ since }) => new Date(since).getHours()).every((hour) => hour === 0)).toBe(true);
});

test("no time has no parts", () =>
  expect(partsOf({ since: local(2026, 1, 1), until: local(2026, 1, 1) })).toEqual([]));
