import { expect, test } from "vitest";
import type { DeskApi, JobEvent } from "../../../src/desk/api";
import { byReason, followJob, isUnfinished, settled } from "../../../src/desk/sources/jobs";
import { job, problem } from "../support/desk";

const progress = (found: number): JobEvent => {
  const { id, status, counts } = job({ counts: { ...job().counts, found } });
  return { type: "job-progress", job: { id, status, counts } };
};
const end: JobEvent = { type: "job-end", job: job({ status: "completed" }) };
const signal = () => new AbortController().signal;

/** An api each of whose streams tells what it is given; an error breaks the stream off. */
function streams(...told: (JobEvent | Error)[][]): Pick<DeskApi, "jobEvents"> {
  return {
    async *jobEvents() {
      for (const event of told.shift() ?? []) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  };
}

test("each state is told, and the whole job in the end", async () => {
  const seen: number[] = [];
  const whole = await followJob(
    streams([progress(1), progress(5), end]),
    "j1",
    ({ counts }) => seen.push(counts.found),
    signal(),
  );
  expect([seen, whole.status]).toEqual([[1, 5], "completed"]);
});

test("a stream that breaks off or ends early is opened again", async () => {
  const seen: number[] = [];
  const pauses: number[] = [];
  const api = streams([progress(1), new TypeError("lost")], [progress(2)], [progress(3), end]);
  const pause = async (ms: number) => void pauses.push(ms);
  await followJob(api, "j1", ({ counts }) => seen.push(counts.found), signal(), pause);
  expect([seen, pauses]).toEqual([
    [1, 2, 3],
    [2000, 2000],
  ]);
});

test("what is refused for good is not asked again", async () => {
  const api = streams([problem(404, "not_found")], [end]);
  await expect(followJob(api, "j1", () => {}, signal())).rejects.toMatchObject({ code: "not_found" });
});

test("who leaves hears no more", async () => {
  const stop = new AbortController();
  const pause = async () => stop.abort();
  await expect(
    followJob(streams([progress(1)], [end]), "j1", () => {}, stop.signal, pause),
  ).rejects.toMatchObject({
    name: "AbortError",
  });
});

test("what is done with is never more than what was found", () => {
  const counts = { ...job().counts, found: 3, unchanged: 1, embedded: 1, removed: 4 };
  expect([settled(counts), settled({ ...counts, removed: 0 })]).toEqual([3, 2]);
});

test("failures are grouped by reason, the most frequent first", () => {
  const failures = ["a", "b", "b"].map((reason, place) => ({ url: String(place), reason }));
  expect(byReason(failures).map(([reason, pages]) => [reason, pages.length])).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});

test("a queued job is going too", () => {
  expect((["queued", "running", "completed", "failed", "cancelled"] as const).map(isUnfinished)).toEqual([
    ...[true, true, false, false, false],
  ]);
});
