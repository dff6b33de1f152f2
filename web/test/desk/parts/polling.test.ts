import type { ReactiveControllerHost } from "lit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Polling } from "../../../src/desk/parts/polling";

const host = { addController: () => {} } as unknown as ReactiveControllerHost;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function look(hidden: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  document.dispatchEvent(new Event("visibilitychange"));
}

test("it is done at once and again, until the view is left", async () => {
  let times = 0;
  const polling = new Polling(
    host,
    async () => times++,
    () => 1000,
  );
  polling.hostConnected();
  await vi.advanceTimersByTimeAsync(2500);
  expect(times).toBe(3);
  polling.hostDisconnected();
  await vi.advanceTimersByTimeAsync(5000);
  expect(times).toBe(3);
});

test("a page that nobody looks at asks for nothing, and for all when it is looked at", async () => {
  let times = 0;
  const polling = new Polling(
    host,
    async () => times++,
    () => 1000,
  );
  polling.hostConnected();
  look(true);
  await vi.advanceTimersByTimeAsync(5000);
  expect(times).toBe(1);
  look(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(times).toBe(2);
  polling.hostDisconnected();
});
