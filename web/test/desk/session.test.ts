import { expect, test } from "vitest";
import { isSendable, KeySession } from "../../src/desk/session";

function storage() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
}

test("a key is in memory alone, unless the tab is to keep it", () => {
  const tab = storage();
  const session = new KeySession(() => tab);
  session.keep("k1", false);
  expect([session.key, tab.kept.size]).toEqual(["k1", 0]);
  expect(new KeySession(() => tab).key).toBe("");
  session.keep("k2", true);
  expect(new KeySession(() => tab).key).toBe("k2");
  session.keep("k3", false);
  expect(new KeySession(() => tab).key).toBe("");
});

test("signing out forgets the key everywhere", () => {
  const tab = storage();
  const session = new KeySession(() => tab);
  session.keep("k", true);
  session.forget();
  expect([session.key, tab.kept.size, new KeySession(() => tab).key]).toEqual(["", 0, ""]);
});

test("storage that throws or is not there leaves the key in memory", () => {
  const blocked = () => {
    throw new DOMException("no", "SecurityError");
  };
  for (const session of [new KeySession(blocked), new KeySession(() => undefined)]) {
    session.keep("k", true);
    expect(session.key).toBe("k");
    session.forget();
    expect(session.key).toBe("");
  }
});

test("only what a header can hold is sent", () => {
  expect(["abc-123", "a b", "schlüssel", "", "a\nb"].map(isSendable)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
