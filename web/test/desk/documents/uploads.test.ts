import { expect, test } from "vitest";
import { AT_ONCE, summary, type Upload, Uploads } from "../../../src/desk/documents/uploads";
import type { Parcel } from "../../../src/desk/parts/sending";
import { problem } from "../support/desk";

const API = { key: "k", http: { baseUrl: new URL("https://carrel.test/at/") } };

function candidate(id: string, url = "") {
  return { id, path: id, file: new File(["12345"], id), mediaType: "text/markdown", url };
}

/** Uploads whose parcels are answered by the test, and whose pauses end when it says so. */
function room() {
  const parcels: { parcel: Parcel; answer: (status: number) => void; refuse: (error: unknown) => void }[] =
    [];
  const pauses: { ms: number; end: () => void }[] = [];
  let now = 0;
  const send = (parcel: Parcel) =>
    new Promise<number>((answer, refuse) => {
      parcels.push({ parcel, answer, refuse });
      parcel.signal.addEventListener("abort", () => refuse(parcel.signal.reason));
    });
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        now += ms;
        resolve();
      };
      pauses.push({ ms, end });
    });
  const uploads = new Uploads(API, send, pause, () => now);
  return { uploads, parcels, pauses };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));
const states = (uploads: Uploads) => uploads.items.map(({ state }) => state);

test("a file goes to its document's address with the key in the header", async () => {
  const { uploads, parcels } = room();
  uploads.add([candidate("guide/a b.md", "https://d.test/a?b")]);
  await turn();
  const parcel = parcels[0]?.parcel;
  expect(parcel?.url).toBe(
    "https://carrel.test/at/v1/documents/guide/a%20b.md?url=https%3A%2F%2Fd.test%2Fa%3Fb",
  );
  expect(parcel?.headers).toEqual({ "X-API-Key": "k", "Content-Type": "text/markdown" });
});

test("so many at once, and each end begins another", async () => {
  const { uploads, parcels } = room();
  uploads.add(Array.from({ length: 6 }, (_, place) => candidate(`${place}.md`)));
  await turn();
  expect(parcels).toHaveLength(AT_ONCE);
  parcels[2]?.answer(201);
  await turn();
  expect(parcels).toHaveLength(AT_ONCE + 1);
  uploads.add([candidate("late.md")]);
  await turn();
  expect(parcels).toHaveLength(AT_ONCE + 1);
});

test("what the server did is told, and when all has ended", async () => {
  const { uploads, parcels } = room();
  let done = 0;
  uploads.addEventListener("done", () => done++);
  uploads.add([candidate("a.md"), candidate("b.md"), candidate("c.md")]);
  await turn();
  for (const [place, status] of [201, 200, 204].entries()) parcels[place]?.answer(status);
  await turn();
  expect([states(uploads), done]).toEqual([["added", "replaced", "unchanged"], 1]);
});

test("progress is what has left; all gone, the server is at work", async () => {
  const { uploads, parcels } = room();
  uploads.add([candidate("a.md")]);
  await turn();
  parcels[0]?.parcel.onProgress(2);
  expect([uploads.items[0]?.sent, states(uploads)]).toEqual([2, ["sending"]]);
  parcels[0]?.parcel.onProgress(5);
  expect(states(uploads)).toEqual(["storing"]);
});

test("a refusal for good is kept with its reason until it is tried again", async () => {
  const { uploads, parcels } = room();
  uploads.add([candidate("a.md"), candidate("b.md")]);
  await turn();
  parcels[0]?.refuse(problem(422, "invalid_request"));
  parcels[1]?.answer(201);
  await turn();
  expect(states(uploads)).toEqual(["failed", "added"]);
  expect(uploads.items[0]?.error).toMatchObject({ code: "invalid_request" });
  uploads.retry();
  await turn();
  expect([states(uploads), parcels.length]).toEqual([["sending", "added"], 3]);
});

test("where the server asks for time all wait for as long, then go on by themselves", async () => {
  const { uploads, parcels, pauses } = room();
  uploads.add(Array.from({ length: 6 }, (_, place) => candidate(`${place}.md`)));
  await turn();
  parcels[0]?.refuse(problem(429, "rate_limited", { retryable: true, retry_after_ms: 7000 }));
  parcels[1]?.answer(201);
  await turn();
  expect([pauses.map(({ ms }) => ms), uploads.pausedUntil, parcels.length]).toEqual([[7000], 7000, AT_ONCE]);
  pauses[0]?.end();
  await turn();
  expect(uploads.pausedUntil).toBe(0);
  expect(parcels.length).toBe(AT_ONCE + 2);
});

test("a longer wait takes the place of a shorter one", async () => {
  const { uploads, parcels, pauses } = room();
  uploads.add([candidate("a.md"), candidate("b.md")]);
  await turn();
  parcels[0]?.refuse(problem(503, "overloaded", { retryable: true, retry_after_ms: 1000 }));
  parcels[1]?.refuse(problem(503, "overloaded", { retryable: true, retry_after_ms: 5000 }));
  await turn();
  pauses[0]?.end();
  await turn();
  expect([parcels.length, uploads.pausedUntil]).toEqual([2, 5000]);
  pauses[1]?.end();
  await turn();
  expect([parcels.length, uploads.pausedUntil]).toEqual([4, 0]);
});

test("who asks for an hour is not waited for", async () => {
  const { uploads, parcels, pauses } = room();
  uploads.add([candidate("a.md")]);
  await turn();
  parcels[0]?.refuse(problem(503, "draining", { retryable: true, retry_after_ms: 3_600_000 }));
  await turn();
  expect([states(uploads), pauses.length]).toEqual([["failed"], 0]);
});

test("a server that stays away is given up after some tries, each after a longer pause", async () => {
  const { uploads, parcels, pauses } = room();
  uploads.add([candidate("a.md")]);
  await turn();
  for (let tries = 0; tries < 6; tries++) {
    parcels.at(-1)?.refuse(problem(0, "network", { retryable: true }));
    await turn();
    pauses.at(-1)?.end();
    await turn();
  }
  expect(states(uploads)).toEqual(["failed"]);
  expect(pauses.map(({ ms }) => ms)).toEqual([1000, 2000, 4000, 8000, 16_000]);
});

test("stopping ends what is going, and nothing comes of it later", async () => {
  const { uploads, parcels } = room();
  uploads.add([candidate("a.md"), candidate("b.md")]);
  await turn();
  parcels[0]?.answer(201);
  await turn();
  uploads.cancel();
  await turn();
  expect([parcels[1]?.parcel.signal.aborted, states(uploads), uploads.going]).toEqual([
    true,
    ["added"],
    false,
  ]);
  uploads.add([candidate("c.md")]);
  await turn();
  expect(states(uploads)).toEqual(["added", "sending"]);
});

test("the same document again takes the place of what ended, not of what is on its way", async () => {
  const { uploads, parcels } = room();
  uploads.add([candidate("a.md")]);
  await turn();
  uploads.add([candidate("a.md")]);
  expect(uploads.items).toHaveLength(2);
  await turn();
  for (const { answer } of parcels) answer(201);
  await turn();
  uploads.clear();
  expect(uploads.items).toEqual([]);
});

test("the summary counts files and bytes", () => {
  const item = (state: Upload["state"], sent: number) => ({
    ...candidate("a"),
    state,
    sent,
    tries: 1,
    error: undefined,
  });
  const found = summary([item("added", 0), item("sending", 2), item("failed", 1)]);
  expect(found).toMatchObject({ total: 3, added: 1, sending: 1, failed: 1, bytes: 15, sentBytes: 12 });
});
