import { expect, test } from "vitest";
import { adminKey, Http } from "../../src/client/http";
import { DeskApi, documentPath } from "../../src/desk/api";
import { job } from "./support/desk";

interface Seen {
  method: string;
  url: string;
  key: string | undefined;
  body: unknown;
}

/** An api over a server that answers each call with the next of `answers`. */
function over(...answers: Response[]) {
  const seen: Seen[] = [];
  const fetch = async (url: string | URL | Request, init: RequestInit = {}) => {
    const headers = init.headers as Record<string, string> | undefined;
    const body = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    seen.push({ method: init.method ?? "GET", url: String(url), key: headers?.["X-API-Key"], body });
    return answers.shift() ?? Response.json({});
  };
  const http = new Http({ baseUrl: "https://carrel.test/at/", credentials: adminKey("k"), fetch });
  return { seen, api: new DeskApi(http, "k", fetch) };
}

test("every call carries the key in its header and never in its address", async () => {
  const { seen, api } = over();
  await api.documents({ q: "a b", limit: 5 });
  await api.sync("docs", true);
  await api.removeDataSource("docs", true);
  expect(seen).toEqual([
    { method: "GET", url: "https://carrel.test/at/v1/documents?q=a+b&limit=5", key: "k", body: undefined },
    {
      method: "POST",
      url: "https://carrel.test/at/v1/data-sources/docs/sync",
      key: "k",
      body: { full: true },
    },
    {
      ...{ method: "DELETE", url: "https://carrel.test/at/v1/data-sources/docs?keep_documents=true" },
      ...{ key: "k", body: undefined },
    },
  ]);
});

test("a document's slashes stand in its address, what else is special does not", () => {
  expect(documentPath("guide/50% & more?.md")).toBe("v1/documents/guide/50%25%20%26%20more%3F.md");
});

test("health is told also when it is down", async () => {
  const down = { status: "down", version: "1", uptime_s: 1, services: {} };
  const { seen, api } = over(Response.json(down, { status: 503 }));
  expect(await api.health()).toEqual(down);
  expect(seen[0]?.key).toBeUndefined();
});

test("the events of a job are told one by one, unknown ones are passed over", async () => {
  const progress = { id: "j1", status: "running", counts: job().counts };
  const end = job({ status: "completed" });
  const stream = [
    `event: job-progress\ndata: ${JSON.stringify(progress)}\n\n`,
    "event: news\ndata: {}\n\n: still here\n\n",
    `event: job-end\ndata: ${JSON.stringify(end)}\n\n`,
  ].join("");
  const { api } = over(new Response(stream));
  const told: unknown[] = [];
  for await (const event of api.jobEvents("j1", new AbortController().signal)) told.push(event);
  expect(told).toEqual([
    { type: "job-progress", job: progress },
    { type: "job-end", job: end },
  ]);
});
