// @vitest-environment node
import { describe, expect, it } from "vitest";
import { FakeLocks, json, refusal, settle, World } from "./world";

const HOUR = 3_600_000;

function token(world: World): string | undefined {
  return world.socket.protocols[1];
}

describe("the session", () => {
  it("is minted once, kept, and found again by the next page", async () => {
    const world = new World();
    const client = await world.connected();
    expect(client.visitorId).toBe("v_1");
    expect(world.socket.url).toBe("wss://carrel.test/base/v1/chat");
    expect(world.socket.protocols).toEqual(["carrel.v1", "carrel.token.v_1.1"]);
    client.close();
    const next = new World(world);
    await next.connected();
    expect(next.minted).toBe(0);
    expect(token(next)).toBe("carrel.token.v_1.1");
  });

  it("is renewed at half its life, for the same visitor, without a word", async () => {
    const world = new World();
    const client = await world.connected();
    let heard = 0;
    client.addEventListener("session", () => (heard += 1));
    await world.clock.pass(12 * HOUR);
    expect(world.called("POST", "v1/sessions").map(({ headers }) => headers.Authorization)).toEqual([
      undefined,
      "Bearer v_1.1",
    ]);
    expect(client.visitorId).toBe("v_1");
    expect(heard).toBe(0);
  });

  it("serves on while it cannot be renewed", async () => {
    const world = new World();
    const client = await world.connected();
    client.close();
    world.clock.time += 13 * HOUR;
    world.routes.set("POST v1/sessions", () => new TypeError("network"));
    world.routes.set("GET v1/conversations/c", () => json({ id: "c" }));
    expect(await client.conversation("c")).toEqual({ id: "c" });
    expect(world.called("GET", "v1/conversations/c")[0]?.headers.Authorization).toBe("Bearer v_1.1");
  });

  it("is renewed now and then by a clock that is far ahead of the server's", async () => {
    const world = new World();
    world.routes.set("POST v1/sessions", () => {
      world.minted += 1;
      return json({ token: `t${world.minted}`, visitor_id: "v", expires_at: "2020-01-01T00:00:00Z" });
    });
    const client = world.client();
    world.routes.set("GET v1/conversations/c", () => json({ id: "c" }));
    await client.conversation("c");
    await client.conversation("c");
    expect(world.minted).toBe(1);
    await world.clock.pass(11 * 60_000);
    expect(world.minted).toBe(2);
    client.close();
  });

  it("is renewed after a 401, and the request asked again", async () => {
    const world = new World();
    const client = world.client();
    world.routes.set("GET v1/conversations/c", (call) =>
      call.headers.Authorization === "Bearer v_1.1" ? refusal(401, "unauthorized") : json({ id: "c" }),
    );
    expect(await client.conversation("c")).toEqual({ id: "c" });
    expect(world.minted).toBe(2);
  });

  it("is renewed after 4401, and the connection opened at once, but not over and over", async () => {
    const world = new World();
    await world.connected();
    await world.clock.pass(10_000);
    world.socket.end(4401);
    await settle();
    expect(world.sockets).toHaveLength(2);
    expect(token(world)).toBe("carrel.token.v_1.2");
    world.socket.open().end(4401);
    await settle();
    expect(world.sockets).toHaveLength(2);
    await world.clock.pass(1_000);
    expect(world.sockets).toHaveLength(3);
    expect(token(world)).toBe("carrel.token.v_1.3");
  });

  it("tells of another visitor once, ends what was the other's, and connects anew", async () => {
    const world = new World();
    const client = await world.connected();
    let heard = 0;
    client.addEventListener("session", () => (heard += 1));
    const run = client.follow({ runId: "r", conversationId: "c" });
    const fresh = client.ask("kept");
    const further = client.ask("not kept", { conversationId: "c" });
    world.routes.set("POST v1/sessions", () => world.session(undefined, "v_other"));
    world.routes.set("GET v1/conversations/c", (call) =>
      call.headers.Authorization?.includes("v_other") ? json({}) : refusal(401, "unauthorized"),
    );
    await client.conversation("c");
    await settle();
    expect(heard).toBe(1);
    expect(client.visitorId).toBe("v_other");
    for (const lost of [run, further])
      expect(lost.error).toMatchObject({ code: "session", retryable: false });
    expect(world.sockets).toHaveLength(2);
    world.socket.open("v_other");
    expect(world.socket.of("message-create").map(({ content }) => content)).toEqual(["kept"]);
    expect(fresh.ended).toBe(false);
  });

  it("is one for two tabs that begin together, where there are locks", async () => {
    const locks = new FakeLocks();
    const [one, two] = tabs();
    const clients = [one.client({ locks }), two.client({ locks })];
    for (const client of clients) client.connect();
    await settle();
    expect(one.minted + two.minted).toBe(1);
    expect(clients.map(({ visitorId }) => visitorId)).toEqual(["v_1", "v_1"]);
  });

  it("is one for two tabs also where there are none: the first to store is who both are", async () => {
    const [one, two] = tabs();
    let answer = (_: Response) => {};
    two.routes.set("POST v1/sessions", () => new Promise((resolve) => (answer = resolve)));
    const clients = [one.client(), two.client()];
    for (const client of clients) client.connect();
    await settle();
    answer(two.session(undefined, "v_late"));
    await settle();
    expect(clients.map(({ visitorId }) => visitorId)).toEqual(["v_1", "v_1"]);
    expect(token(two)).toBe("carrel.token.v_1.1");
  });

  it("does not wait for ever for another tab, nor for locks that are not there after all", async () => {
    const [one, two] = tabs();
    const locks = new FakeLocks();
    one.routes.set("POST v1/sessions", () => new Promise(() => {}));
    one.client({ locks }).connect();
    const client = two.client({ locks });
    client.connect();
    await two.clock.pass(4_999);
    expect(two.minted).toBe(0);
    await two.clock.pass(1);
    expect(client.visitorId).toBe("v_1");

    const frame = new World();
    const refuses = { request: () => Promise.reject(new Error("SecurityError")) };
    const framed = frame.client({ locks: refuses });
    framed.connect();
    await settle();
    expect(framed.visitorId).toBe("v_1");
  });

  it("is asked for once when it cannot be had, with locks or without", async () => {
    for (const locks of [new FakeLocks(), undefined]) {
      const world = new World();
      world.routes.set("POST v1/sessions", () => new TypeError("network"));
      world.client({ locks }).connect();
      await settle();
      expect(world.called("POST", "v1/sessions")).toHaveLength(1);
    }
  });

  it("is another one when another tab has erased the visitor", async () => {
    const world = new World();
    const client = await world.connected();
    const [key = ""] = [...world.storage.items.keys()];
    world.storage.removeItem(key);
    world.page.stored(key);
    await client.conversation("c").catch(() => {});
    expect(client.visitorId).toBe("v_2");
  });

  it("is asked for again when there is no answer for long, or only a refusal", async () => {
    const world = new World();
    const answers = [new Promise<Response>(() => {}), refusal(503, "draining")];
    world.routes.set("POST v1/sessions", () => answers.shift() ?? world.session(undefined));
    const client = world.client({ locks: new FakeLocks() });
    client.connect();
    await world.clock.pass(14_999);
    expect(client.state).toBe("connecting");
    await world.clock.pass(1);
    expect(client.state).toBe("waiting");
    await world.clock.pass(2_000);
    expect(client.visitorId).toBe("v_1");
  });

  it("is taken over when another tab renews it, or becomes another visitor", async () => {
    const world = new World();
    const client = await world.connected();
    const [key] = [...world.storage.items.keys()];
    const kept = JSON.parse(world.storage.getItem(key ?? "") ?? "{}");
    world.storage.setItem(key ?? "", JSON.stringify({ ...kept, token: "v_1.9" }));
    world.page.stored("another key");
    world.page.stored(key ?? "");
    await settle();
    expect(world.sockets).toHaveLength(1);
    world.storage.setItem(key ?? "", JSON.stringify({ ...kept, visitor_id: "v_2", token: "v_2.1" }));
    let heard = 0;
    client.addEventListener("session", () => (heard += 1));
    world.page.stored(key ?? "");
    await settle();
    expect(heard).toBe(1);
    expect(token(world)).toBe("carrel.token.v_2.1");
  });

  it("is not asked for when another tab has done it since", async () => {
    const world = new World();
    const client = await world.connected();
    const [key] = [...world.storage.items.keys()];
    const kept = JSON.parse(world.storage.getItem(key ?? "") ?? "{}");
    world.storage.setItem(key ?? "", JSON.stringify({ ...kept, token: "v_1.9" }));
    world.routes.set("GET v1/conversations/c", (call) =>
      call.headers.Authorization === "Bearer v_1.9" ? json({ id: "c" }) : refusal(401, "unauthorized"),
    );
    expect(await client.conversation("c")).toEqual({ id: "c" });
    expect(world.minted).toBe(1);
  });

  it("lasts as long as the page where storage throws or holds something else", async () => {
    const world = new World();
    const fail = () => {
      throw new Error("blocked");
    };
    const client = await world.connected({ storage: { getItem: fail, setItem: fail, removeItem: fail } });
    expect(client.visitorId).toBe("v_1");
    await client.conversation("c").catch(() => {});
    expect(world.minted).toBe(1);
    for (const text of ["{", "null", '{"token":1}']) {
      const other = new World();
      other.client().close();
      other.storage.setItem("carrel.session https://carrel.test/base/", text);
      expect((await other.connected()).visitorId).toBe("v_1");
    }
  });

  it("is forgotten when the visitor is erased: the next is another", async () => {
    const world = new World();
    const client = await world.connected();
    world.routes.set("DELETE v1/me", () => new Response(null, { status: 204 }));
    let heard = 0;
    client.addEventListener("session", () => (heard += 1));
    await client.eraseMe();
    expect(heard).toBe(1);
    expect(client.visitorId).toBe("v_2");
  });

  it("stops asking when the page may not have one", async () => {
    const world = new World();
    world.routes.set("POST v1/sessions", () => refusal(403, "forbidden"));
    const client = world.client();
    const run = client.ask("hello");
    await settle();
    expect(client.state).toBe("closed");
    expect(client.problem?.code).toBe("forbidden");
    expect(run).toMatchObject({ status: "failed", ended: true });
    expect(run.error?.code).toBe("forbidden");
    await world.clock.pass(HOUR);
    expect(world.called("POST", "v1/sessions")).toHaveLength(1);
  });

  it("waits as long as it is told to", async () => {
    const world = new World();
    world.routes.set("POST v1/sessions", () => refusal(429, "rate_limited", { retry_after_ms: 7_000 }));
    const client = world.client();
    client.connect();
    await settle();
    expect(client.state).toBe("waiting");
    expect((client.retryAt ?? 0) - world.clock.time).toBe(7_250);
  });
});

function tabs(): [World, World] {
  const one = new World();
  return [one, new World(one)];
}
