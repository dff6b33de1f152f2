// @vitest-environment node
import { describe, expect, it } from "vitest";
import { backoff } from "../../src/client/backoff";
import { afterClose, isFault, MOST_FAULTS } from "../../src/client/closing";
import { length, slice, unitsOf } from "../../src/client/codepoints";
import { uuid } from "../../src/client/uuid";

describe("backoff", () => {
  it("grows to fifteen seconds, with full jitter", () => {
    expect([0, 1, 2, 3, 4, 5, 20].map((attempt) => backoff(attempt, 1))).toEqual([
      500, 1000, 2000, 4000, 8000, 15_000, 15_000,
    ]);
    expect(backoff(5, 0.5)).toBe(7_500);
    expect(backoff(5, 0)).toBe(100);
  });

  it("waits for what the server asked for, and the jitter on top", () => {
    expect(backoff(0, 0.5, 2_000)).toBe(2_250);
  });
});

describe("afterClose", () => {
  it.each([1000, 1001, 1005, 1006, 1011, 3000])("tries again after %i", (code) => {
    expect(afterClose(code, 0)).toEqual({ do: "retry", after: 0 });
  });

  it("waits after a restart, when overloaded, and longest after too many questions", () => {
    const waits = [1012, 1013, 4429].map((code) => afterClose(code, 0));
    expect(waits.map((next) => next.do === "retry" && next.after)).toEqual([250, 1_000, 5_000]);
  });

  it("renews after 4401, stops after 4403, rests after 4408", () => {
    expect(afterClose(4401, 0).do).toBe("renew");
    expect(afterClose(4403, 0)).toMatchObject({ do: "stop", code: "forbidden" });
    expect(afterClose(4408, 0).do).toBe("rest");
  });

  it.each([1003, 1007, 1008, 1009])("does not try for ever after %i, which is a fault of ours", (code) => {
    expect(isFault(code)).toBe(true);
    expect(afterClose(code, 1)).toEqual({ do: "retry", after: 1_000 });
    expect(afterClose(code, MOST_FAULTS)).toMatchObject({ do: "stop", code: "invalid_request" });
  });
});

describe("code points", () => {
  const text = "a😀b𝒞é";

  it("slices by code points where JavaScript counts units", () => {
    expect(slice(text, 1, 2)).toBe("😀");
    expect(slice(text, 2, 4)).toBe("b𝒞");
    expect(slice(text, 4, 99)).toBe("é");
    expect(slice(text, 9, 12)).toBe("");
    expect(length(text)).toBe(5);
  });

  it("goes on from where it was", () => {
    const first = unitsOf(text, 2);
    expect(first).toBe(3);
    expect(unitsOf(text, 2, first)).toBe(unitsOf(text, 4));
  });
});

describe("uuid", () => {
  const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  it("is a random one, also where the page is not secure", () => {
    expect(uuid()).toMatch(FORM);
    const { randomUUID } = crypto;
    Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
    try {
      expect(uuid()).toMatch(FORM);
      expect(uuid()).not.toBe(uuid());
    } finally {
      Object.defineProperty(crypto, "randomUUID", { value: randomUUID, configurable: true });
    }
  });
});
