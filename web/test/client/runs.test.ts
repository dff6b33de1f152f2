// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { CarrelClient, Run } from "../../src/client";
import { ack, ended, json, refusal, said, settle, started, told, World } from "./world";

const error = (code: string, more: object = {}) => ({
  type: "error",
  code,
  message: code,
  retryable: false,
  ...more,
});

async function asked(content = "hello"): Promise<{ world: World; client: CarrelClient; run: Run }> {
  const world = new World();
  const client = await world.connected();
  const run = client.ask(content);
  await settle();
  return { world, client, run };
}

/** Lose the connection and get another. */
async function reconnect(world: World, code = 1006): Promise<void> {
  world.socket.end(code);
  await world.clock.pass(15_000);
  world.socket.open();
  await settle();
}

async function answering() {
  const all = await asked();
  all.world.socket.tell(ack(all.run.clientMessageId), started(1), said(2, "one "));
  return all;
}

const stored = (more: object = {}) => ({
  id: "a_1",
  conversation_id: "c_1",
  role: "assistant",
  content: "whole",
  citations: [],
  created_at: "",
  run_id: "r_1",
  question_id: "q_1",
  status: "completed",
  finish_reason: "complete",
  degraded: ["rerank"],
  ...more,
});

describe("a question", () => {
  it("is answered", async () => {
    const { world, run } = await asked();
    const frames: string[] = [];
    const reading = (async () => {
      for await (const frame of run) frames.push(frame.type);
    })();
    await settle();
    let changes = 0;
    let ends = 0;
    run.addEventListener("change", () => (changes += 1));
    run.addEventListener("end", () => (ends += 1));
    expect(world.socket.sent).toEqual([
      { type: "message-create", client_message_id: run.clientMessageId, content: "hello" },
    ]);
    expect(run.status).toBe("sending");
    world.socket.tell(ack(run.clientMessageId));
    expect(run).toMatchObject({ id: "r_1", conversationId: "c_1", questionId: "q_1", status: "queued" });
    world.socket.tell(told(1, { type: "run-queued", position: 3 }));
    expect(run.position).toBe(3);
    const passage = {
      id: "p",
      document_id: "d",
      title: "t",
      url: "",
      anchor: "",
      heading_path: [],
      text: "x",
      score: 1,
    };
    const citation = { start: 0, end: 3, text: "one", sources: [] };
    world.socket.tell(
      started(2),
      told(3, { type: "search-queries", queries: ["q"] }),
      told(4, { type: "search-results", passages: [passage] }),
      told(5, { type: "message-start" }),
      said(6, "one "),
      said(7, "two"),
      told(8, { type: "citation-start", citation }),
    );
    expect(run).toMatchObject({ status: "running", position: undefined, text: "one two", messageId: "a_1" });
    world.socket.tell(
      told(9, {
        type: "message-end",
        finish_reason: "complete",
        usage: { input_tokens: 1, output_tokens: 1, search_units: 0 },
      }),
      told(10, { type: "run-end", status: "completed", degraded: ["rerank"], cached: true }),
    );
    expect(await run.done).toBe(run);
    await reading;
    expect(run).toMatchObject({
      status: "completed",
      queries: ["q"],
      passages: [passage],
      citations: [citation],
      finishReason: "complete",
      degraded: ["rerank"],
      cached: true,
      model: "m",
      ended: true,
    });
    expect([changes, ends, frames.length]).toEqual([11, 1, 10]);
    expect(await run[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  });

  it("carries its conversation, context and filters", async () => {
    const world = new World();
    const client = await world.connected();
    client.ask("a", {
      conversationId: "c",
      context: { page_url: "https://x.test/", grounding: "page" },
      filters: { lang: "en" },
    });
    await settle();
    expect(world.socket.sent[0]).toMatchObject({
      conversation_id: "c",
      context: { page_url: "https://x.test/", grounding: "page" },
      filters: { lang: "en" },
    });
  });

  it("asked before there is a connection is sent once there is one", async () => {
    const world = new World();
    const client = world.client();
    client.ask("early");
    await settle();
    expect(world.socket.sent).toEqual([]);
    world.socket.open();
    expect(world.socket.of("message-create")).toHaveLength(1);
  });

  it("asked in the very moment of the connection is sent once", async () => {
    const world = new World();
    const client = world.client();
    client.connect();
    await settle();
    client.ask("hello");
    world.socket.open();
    await settle();
    expect(world.socket.of("message-create")).toHaveLength(1);
  });

  it("is sent again, the same, until it is acknowledged", async () => {
    const { world, run } = await asked();
    const first = world.socket.sent[0];
    await world.clock.pass(10_000);
    await reconnect(world);
    expect(world.sockets[0]?.sent).toEqual([first, first]);
    expect(world.socket.sent).toEqual([first]);
    world.socket.tell(ack(run.clientMessageId, { duplicate: true }));
    expect(world.socket.sent[1]).toEqual({ type: "run-resume", run_id: "r_1", starting_after: 0 });
    world.socket.tell(ack(run.clientMessageId, { duplicate: true })); // of the second sending
    expect(world.socket.sent).toHaveLength(2);
    world.socket.tell(started(1), said(2, "hi"), ended(3));
    expect(run).toMatchObject({ status: "completed", text: "hi" });
  });

  it("is given up after so many times, and can be tried again under its id", async () => {
    const { world, client, run } = await asked();
    for (let turn = 0; turn < 12; turn += 1) {
      world.socket.tell({ type: "heartbeat" });
      await world.clock.pass(10_000);
    }
    expect(run).toMatchObject({ status: "failed", ended: true });
    expect(run.error).toMatchObject({ code: "not_sent", retryable: true });
    expect(world.socket.of("message-create")).toHaveLength(8);
    const again = client.retry(run);
    await settle();
    expect(world.socket.of("message-create").at(-1)).toEqual(world.socket.sent[0]);
    expect(again.clientMessageId).toBe(run.clientMessageId);
  });

  it("is given up after two minutes without a connection", async () => {
    const world = new World();
    world.routes.set("POST v1/sessions", () => new TypeError("network"));
    const run = world.client().ask("hello");
    await world.clock.pass(119_000);
    expect(run.ended).toBe(false);
    await world.clock.pass(1_000);
    expect(run.error?.code).toBe("not_sent");
  });

  it.each(["draining", "overloaded", "rate_limited"])("waits and is sent again after %s", async (code) => {
    const { world, run } = await asked();
    const about = { client_message_id: run.clientMessageId };
    world.socket.tell(error(code, { ...about, retryable: true, retry_after_ms: 3_000 }));
    expect(run).toMatchObject({ status: "sending", retryAt: world.clock.time + 3_500 });
    await world.clock.pass(3_499);
    expect(world.socket.of("message-create")).toHaveLength(1);
    await world.clock.pass(1);
    expect(world.socket.of("message-create")).toHaveLength(2);
    expect(run.retryAt).toBe(undefined);
  });

  it("fails at once when it would have to wait too long, and says how long", async () => {
    const { world, run } = await asked();
    const about = { client_message_id: run.clientMessageId };
    world.socket.tell(error("rate_limited", { ...about, retryable: true, retry_after_ms: 50_000 }));
    expect(run.status).toBe("failed");
    expect(run.error).toEqual({
      code: "rate_limited",
      message: "rate_limited",
      retryable: true,
      retryAfterMs: 50_000,
    });
  });

  it("fails for what does not change by waiting", async () => {
    const { world, run } = await asked();
    world.socket.tell(error("idempotency_conflict", { client_message_id: run.clientMessageId }));
    expect(run.error).toEqual({
      code: "idempotency_conflict",
      message: "idempotency_conflict",
      retryable: false,
    });
  });

  it("that could not be read is the first that is in flight", async () => {
    const { world, client, run } = await asked();
    const second = client.ask("second");
    await settle();
    world.socket.tell(error("invalid_request", { param: "content" }));
    expect([run.ended, second.ended]).toEqual([true, false]);
    world.socket.tell(error("internal"));
    expect(second.ended).toBe(false);
  });

  it("too large to be taken is not sent, and not sent again after 1009", async () => {
    const { world, run } = await asked("x".repeat(4_000));
    expect(run.error?.code).toBe("message_too_long");
    expect(world.socket.sent).toEqual([]);
    const other = await asked();
    other.world.socket.end(1009);
    expect(other.run.error?.code).toBe("message_too_long");
    const waits = await asked();
    const about = { client_message_id: waits.run.clientMessageId, retryable: true };
    waits.world.socket.tell(error("overloaded", about));
    waits.world.socket.end(1009); // it was another's
    expect(waits.run.ended).toBe(false);
  });

  it("is asked once more: another answer where it was stored", async () => {
    const { world, client, run } = await answering();
    world.socket.tell(ended(3, "incomplete"));
    const again = client.retry(run);
    await settle();
    expect(world.socket.of("run-regenerate")).toEqual([
      { type: "run-regenerate", message_id: "q_1", client_message_id: again.clientMessageId },
    ]);
    world.socket.tell(
      ack(again.clientMessageId, { run_id: "r_2" }),
      told(1, { type: "message-start" }, "r_2"),
    );
    expect(again).toMatchObject({ id: "r_2", questionId: "q_1" });
    const followed = client.follow({ runId: "r_9", conversationId: "c" });
    expect(() => client.retry(followed)).toThrow();
  });
});

describe("a run", () => {
  it("is resumed after each connection, without a gap and without a double", async () => {
    const { world, run } = await answering();
    await reconnect(world);
    expect(world.socket.sent).toEqual([{ type: "run-resume", run_id: "r_1", starting_after: 2 }]);
    world.socket.tell(said(2, "one "), said(3, "two "), said(3, "two "));
    await reconnect(world, 1012);
    expect(world.socket.sent).toEqual([{ type: "run-resume", run_id: "r_1", starting_after: 3 }]);
    world.socket.tell(said(4, "three"), ended(5), ended(5));
    expect(run).toMatchObject({ text: "one two three", status: "completed" });
    await reconnect(world);
    expect(world.socket.sent).toEqual([]);
  });

  it("is resumed where a number is missing, and takes nothing out of order", async () => {
    const { world, run } = await answering();
    world.socket.tell(said(4, "three "), said(5, "four "));
    expect(world.socket.of("run-resume")).toEqual([{ type: "run-resume", run_id: "r_1", starting_after: 2 }]);
    world.socket.tell(said(3, "two "), said(4, "three "), said(5, "four "), said(7, "six "));
    expect(world.socket.of("run-resume")).toHaveLength(2);
    expect(run.text).toBe("one two three four ");
  });

  it("whose gap stays is read from the store", async () => {
    const { world, run } = await answering();
    world.routes.set("GET v1/conversations/c_1/messages/a_1", () => json(stored()));
    for (let turn = 0; turn < 6; turn += 1) {
      world.socket.tell(said(9, "far"));
      await world.clock.pass(10_000);
    }
    expect(run).toMatchObject({ status: "completed", text: "whole", stored: true });
  });

  it("is read from the store after resume-gap, once it has ended", async () => {
    const { world, run } = await answering();
    let status = "running";
    world.routes.set("GET v1/conversations/c_1/messages/a_1", () => json(stored({ status })));
    await reconnect(world);
    world.socket.tell({ type: "resume-gap", conversation_id: "c_1", run_id: "r_1", message_id: "a_1" });
    world.socket.tell(ended(3, "completed"), said(4, "never"));
    await settle();
    expect(run).toMatchObject({ status: "gap", ended: false, text: "one " });
    status = "completed";
    await world.clock.pass(15_000);
    expect(run).toMatchObject({
      status: "completed",
      text: "whole",
      stored: true,
      finishReason: "complete",
      degraded: ["rerank"],
    });
    expect(run.ended).toBe(true);
  });

  it("that is not found is looked for in its conversation", async () => {
    const world = new World();
    const client = await world.connected();
    const run = client.follow({ runId: "r_1", conversationId: "c_1" });
    await settle();
    const items = [stored({ role: "user", id: "q_1" }), stored({ run_id: "r_0", id: "a_0" }), stored()];
    let away = true;
    world.routes.set("GET v1/conversations/c_1/messages", () =>
      away ? new TypeError("network") : json({ items, next_cursor: null }),
    );
    world.socket.tell(error("run_not_found", { run_id: "r_1" }));
    await settle();
    away = false;
    await world.clock.pass(15_000);
    expect(run).toMatchObject({ status: "completed", text: "whole", messageId: "a_1" });
  });

  it("that is nowhere ends so", async () => {
    const world = new World();
    const client = await world.connected();
    const gone = client.follow({ runId: "r_1", conversationId: "c_1" });
    const other = client.follow({ runId: "r_2", conversationId: "c_2" });
    await settle();
    world.routes.set("GET v1/conversations/c_2/messages", () => json({ items: [], next_cursor: null }));
    world.socket.tell(error("run_not_found", { run_id: "r_1" }), error("run_not_found", { run_id: "r_2" }));
    for (const run of [gone, other]) {
      expect((await run.done).error).toMatchObject({ code: "run_not_found", retryable: false });
    }
  });

  it("ends incomplete when the store cannot be read either", async () => {
    const { world, run } = await answering();
    world.routes.set("GET v1/conversations/c_1/messages/a_1", () => refusal(503, "upstream_unavailable"));
    world.socket.tell({ type: "resume-gap", conversation_id: "c_1", run_id: "r_1", message_id: "a_1" });
    for (let turn = 0; turn < 60; turn += 1) {
      world.socket.tell({ type: "heartbeat" });
      await world.clock.pass(15_000);
    }
    expect(run).toMatchObject({
      status: "incomplete",
      error: { code: "upstream_unavailable", retryable: true },
    });
  });

  it("that cannot be resumed just now is resumed later", async () => {
    const { world, run } = await answering();
    await reconnect(world);
    const unavailable = error("upstream_unavailable", {
      run_id: "r_1",
      retryable: true,
      retry_after_ms: 1_000,
    });
    world.socket.tell(unavailable);
    await world.clock.pass(1_000);
    expect(world.socket.of("run-resume")).toHaveLength(1);
    await world.clock.pass(500);
    expect(world.socket.of("run-resume")).toHaveLength(2);
    world.socket.tell(said(3, "two"), ended(4));
    expect(run.text).toBe("one two");
  });

  it("that never can is read from the store", async () => {
    const { world, run } = await answering();
    world.routes.set("GET v1/conversations/c_1/messages/a_1", () => json(stored()));
    for (let turn = 0; turn < 6; turn += 1) {
      world.socket.tell(error("upstream_unavailable", { run_id: "r_1", retryable: true }));
      await world.clock.pass(10_000);
    }
    expect(run).toMatchObject({ status: "completed", stored: true });
  });

  it("that says nothing for long is asked for again", async () => {
    const { world } = await answering();
    await world.clock.pass(29_999);
    expect(world.socket.of("run-resume")).toHaveLength(0);
    await world.clock.pass(1);
    expect(world.socket.of("run-resume")).toEqual([{ type: "run-resume", run_id: "r_1", starting_after: 2 }]);
  });

  it("is followed by two tabs", async () => {
    const { world } = await answering();
    const other = new World(world);
    const client = await other.connected();
    const run = client.follow({ runId: "r_1", conversationId: "c_1", messageId: "a_1" });
    expect(client.follow({ runId: "r_1", conversationId: "c_1" })).toBe(run);
    await settle();
    expect(other.socket.sent).toEqual([{ type: "run-resume", run_id: "r_1", starting_after: 0 }]);
    other.socket.tell(started(1), said(2, "one "), ended(3));
    expect(run).toMatchObject({ text: "one ", status: "completed" });
  });

  it("followed before there is a connection is resumed once there is one", async () => {
    const world = new World();
    const client = world.client();
    client.follow({ runId: "r_1", conversationId: "c_1" });
    await settle();
    world.socket.open();
    expect(world.socket.of("run-resume")).toHaveLength(1);
  });

  it("goes on when its process was killed: the end has the next number", async () => {
    const { world, run } = await answering();
    await reconnect(world, 1012);
    world.socket.tell(ended(3, "incomplete"));
    expect(run).toMatchObject({ status: "incomplete", text: "one ", ended: true });
  });
});

describe("cancelling", () => {
  it("stops a run, and keeps what was said", async () => {
    const { world, run } = await answering();
    run.cancel();
    expect(world.socket.of("run-cancel")).toEqual([{ type: "run-cancel", run_id: "r_1" }]);
    world.socket.tell(ended(3, "cancelled"));
    expect(run).toMatchObject({ status: "cancelled", text: "one " });
    run.cancel();
    expect(world.socket.of("run-cancel")).toHaveLength(1);
  });

  it("before the acknowledgement waits for the run's id", async () => {
    const { world, run } = await asked();
    run.cancel();
    expect(run.ended).toBe(false);
    world.socket.tell(ack(run.clientMessageId));
    expect(world.socket.of("run-cancel")).toEqual([{ type: "run-cancel", run_id: "r_1" }]);
  });

  it("is said again on the next connection", async () => {
    const { world, run } = await answering();
    world.socket.end(1006);
    run.cancel();
    await world.clock.pass(1_000);
    world.socket.open();
    expect(world.socket.sent.map(({ type }) => type)).toEqual(["run-resume", "run-cancel"]);
  });

  it("of what was not sent, was refused, or got lost on its way ends at once", async () => {
    const world = new World();
    const unsent = world.client().ask("hello");
    unsent.cancel();
    expect(unsent.status).toBe("cancelled");
    await settle();
    world.socket.open();
    expect(world.socket.sent).toEqual([]);

    const refused = await asked();
    const about = { client_message_id: refused.run.clientMessageId, retryable: true };
    refused.world.socket.tell(error("overloaded", about));
    refused.run.cancel();
    expect(refused.run.status).toBe("cancelled");

    const late = await asked();
    late.run.cancel();
    late.world.socket.tell(error("overloaded", { ...about, client_message_id: late.run.clientMessageId }));
    expect(late.run.status).toBe("cancelled");

    const lost = await asked();
    lost.run.cancel();
    await reconnect(lost.world);
    expect(lost.run.status).toBe("cancelled");
    expect(lost.world.socket.sent).toEqual([]);
  });
});
