// @vitest-environment node
/** Streams are loaded when they are needed, which may fail. */
import { expect, it, vi } from "vitest";
import { World } from "./world";

const network = vi.hoisted(() => ({ works: false }));

vi.mock("../../src/client/streams", async (original) => {
  if (!network.works) throw new Error("network");
  return original();
});

it("streams that cannot be loaded are tried again later, as all else is", async () => {
  const world = new World();
  const client = world.client({ WebSocket: undefined });
  client.connect();
  await vi.waitFor(() => expect(client.state).toBe("waiting"));
  network.works = true;
  await vi.waitFor(async () => {
    await world.clock.pass(1_000);
    expect(client.transport).toBe("sse");
  });
});
