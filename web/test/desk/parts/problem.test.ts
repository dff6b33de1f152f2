import { render } from "lit";
import { expect, test } from "vitest";
import { advice, problemNote, said } from "../../../src/desk/parts/problem";
import { problem, shown } from "../support/desk";

test("each wrong field is named", () => {
  const errors = [
    { field: "url", message: "is no address" },
    { field: "interval_s", message: "is too small" },
  ];
  expect(said(problem(422, "invalid_request", { errors }))).toBe(
    "url: is no address; interval_s: is too small",
  );
});

test("what is no answer of the server is said without its inside", () => {
  expect([said(new TypeError("x is undefined")), advice(new Error())]).toEqual([
    "Something went wrong on this page.",
    "",
  ]);
  expect(said(problem(0, "network"))).toBe("Carrel cannot be reached.");
});

test("a code nobody knows yet gets advice by whether it may be tried again", () => {
  expect(advice(problem(503, "new_code", { retryable: true }))).toBe("This may work when it is tried again.");
  expect(advice(problem(409, "new_code"))).toBe("");
});

test("where the server says how long to wait, so is said", () => {
  expect(advice(problem(429, "rate_limited", { retry_after_ms: 6500 }))).toBe("Try again in 7 sec.");
});

test("a note has the request's id, and is none without a refusal", () => {
  render(problemNote(problem(500, "internal")), document.body);
  expect(shown()).toContain("Request r-1");
  render(problemNote(undefined), document.body);
  expect(shown()).toBe("");
});
