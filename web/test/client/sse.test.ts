// @vitest-environment node
import { describe, expect, it } from "vitest";
import { EventDecoder, readEvents, type ServerSentEvent } from "../../src/client/sse";
import { FakeStream, settle } from "./world";

describe("EventDecoder", () => {
  const STREAM =
    'id: r:1\nevent: a\ndata: {"x":1}\n\n: keep-alive\n\ndata: one\ndata:two\nid\r\n\r\ndata\r\revent: lost\n';

  it("reads fields, comments and every kind of line end, however the stream is cut", () => {
    const whole = new EventDecoder().feed(STREAM);
    expect(whole).toEqual([
      { type: "a", data: '{"x":1}', id: "r:1" },
      { type: "message", data: "one\ntwo", id: "" },
      { type: "message", data: "", id: "" },
    ]);
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      const decoder = new EventDecoder();
      expect([...decoder.feed(STREAM.slice(0, cut)), ...decoder.feed(STREAM.slice(cut))]).toEqual(whole);
    }
  });

  it("tells nothing of an event without data, and takes no id with a zero", () => {
    expect(new EventDecoder().feed("event: a\nid: 1\n\nid: \0\nretry: 5\ndata:  b\n\n")).toEqual([
      { type: "message", data: " b", id: "1" },
    ]);
  });
});

describe("readEvents", () => {
  it("decodes characters that are cut, tells of every piece, and cancels what is left", async () => {
    const stream = new FakeStream();
    let pieces = 0;
    const seen: ServerSentEvent[] = [];
    const reading = (async () => {
      for await (const event of readEvents(stream.response, () => (pieces += 1))) {
        seen.push(event);
        if (event.data === "stop") break;
      }
    })();
    stream.write(": hello\n\n");
    stream.write("data: é😀\n\n");
    stream.write("data: stop\n\n");
    await reading;
    await settle();
    expect(seen.map(({ data }) => data)).toEqual(["é😀", "stop"]);
    expect(pieces).toBe(3);
    expect(stream.cancelled).toBe(true);
  });

  it("raises when the connection is lost, and ends when the stream does", async () => {
    const lost = new FakeStream();
    const reading = readEvents(lost.response).next();
    lost.break();
    await expect(reading).rejects.toThrow("network");
    const over = new FakeStream();
    over.end();
    await expect(readEvents(over.response).next()).resolves.toMatchObject({ done: true });
    await expect(readEvents(new Response(null, { status: 204 })).next()).resolves.toMatchObject({
      done: true,
    });
  });
});
