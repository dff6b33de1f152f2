import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection } from "../../src/chat/connection";
import { FakeClient } from "../support/fake-client";

const NOW = Date.UTC(2026, 10, 27);

function followed(client = new FakeClient()) {
  const host = {
    addController: vi.fn(),
    removeController: vi.fn(),
    requestUpdate: vi.fn(),
    updateComplete: Promise.resolve(true),
  };
  const back = vi.fn();
  const refused = vi.fn();
  const connection = new Connection(host, { back, refused });
  connection.follow(client);
  return { client, connection, host, back, refused };
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("what is said of the connection", () => {
  it("is nothing when it was lost for a moment only", () => {
    const { client, connection, back } = followed();
    client.become("waiting", NOW + 1000);
    vi.advanceTimersByTime(1900);
    client.become("open");
    vi.advanceTimersByTime(5000);
    expect(connection.line).toBeUndefined();
    expect(back).not.toHaveBeenCalled();
  });

  it("counts the seconds until it is tried again, then says that it came back", () => {
    const { client, connection, host, back } = followed();
    client.become("waiting", NOW + 7000);
    vi.advanceTimersByTime(2000);
    expect(connection.line).toBe("Not connected. Trying again in 5 s.");
    vi.advanceTimersByTime(1000);
    expect(connection.line).toBe("Not connected. Trying again in 4 s.");
    client.become("connecting");
    expect(connection.line).toBe("Connecting …");
    client.become("open");
    expect(connection.line).toBeUndefined();
    expect(back).toHaveBeenCalledOnce();
    expect(host.requestUpdate).toHaveBeenCalledTimes(4);
  });

  it("is at once why there will be none, with what the site's owner can do, until it is let in", () => {
    const { client, connection, back, refused } = followed();
    client.become("waiting", NOW + 1000);
    client.problem = { code: "forbidden", message: "x" };
    client.become("closed");
    const line =
      "Questions are not allowed from this page. " +
      `If this is your site: add ${location.origin} to ALLOWED_ORIGINS where Carrel runs.`;
    expect(connection.line).toBe(line);
    expect(refused).toHaveBeenCalledExactlyOnceWith(line);
    expect(vi.getTimerCount()).toBe(0);
    client.problem = undefined;
    client.become("open");
    expect(connection.line).toBeUndefined();
    expect(back).toHaveBeenCalledOnce();
  });

  it("is that of the client that is followed now", () => {
    const { client, connection } = followed();
    connection.follow(undefined);
    client.become("offline");
    vi.advanceTimersByTime(3000);
    expect(connection.line).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
