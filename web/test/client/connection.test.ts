// @vitest-environment node
import { describe, expect, it } from "vitest";
import { readyFrame, refusal, settle, World } from "./world";

const MINUTE = 60_000;

/** Wait until the next try is due and has begun. */
async function nextTry(world: World): Promise<void> {
  await world.clock.pass(15_000);
}

describe("the connection", () => {
  it("says where it stands", async () => {
    const world = new World();
    const client = world.client();
    const states: string[] = [client.state];
    client.addEventListener("state", () => states.push(client.state));
    client.connect();
    client.connect();
    await settle();
    world.socket.open();
    world.socket.end(1006);
    await settle();
    client.close();
    expect(states).toEqual(["idle", "connecting", "open", "waiting", "closed"]);
    expect(world.sockets).toHaveLength(1);
  });

  it("tells of the server's limits", async () => {
    const world = new World();
    const client = world.client();
    let heard = 0;
    client.addEventListener("limits", () => (heard += 1));
    client.connect();
    await settle();
    world.socket.open();
    expect(heard).toBe(1);
    expect(client.limits?.max_message_chars).toBe(100);
    expect(client.transport).toBe("websocket");
  });

  it("comes back with growing waits while the server is away, and begins anew once it held", async () => {
    const world = new World();
    const client = await world.connected();
    world.routes.set("GET v1/conversations", () => new TypeError("network"));
    const waits: number[] = [];
    client.addEventListener("state", () => {
      if (client.retryAt !== undefined) waits.push(client.retryAt - world.clock.time);
    });
    world.socket.end(1006);
    for (let turn = 0; turn < 6; turn += 1) {
      await world.clock.pass((client.retryAt ?? 0) - world.clock.time);
      world.socket.end(1006);
      await settle();
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 7_500, 7_500]);
    await world.clock.pass(7_500);
    world.socket.open().end(1011);
    expect(waits.at(-1)).toBe(7_500); // it did not hold
    await world.clock.pass(7_500);
    world.socket.open();
    await world.clock.pass(5_000);
    world.socket.end(1011);
    expect(waits.at(-1)).toBe(250);
  });

  it.each([
    [1012, 500],
    [1013, 1_250],
    [4429, 5_250],
  ])("waits after close code %i", async (code, wait) => {
    const world = new World();
    const client = await world.connected();
    await world.clock.pass(6_000);
    world.socket.end(code);
    expect((client.retryAt ?? 0) - world.clock.time).toBe(wait);
  });

  it("honours Retry-After when HTTP says why there is no WebSocket", async () => {
    const world = new World();
    world.routes.set("GET v1/conversations", () => refusal(503, "draining", { retry_after_ms: 9_000 }));
    const client = world.client();
    client.connect();
    await settle();
    world.socket.end(1006);
    await settle();
    expect(client.state).toBe("waiting");
    expect((client.retryAt ?? 0) - world.clock.time).toBe(9_250);
  });

  it("gives an opening up that takes too long", async () => {
    const world = new World();
    const client = world.client();
    client.connect();
    await settle();
    await world.clock.pass(9_999);
    expect(client.state).toBe("connecting");
    await world.clock.pass(1);
    expect(client.state).toBe("waiting");
  });

  it("gives a question over HTTP up that takes too long", async () => {
    const world = new World();
    world.routes.set("GET v1/conversations", () => new Promise(() => {}));
    const client = world.client();
    client.connect();
    await settle();
    world.socket.end(1006);
    await world.clock.pass(9_999);
    expect(client.state).toBe("connecting");
    await world.clock.pass(1);
    expect(client.state).toBe("waiting");
  });

  it.each(["forbidden by 4403", "forbidden over HTTP"])("stops when it is %s", async (how) => {
    const world = new World();
    world.routes.set("GET v1/conversations", () => refusal(403, "forbidden"));
    const client = world.client();
    const run = client.ask("?");
    await settle();
    world.socket.end(how.includes("4403") ? 4403 : 1006);
    await settle();
    expect(client.state).toBe("closed");
    expect(client.problem?.code).toBe("forbidden");
    expect(run.error).toMatchObject({ code: "forbidden", retryable: true });
    await world.clock.pass(10 * MINUTE);
    expect(world.sockets).toHaveLength(1);
    const late = client.ask("?");
    await late.done;
    expect(late.error?.code).toBe("forbidden");
    await client.follow({ runId: "r", conversationId: "c" }).done;
    client.connect();
    await settle();
    expect(client.problem).toBe(undefined);
    expect(world.sockets).toHaveLength(2);
  });

  it("does not try for ever when its own frames are at fault", async () => {
    const world = new World();
    const client = await world.connected();
    for (let turn = 0; turn < 3; turn += 1) {
      world.socket.open().end(1008);
      await world.clock.pass(6_000);
    }
    expect(client.state).toBe("closed");
    expect(client.problem?.code).toBe("invalid_request");
    expect(world.sockets).toHaveLength(3);
  });

  it("forgives a fault of long ago", async () => {
    const world = new World();
    const client = await world.connected();
    for (let turn = 0; turn < 4; turn += 1) {
      for (let second = 0; second < 60; second += 1) {
        world.socket.tell({ type: "heartbeat" });
        await world.clock.pass(10_000);
      }
      world.socket.end(1008);
      await world.clock.pass(6_000);
      world.socket.open();
    }
    expect(client.state).toBe("open");
  });

  it("rests after 4408 until there is something to ask", async () => {
    const world = new World();
    const client = await world.connected();
    world.socket.end(4408);
    await world.clock.pass(MINUTE);
    expect(client.state).toBe("idle");
    expect(world.sockets).toHaveLength(1);
    client.ask("hello");
    await settle();
    expect(world.sockets).toHaveLength(2);
  });

  it("finds a dead connection by the heartbeats that do not come", async () => {
    const world = new World();
    const client = await world.connected();
    await world.clock.pass(40_000);
    world.socket.tell({ type: "heartbeat" });
    await world.clock.pass(49_999);
    expect(client.state).toBe("open");
    const dead = world.socket;
    await world.clock.pass(1);
    expect(client.state).toBe("waiting");
    expect(dead.closedWith).toBeDefined();
    dead.tell(readyFrame());
    dead.end(1006);
    expect(client.state).toBe("waiting");
  });

  it("asks after sleep, and goes on when there is an answer", async () => {
    const world = new World();
    const client = await world.connected();
    await world.clock.sleep(10 * MINUTE);
    expect(world.socket.of("ping")).toHaveLength(1);
    world.socket.tell({ type: "pong" });
    await world.clock.pass(40_000);
    expect(client.state).toBe("open");
    await world.clock.sleep(10 * MINUTE);
    expect(world.socket.of("ping")).toHaveLength(2);
    expect(world.sockets).toHaveLength(1);
  });

  it("asks after sleep, and connects anew when there is none", async () => {
    const world = new World();
    await world.connected();
    await world.clock.sleep(10 * MINUTE);
    await world.clock.pass(5_000 + 250);
    expect(world.sockets).toHaveLength(2);
  });

  it.each([
    ["the page is seen again", (world: World) => world.page.show("visible")],
    ["it comes out of the cache", (world: World) => world.page.tell("pageshow")],
    ["the network goes", (world: World) => world.page.tell("offline")],
    ["a network comes", (world: World) => world.page.tell("online")],
  ])("is asked at once when %s", async (_, happens) => {
    const world = new World();
    const client = await world.connected();
    happens(world);
    happens(world);
    expect(world.socket.of("ping")).toHaveLength(1);
    await world.clock.pass(5_000);
    expect(client.state).toBe("waiting");
  });

  it("is tried at once when a network comes or the page is seen, not when they go", async () => {
    const world = new World();
    const client = await world.connected();
    world.page.online = false;
    world.socket.end(1006);
    expect(client.state).toBe("offline");
    world.page.tell("offline");
    world.page.show("hidden");
    await settle();
    expect(world.sockets).toHaveLength(1);
    world.page.online = true;
    world.page.show("visible");
    await settle();
    expect(world.sockets).toHaveLength(2);
    world.socket.open().end(1006);
    world.page.tell("online");
    await settle();
    expect(world.sockets).toHaveLength(3);
  });

  it("tries on while the browser believes to be offline: it may be wrong", async () => {
    const world = new World();
    world.page.online = false;
    const client = await world.connected();
    world.socket.end(1006);
    await nextTry(world);
    world.socket.open();
    expect(client.state).toBe("open");
  });

  it("passes over what is no frame", async () => {
    const world = new World();
    const client = await world.connected();
    for (const data of ["{", "null", "3", "[]", new ArrayBuffer(2)]) world.socket.onmessage?.({ data });
    world.socket.tell({ type: "of-tomorrow" }, { type: "run-of-tomorrow", run_id: "r", sequence_number: 1 });
    expect(client.state).toBe("open");
  });

  it("leaves nothing behind when it is closed", async () => {
    const world = new World();
    const client = await world.connected();
    const run = client.ask("hello");
    await settle();
    client.close();
    expect((await run.done).error).toMatchObject({ code: "closed", retryable: true });
    expect(world.socket.closedWith).toBe(1000);
    expect(world.clock.waiting).toBe(0);
    world.page.tell("online");
    world.page.show("visible");
    await world.clock.pass(10 * MINUTE);
    expect(world.sockets).toHaveLength(1);
    expect(client.state).toBe("closed");
  });

  it("leaves nothing behind when it is closed while it connects", async () => {
    for (const turns of [0, 1]) {
      const world = new World();
      const client = world.client();
      client.connect();
      if (turns) {
        await settle();
        world.socket.end(1006); // the probe is under way
      }
      client.close();
      await world.clock.pass(MINUTE);
      expect(client.state).toBe("closed");
      expect(world.sockets).toHaveLength(turns);
    }
  });
});
