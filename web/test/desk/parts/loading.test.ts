import type { ReactiveController, ReactiveControllerHost } from "lit";
import { expect, test } from "vitest";
import { Loading } from "../../../src/desk/parts/loading";
import { Paging } from "../../../src/desk/parts/paging";

const host: ReactiveControllerHost = {
  addController: (_controller: ReactiveController) => {},
  removeController: () => {},
  requestUpdate: () => {},
  updateComplete: Promise.resolve(true),
};

test("an answer is kept until the next, and gone with a refusal", async () => {
  const answers = [Promise.resolve(1), Promise.resolve(2), Promise.reject(new Error("no"))];
  const loading = new Loading<number>(host, () => answers.shift() as Promise<number>);
  expect([await loading.run(), loading.value, loading.busy]).toEqual([true, 1, false]);
  const second = loading.run();
  expect([loading.value, loading.busy]).toEqual([1, true]);
  await second;
  expect([await loading.run(), loading.value, loading.error]).toEqual([false, undefined, new Error("no")]);
});

test("a newer call ends the one before, whose answer comes to nothing", async () => {
  const ends: ((value: string) => void)[] = [];
  const signals: AbortSignal[] = [];
  const loading = new Loading<string>(host, (signal) => {
    signals.push(signal);
    return new Promise((resolve) => ends.push(resolve));
  });
  const first = loading.run();
  const second = loading.run();
  ends[1]?.("new");
  ends[0]?.("old");
  expect([await first, await second, loading.value]).toEqual([false, true, "new"]);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
});

test("a view that is left ends its call", async () => {
  const loading = new Loading<string>(host, async () => "late");
  const run = loading.run();
  loading.hostDisconnected();
  expect([await run, loading.value]).toEqual([false, undefined]);
});

test("pages stand behind each other, and the first begins anew", async () => {
  const paging = new Paging<{ items: string[]; next_cursor: string | null }>(
    host,
    async (_signal, { cursor }) =>
      cursor ? { items: ["c"], next_cursor: null } : { items: ["a", "b"], next_cursor: "x" },
  );
  await paging.first();
  expect(paging.more).toBe(true);
  await paging.next();
  expect([paging.value?.items, paging.more]).toEqual([["a", "b", "c"], false]);
  await paging.first();
  expect(paging.value?.items).toEqual(["a", "b"]);
});
