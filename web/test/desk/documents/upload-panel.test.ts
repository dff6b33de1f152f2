import { expect, test } from "vitest";
import "../../../src/desk/documents/upload-panel";
import type { DeskUploadPanel } from "../../../src/desk/documents/upload-panel";
import { Uploads } from "../../../src/desk/documents/uploads";
import type { Parcel, Send } from "../../../src/desk/parts/sending";
import { api, find, heard, index, mount, press, problem, settle, shown, write } from "../support/desk";

async function panel(send: Send) {
  const uploads = new Uploads({ key: "k", http: { baseUrl: new URL("https://c.test/") } }, send);
  const fake = api({ index: async () => index({ max_document_bytes: 1000 }) });
  return mount<DeskUploadPanel>("desk-upload-panel", { api: fake, uploads });
}

async function choose(...files: File[]): Promise<void> {
  const field = find<HTMLInputElement>("#files");
  Object.defineProperty(field, "files", { value: files, configurable: true });
  field.dispatchEvent(new Event("change"));
  await settle();
}

test("chosen files are sent and what became of them is told", async () => {
  const said = heard();
  const ended: Event[] = [];
  const element = await panel(async ({ url }) => (url.endsWith("a.md") ? 201 : 204));
  element.addEventListener("desk-uploaded", (event) => ended.push(event));
  await choose(new File(["a"], "a.md"), new File(["b"], "b.txt"));
  expect(shown()).toContain("2 of 2 done: 1 added, 0 replaced, 1 unchanged, 0 failed");
  expect(said).toEqual([
    "2 files are being uploaded",
    "Uploads ended: 1 added, 0 replaced, 1 unchanged, 0 failed",
  ]);
  expect(ended).toHaveLength(1);
});

test("what is too large for this server is refused at once, with its limit", async () => {
  const sent: Parcel[] = [];
  await panel(async (parcel) => {
    sent.push(parcel);
    return 201;
  });
  await choose(new File(["x".repeat(1001)], "big.md"), new File(["x"], "picture.png"));
  expect(shown()).toContain("1,001 byte is more than the 1,000 byte that a document may have");
  expect(shown()).toContain("no kind of document that Carrel reads");
  expect(sent).toEqual([]);
});

test("a failure says why and what to do, and is tried again alone", async () => {
  const answers = [() => Promise.reject(problem(429, "quota_exceeded")), () => Promise.resolve(201)];
  await panel(() => (answers.shift() as () => Promise<number>)());
  await choose(new File(["a"], "a.md"));
  expect(shown()).toContain("It is quota_exceeded. The month's budget is nearly used up.");
  await press("Try again: a.md");
  expect(shown()).toContain("1 of 1 done: 1 added");
});

test("progress of each file is to be seen", async () => {
  await panel(({ onProgress }) => {
    onProgress(2);
    return new Promise(() => {});
  });
  await choose(new File(["12345678"], "a.md"));
  expect(shown()).toContain("25% of 8 byte");
  expect(find<HTMLProgressElement>('progress[aria-label="a.md"]').value).toBe(0.25);
});

test("a template that makes no addresses is told and not used", async () => {
  const sent: string[] = [];
  await panel(async ({ url }) => {
    sent.push(url);
    return 201;
  });
  await write("#template", "docs.test/{path}");
  expect(shown()).toContain("An address begins with https://");
  await choose(new File(["a"], "a.md"));
  await write("#template", "https://docs.test/{stem}");
  await choose(new File(["a"], "a.md"));
  expect(sent).toEqual([
    "https://c.test/v1/documents/a.md",
    "https://c.test/v1/documents/a.md?url=https%3A%2F%2Fdocs.test%2Fa",
  ]);
});
