import { expect, test } from "vitest";
import { ago, bytes, milliseconds, number, percent, seconds } from "../../src/desk/format";

test.each([
  [0, "0 byte"],
  [1023, "1,023 byte"],
  [1536, "1.5 kB"],
  [10 * 1024 * 1024, "10 MB"],
  [3.2 * 1024 ** 4, "3,277 GB"],
])("%d bytes are %s", (value, words) => expect(bytes(value)).toBe(words));

test.each([
  [0, "0 sec"],
  [59.6, "1 min"],
  [4000, "1 hr, 6 min"],
  [90_061, "1 day, 1 hr"],
])("%d seconds are %s", (value, words) => expect(seconds(value)).toBe(words));

test("durations have as much of a number as says something", () => {
  expect([4.23, 35.4, 12_000].map(milliseconds)).toEqual(["4.2 ms", "35 ms", "12 sec"]);
});

test("times are told from now", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  expect(ago("2026-11-27T11:57:30Z", now)).toBe("2 minutes ago");
  expect(ago("2026-11-27T14:00:00Z", now)).toBe("in 2 hours");
  expect(ago("2026-11-27T12:00:00Z", now)).toBe("now");
});

test("numbers and shares", () =>
  expect([number(1234.5), number(1.239, 2), percent(0.734)]).toEqual(["1,235", "1.24", "73%"]));
