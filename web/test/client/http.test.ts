// @vitest-environment node
import { describe, expect, it } from "vitest";
import { adminKey, Http, ProblemError } from "../../src/client/http";
import { type Answer, json, refusal } from "./world";

function server(...answers: Answer[]) {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: string, init: RequestInit = {}) => {
    calls.push({ url, init });
    const answer = await answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error("not expected");
    return answer;
  };
  return { calls, fetch };
}

const baseUrl = "https://carrel.test/base/";

describe("Http", () => {
  it("sends the owner's key, a query and JSON, and reads JSON", async () => {
    const { calls, fetch } = server(json({ ok: 1 }));
    const http = new Http({ baseUrl, fetch, credentials: adminKey("secret") });
    const answer = await http.json("PUT", "v1/x", {
      query: { a: "b c", none: undefined, n: 2 },
      json: { y: 1 },
    });
    expect(answer).toEqual({ ok: 1 });
    expect(calls[0]?.url).toBe("https://carrel.test/base/v1/x?a=b+c&n=2");
    expect(calls[0]?.init).toMatchObject({ method: "PUT", body: '{"y":1}', credentials: "same-origin" });
    expect(calls[0]?.init.headers).toEqual({ "Content-Type": "application/json", "X-API-Key": "secret" });
  });

  it("sends a body as it is, and reads an answer without one", async () => {
    const { calls, fetch } = server(new Response(null, { status: 204 }), new Response("file"));
    const http = new Http({ baseUrl, fetch, credentials: adminKey("k") });
    expect(await http.json("PUT", "v1/x", { body: "text", headers: { "Content-Type": "text/plain" } })).toBe(
      undefined,
    );
    expect(calls[0]?.init.body).toBe("text");
    expect(await (await http.blob("v1/file")).text()).toBe("file");
  });

  it("throws what the server refuses as a problem", async () => {
    const { fetch } = server(refusal(429, "rate_limited", { retry_after_ms: 1500, param: "q" }));
    const http = new Http({ baseUrl, fetch, credentials: adminKey("k") });
    const error = await http.json<ProblemError>("GET", "v1/x").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ status: 429, code: "rate_limited", retryable: true, retryAfterMs: 1500 });
    expect(error.problem.param).toBe("q");
  });

  it.each([
    [502, "internal", true, "3", 3000],
    [403, "forbidden", false, undefined, undefined],
    [401, "unauthorized", false, undefined, undefined],
  ])("makes a problem of a %i that is none", async (status, code, retryable, after, ms) => {
    const headers: Record<string, string> = after ? { "Retry-After": after } : {};
    const page = () => new Response("<html>", { status, headers });
    const { fetch } = server(page(), page());
    const http = new Http({ baseUrl, fetch, credentials: adminKey("k") });
    const error = await http.json<ProblemError>("GET", "v1/x").catch((thrown) => thrown);
    expect(error).toMatchObject({ status, code, retryable });
    expect(error.retryAfterMs).toBe(ms);
  });

  it("says that there was no answer, and leaves an abort what it is", async () => {
    const { fetch } = server(new TypeError("failed to fetch"), new TypeError("aborted"));
    const http = new Http({ baseUrl, fetch, credentials: adminKey("k") });
    await expect(http.json("GET", "v1/x")).rejects.toMatchObject({
      status: 0,
      code: "network",
      retryable: true,
    });
    const signal = AbortSignal.abort();
    await expect(http.json("GET", "v1/x", { signal })).rejects.toThrow("aborted");
  });

  it("is a network problem when an answer breaks off", async () => {
    const { fetch } = server(new Response("{"), new Response("{"));
    const http = new Http({ baseUrl, fetch, credentials: adminKey("k") });
    await expect(http.json("GET", "v1/x")).rejects.toMatchObject({ code: "network" });
  });

  it("asks once more after a 401, as somebody else", async () => {
    const { calls, fetch } = server(refusal(401, "unauthorized"), json({}));
    const credentials = async (refused?: Record<string, string>) => ({
      A: refused ? `after ${refused.A}` : "old",
    });
    await new Http({ baseUrl, fetch, credentials }).json("GET", "v1/x");
    expect(calls.map(({ init }) => (init.headers as Record<string, string>).A)).toEqual(["old", "after old"]);
  });

  it("does not ask again with what was refused", async () => {
    const { calls, fetch } = server(refusal(401, "unauthorized"));
    const http = new Http({ baseUrl, fetch, credentials: adminKey("wrong") });
    await expect(http.json("GET", "v1/x")).rejects.toMatchObject({ status: 401 });
    expect(calls).toHaveLength(1);
  });
});
