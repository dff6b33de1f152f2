// @vitest-environment node
import { describe, expect, it } from "vitest";
import "../../src/client/streams";
import type { CarrelClient } from "../../src/client";
import { type Answer, ack, ended, FakeStream, json, refusal, said, settle, started, World } from "./world";

const EVENTS = "GET v1/runs/r_1/events";

/** A world that lets no WebSocket through. */
async function blocked(): Promise<{ world: World; client: CarrelClient }> {
  const world = new World();
  const client = world.client();
  client.connect();
  for (let turn = 0; turn < 3; turn += 1) {
    await world.clock.pass(1_000);
    world.socket.end(1006);
    await settle();
  }
  return { world, client };
}

async function streaming() {
  const all = await blocked();
  const stream = new FakeStream();
  all.world.routes.set("POST v1/messages", () => stream.response);
  const run = all.client.ask("hello");
  await settle();
  stream.tell(ack(run.clientMessageId), started(1), said(2, "one "));
  await settle();
  return { ...all, run, stream };
}

describe("without WebSockets", () => {
  it("streams take over after the third that does not open while HTTP works", async () => {
    const { world, client } = await blocked();
    expect(client).toMatchObject({ state: "open", transport: "sse" });
    expect(world.sockets).toHaveLength(3);
  });

  it("streams are taken at once where there is no WebSocket at all", async () => {
    const world = new World();
    const client = world.client({ WebSocket: undefined });
    client.connect();
    await settle();
    expect(client.transport).toBe("sse");
  });

  it("streams are taken where the browser refuses to make one", async () => {
    const world = new World();
    const WebSocket = class {
      constructor() {
        throw new Error("insecure");
      }
    } as never;
    const client = world.client({ WebSocket });
    client.connect();
    await world.clock.pass(3_000);
    expect(client.transport).toBe("sse");
  });

  it("a server that is away is not taken for a network that lets nothing through", async () => {
    const world = new World();
    const client = world.client();
    const away = () => new TypeError("network");
    client.connect();
    for (const answer of [undefined, undefined, away, undefined, undefined] as (
      | undefined
      | (() => Answer)
    )[]) {
      world.routes.set("GET v1/conversations", answer ?? (() => json({ items: [] })));
      await world.clock.pass(15_000 - 9_000);
      if (client.state === "connecting") world.socket.end(1006);
      await settle();
    }
    expect(client).toMatchObject({ state: "waiting", transport: undefined });
  });

  it("a question is asked and answered", async () => {
    const { world, run, stream } = await streaming();
    const [call] = world.called("POST", "v1/messages");
    expect(call?.body).toMatchObject({ content: "hello", client_message_id: run.clientMessageId });
    expect(call?.headers).toMatchObject({ Accept: "text/event-stream", Authorization: "Bearer v_1.1" });
    expect(run).toMatchObject({ id: "r_1", text: "one ", status: "running" });
    stream.tell(said(3, "two"), ended(4));
    stream.end();
    expect(await run.done).toMatchObject({ text: "one two", status: "completed" });
  });

  it("a further one goes to its conversation", async () => {
    const { world, client } = await blocked();
    const stream = new FakeStream();
    world.routes.set("POST v1/conversations/c%201/messages", () => stream.response);
    client.ask("more", { conversationId: "c 1" });
    await settle();
    expect(world.called("POST", "v1/conversations/c%201/messages")).toHaveLength(1);
  });

  it("a stream that is cut is resumed where it was", async () => {
    const { world, run, stream } = await streaming();
    const next = new FakeStream();
    world.routes.set(EVENTS, () => next.response);
    stream.end();
    await world.clock.pass(1_000);
    expect(world.called("GET", "v1/runs/r_1/events")[0]?.headers["Last-Event-ID"]).toBe("r_1:2");
    next.tell(said(2, "one "), said(3, "two"), ended(4));
    next.end();
    await settle();
    expect(run).toMatchObject({ text: "one two", status: "completed" });
  });

  it("a network that goes is waited for, without a WebSocket in between", async () => {
    const { world, client, run, stream } = await streaming();
    const next = new FakeStream();
    world.routes.set(EVENTS, () => next.response);
    stream.break();
    await settle();
    expect(client.state).toBe("waiting");
    await world.clock.pass(2_000);
    expect(client).toMatchObject({ state: "open", transport: "sse" });
    expect(world.sockets).toHaveLength(3);
    next.tell(said(3, "two"), ended(4));
    await settle();
    expect(run.text).toBe("one two");
  });

  it("comments are a sign of life; without any the connection is given up", async () => {
    const { world, client, stream } = await streaming();
    world.routes.set(EVENTS, () => new Promise(() => {}));
    await world.clock.pass(29_000);
    stream.write(": keep-alive\n\n");
    const [first] = world.called("POST", "v1/messages");
    expect(first?.signal?.aborted).toBe(false);
    await world.clock.pass(59_000);
    expect(client.state).toBe("open");
    expect(first?.signal?.aborted).toBe(true); // another request took its place
    await world.clock.pass(1_000);
    expect(client.state).toBe("waiting");
  });

  it("a first request without an answer is given up, too", async () => {
    const { world, client } = await blocked();
    world.routes.set("POST v1/messages", () => new Promise(() => {}));
    client.ask("hello");
    await world.clock.pass(59_999);
    expect(client.state).toBe("open");
    await world.clock.pass(1);
    expect(client.state).toBe("waiting");
  });

  it("what is refused is told as over a WebSocket", async () => {
    const { world, client } = await blocked();
    const run = client.ask("hello", { conversationId: "c_9" });
    await run.done;
    expect(run.error).toMatchObject({ code: "not_found", retryable: false });
    let answers = 0;
    const stream = new FakeStream();
    world.routes.set("POST v1/messages", () =>
      answers++ === 0 ? refusal(503, "overloaded", { retry_after_ms: 2_000 }) : stream.response,
    );
    const later = client.ask("hello");
    await settle();
    expect(later.retryAt).toBe(world.clock.time + 2_500);
    await world.clock.pass(2_500);
    expect(world.called("POST", "v1/messages")).toHaveLength(2);
  });

  it("an error in the stream is the run's", async () => {
    const { world, run, stream } = await streaming();
    const next = new FakeStream();
    world.routes.set(EVENTS, () => next.response);
    stream.tell({
      type: "error",
      code: "upstream_unavailable",
      message: "",
      retryable: true,
      retry_after_ms: 5_000,
    } as {
      type: string;
    });
    stream.end();
    await world.clock.pass(4_999);
    expect(world.called("GET", "v1/runs/r_1/events")).toHaveLength(0);
    await world.clock.pass(1_000);
    next.tell(said(3, "two"), ended(4));
    await settle();
    expect(run.text).toBe("one two");
  });

  it("204 says that nothing more is kept: the stored message is read", async () => {
    const { world, client } = await blocked();
    world.routes.set(EVENTS, () => new Response(null, { status: 204 }));
    const message = { id: "a_1", content: "whole", citations: [], degraded: [], status: "completed" };
    world.routes.set("GET v1/conversations/c_1/messages/a_1", () => json(message));
    const run = await client.follow({ runId: "r_1", conversationId: "c_1", messageId: "a_1" }).done;
    expect(run).toMatchObject({ status: "completed", text: "whole", stored: true });
  });

  it("a run is cancelled", async () => {
    const { world, run, stream } = await streaming();
    world.routes.set("POST v1/runs/r_1/cancel", () => json({}, 202));
    run.cancel();
    await settle();
    expect(world.called("POST", "v1/runs/r_1/cancel")).toHaveLength(1);
    stream.tell(ended(3, "cancelled"));
    await settle();
    expect(run.status).toBe("cancelled");
  });

  it("another answer is not to be had", async () => {
    const { client } = await blocked();
    expect((await client.regenerate("q_1").done).error?.code).toBe("unsupported");
  });

  it("a WebSocket is tried again when nothing is being told, and takes over", async () => {
    const { world, client, run, stream } = await streaming();
    await world.clock.pass(15_000);
    stream.tell(said(3, "two"));
    await world.clock.pass(15_000);
    expect(world.sockets).toHaveLength(3);
    stream.tell(ended(4));
    await settle();
    expect(run.ended).toBe(true);
    await world.clock.pass(30_000);
    expect(world.sockets).toHaveLength(4);
    world.socket.open();
    expect(client).toMatchObject({ state: "open", transport: "websocket" });
  });

  it("streams last longer each time that WebSockets fail again", async () => {
    const { world, client } = await blocked();
    await world.clock.pass(30_000);
    expect(world.sockets).toHaveLength(4);
    world.socket.end(1006);
    await settle();
    expect(client.transport).toBe("sse");
    await world.clock.pass(59_000);
    expect(world.sockets).toHaveLength(4);
    await world.clock.pass(1_000);
    expect(world.sockets).toHaveLength(5);
  });

  it("a WebSocket is tried at once on another network", async () => {
    const { world } = await blocked();
    world.page.tell("online");
    await settle();
    expect(world.sockets).toHaveLength(4);
  });

  it("close ends streams, too", async () => {
    const { world, client, run } = await streaming();
    client.close();
    await settle();
    expect(run.error?.code).toBe("closed");
    expect(world.calls.at(-1)?.signal?.aborted).toBe(true);
    expect(world.clock.waiting).toBe(0);
  });
});
