import { afterEach, expect, test, vi } from "vitest";
import { send } from "../../../src/desk/parts/sending";

/** An XMLHttpRequest that the test answers. */
class FakeRequest {
  static last: FakeRequest;
  upload: { onprogress?: (event: { loaded: number }) => void } = {};
  status = 0;
  responseText = "";
  after: string | null = null;
  headers: Record<string, string> = {};
  opened = "";
  onload = () => {};
  onerror = () => {};
  onabort = () => {};
  constructor() {
    FakeRequest.last = this;
  }
  open(method: string, url: string): void {
    this.opened = `${method} ${url}`;
  }
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }
  getResponseHeader(): string | null {
    return this.after;
  }
  send(): void {}
  abort(): void {
    this.onabort();
  }
  answer(status: number, text = "", after: string | null = null): void {
    Object.assign(this, { status, responseText: text, after });
    this.onload();
  }
}

afterEach(() => vi.unstubAllGlobals());

function sending(signal = new AbortController().signal) {
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  const told: number[] = [];
  const sent = send({
    ...{ url: "https://c.test/d", body: new Blob(["12345"]), headers: { "X-API-Key": "k" }, signal },
    onProgress: (bytes) => told.push(bytes),
  });
  return { sent, told, request: FakeRequest.last };
}

test("a good answer is its status, and what has left is told on the way", async () => {
  const { sent, told, request } = sending();
  request.upload.onprogress?.({ loaded: 3 });
  request.upload.onprogress?.({ loaded: 50 }); // headers count for some
  request.answer(204);
  expect([await sent, told, request.opened, request.headers["X-API-Key"]]).toEqual([
    204,
    [3, 5],
    "PUT https://c.test/d",
    "k",
  ]);
});

test("a refusal is the problem it says, with the time it asks for", async () => {
  const { sent, request } = sending();
  request.answer(429, JSON.stringify({ code: "rate_limited", detail: "Slow.", retryable: true }), "7");
  await expect(sent).rejects.toMatchObject({
    code: "rate_limited",
    status: 429,
    retryAfterMs: 7000,
    message: "Slow.",
  });
});

test("what is no problem document of ours is one by its status", async () => {
  const { sent, request } = sending();
  request.answer(502, "<html>");
  await expect(sent).rejects.toMatchObject({ status: 502, retryable: true });
});

test("a lost connection may be tried again", async () => {
  const { sent, request } = sending();
  request.onerror();
  await expect(sent).rejects.toMatchObject({ code: "network", retryable: true });
});

test("what is stopped ends with its reason", async () => {
  const stop = new AbortController();
  const { sent } = sending(stop.signal);
  stop.abort(new Error("left"));
  await expect(sent).rejects.toThrow("left");
});
