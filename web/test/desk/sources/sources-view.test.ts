import { beforeAll, expect, test } from "vitest";
import "../../../src/desk/sources/sources-view";
import type { DeskApi } from "../../../src/desk/api";
import type { DeskSources } from "../../../src/desk/sources/sources-view";
import type { DataSourceRequest } from "../../../src/desk/wire";
import {
  api,
  find,
  heard,
  index,
  job,
  mount,
  press,
  problem,
  settle,
  shown,
  source,
  submit,
  withDialogs,
  write,
} from "../support/desk";

beforeAll(withDialogs);

function view(calls: Partial<Record<keyof DeskApi, unknown>>, ...path: string[]) {
  return mount<DeskSources>("desk-sources", { api: api(calls), path });
}

const counts = { ...job().counts, found: 4, fetched: 4, embedded: 2, unchanged: 1, failed: 1 };
const done = job({
  ...{ status: "completed", counts, finished_at: "2026-01-02T03:05:05Z" },
  changes: [{ url: "https://docs.test/a", document_id: "docs/a", change: "added" }],
  failures: [{ url: "https://docs.test/b", reason: "answered 500" }],
});

test("data sources are listed with their last job", async () => {
  const items = [
    source({ last_job: done }),
    source({ id: "notes", kind: "urls", url: null, urls: ["https://n.test"] }),
  ];
  await view({ dataSources: async () => ({ items, next_cursor: null }) });
  expect(shown()).toMatch(/docs Sitemap completed .*1 failed/);
  expect(shown()).toMatch(/notes List of pages 1 page · only when asked to · never synced/);
});

test("a list in which something is going is had again until nothing is", async () => {
  const going = source({ last_job: job() });
  const answers = [going, going, source({ last_job: done })].map((item) => ({
    items: [item],
    next_cursor: null,
  }));
  let asked = 0;
  await view({ dataSources: async () => answers[asked++] });
  const look = async () => {
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
  };
  expect(shown()).toMatch(/docs Sitemap running/);
  await look();
  await look();
  expect(shown()).toMatch(/docs Sitemap completed/);
  await look();
  expect(asked).toBe(3);
});

test("back from a source the focus is where it was", async () => {
  const items = [source(), source({ id: "notes" })];
  const calls = {
    dataSources: async () => ({ items, next_cursor: null }),
    dataSource: async () => source({ id: "notes" }),
  };
  const element = await view(calls, "notes", "show");
  element.path = [];
  await settle();
  expect(element.shadowRoot?.activeElement?.getAttribute("href")).toBe("#/sources/notes/show");
});

test("where there are none, what to do is said", async () => {
  await view({ dataSources: async () => ({ items: [], next_cursor: null }) });
  expect(shown()).toContain("Add the sitemap of your documentation");
});

test("a new one is saved as it was written, and shown", async () => {
  const put: [string, DataSourceRequest][] = [];
  const putDataSource = async (id: string, body: DataSourceRequest) => {
    put.push([id, body]);
    return source({ id });
  };
  await view({ putDataSource }, "new");
  await write("#url", "https://docs.test/sitemap.xml");
  expect(find<HTMLInputElement>("#id").value).toBe("docs-test");
  await write("#exclude", "/old/**");
  await submit("#url");
  expect(put).toEqual([
    [
      "docs-test",
      { kind: "sitemap", url: "https://docs.test/sitemap.xml", exclude: ["/old/**"], max_pages: 2000 },
    ],
  ]);
  expect(location.hash).toBe("#/sources/docs-test/show");
});

test("what is wrong is said at its field, and the first of them is gone to", async () => {
  await view({}, "new");
  await write("#url", "docs.test");
  await submit("#url");
  expect(shown()).toContain("An address begins with https://");
  expect(find("#url").getAttribute("aria-invalid")).toBe("true");
  expect(find("desk-source-editor").shadowRoot?.activeElement?.id).toBe("url");
});

test("what the server refuses is said at its field too", async () => {
  const errors = [{ field: "include.0", message: "is no pattern" }];
  const refusal = problem(422, "invalid_request", { errors });
  await view({ putDataSource: () => Promise.reject(refusal) }, "new");
  await write("#url", "https://docs.test/sitemap.xml");
  await submit("#url");
  expect(find("#include").getAttribute("aria-invalid")).toBe("true");
  expect(shown(find("#include-help"))).toContain("is no pattern");
});

test("one that is there is edited with all it has", async () => {
  const put: DataSourceRequest[] = [];
  const there = source({ include: ["/a/**"], interval_s: 7200 });
  const putDataSource = async (id: string, body: DataSourceRequest) => {
    put.push(body);
    return source({ id });
  };
  await view({ dataSource: async () => there, putDataSource }, "docs", "edit");
  expect(() => find("#id")).toThrow();
  await submit("#url");
  expect(put).toEqual([
    { kind: "sitemap", url: there.url, include: ["/a/**"], interval_s: 7200, max_pages: 2000 },
  ]);
});

test("a sync is followed live, and its report tells what changed and why something failed", async () => {
  const said = heard();
  let tell: (value?: unknown) => void = () => {};
  const synced: boolean[] = [];
  const calls = {
    dataSource: async () => source(),
    sync: async (_id: string, full: boolean) => {
      synced.push(full);
      return job();
    },
    async *jobEvents() {
      yield {
        type: "job-progress",
        job: { id: "j1", status: "running", counts: { ...counts, embedded: 1 } },
      };
      await new Promise((resolve) => {
        tell = resolve;
      });
      yield { type: "job-end", job: done };
    },
  };
  await view(calls, "docs", "show");
  expect(shown()).toContain("It was never synced");
  await press("Sync now");
  expect(find<HTMLProgressElement>("progress").value).toBe(3);
  expect(find<HTMLProgressElement>("progress").max).toBe(4);
  tell();
  await settle();
  expect(synced).toEqual([false]);
  expect(shown()).toContain("answered 500");
  expect(shown()).toContain("Added: 1");
  expect(find('a[href="#/documents/docs%2Fa"]')).toBeTruthy();
  expect(said.at(-1)).toBe("The sync is completed: 2 taken in, 0 removed, 1 failed");
});

test("a job that is going when one comes is followed, and can be cancelled", async () => {
  const cancelled: string[] = [];
  const going = job();
  const calls = {
    dataSource: async () => source({ last_job: going }),
    job: async () => going,
    async *jobEvents() {
      await new Promise(() => {});
    },
    cancelJob: async (id: string) => void cancelled.push(id),
  };
  await view(calls, "docs", "show");
  expect(shown()).not.toContain("Sync now");
  await press("Cancel the job");
  expect(cancelled).toEqual(["j1"]);
});

test("the last report is read whole when one comes", async () => {
  const failed = job({ status: "failed", reason: "the sitemap answered 404" });
  const { changes: _changes, ...short } = failed;
  await view(
    { dataSource: async () => source({ last_job: { ...short, changes: [] } }), job: async () => failed },
    "docs",
    "show",
  );
  expect(shown()).toContain("the sitemap answered 404");
});

test("deleting says whether documents stay", async () => {
  const removed: unknown[] = [];
  const calls = {
    dataSource: async () => source(),
    removeDataSource: async (...how: unknown[]) => void removed.push(how),
  };
  await view(calls, "docs", "show");
  await press("Delete this data source");
  const keep = find<HTMLInputElement>('input[type="checkbox"]');
  keep.checked = true;
  keep.dispatchEvent(new Event("change"));
  find("desk-confirm").shadowRoot?.querySelector<HTMLElement>(".danger")?.click();
  await settle();
  expect(removed).toEqual([["docs", true]]);
  expect(location.hash).toBe("#/sources");
});

test("an archive is uploaded first, and a sync takes it in", async () => {
  const synced: string[] = [];
  const calls = {
    ...{ key: "k", http: { baseUrl: new URL("https://c.test/") }, index: async () => index() },
    dataSource: async () => source({ kind: "archive", url: null }),
    sync: async (id: string) => {
      synced.push(id);
      return done;
    },
  };
  await view(calls, "docs", "show");
  expect(shown()).toContain("Upload its archive first.");
  const parcels: { url: string; body: Blob }[] = [];
  const upload = Object.assign(find("desk-archive-upload"), {
    send: async (parcel: { url: string; body: Blob }) => {
      parcels.push(parcel);
      return 200;
    },
  });
  const field = upload.shadowRoot?.querySelector("input") as HTMLInputElement;
  const choose = async (size: number) => {
    const files = [new File(["x".repeat(size)], "repo.zip")];
    Object.defineProperty(field, "files", { value: files, configurable: true });
    field.dispatchEvent(new Event("change"));
    await settle();
  };
  await choose(2001);
  expect(shown()).toContain("2 kB is more than the 2 kB that an archive may have");
  expect(parcels).toEqual([]);
  await choose(10);
  expect(parcels.map(({ url, body }) => [url, body.size])).toEqual([
    ["https://c.test/v1/data-sources/docs/archive", 10],
  ]);
  expect(synced).toEqual(["docs"]);
});
