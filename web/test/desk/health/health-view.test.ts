import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { DeskApi } from "../../../src/desk/api";
import "../../../src/desk/health/health-view";
import type { DeskHealth } from "../../../src/desk/health/health-view";
import type { IndexReport, OverallHealth, Status } from "../../../src/desk/wire";
import { api, find, heard, index, mount, press, problem, settle, shown, withDialogs } from "../support/desk";

beforeAll(withDialogs);
afterEach(() => vi.restoreAllMocks());

function health(status: Status): OverallHealth {
  const checks = { qdrant: { status, detail: status === "ok" ? "" : "the engine is away" } };
  return {
    status,
    version: "1.2.3",
    uptime_s: 4000,
    services: { retriever: { status, latency_ms: 4.23, checks, detail: "" } },
  };
}

function view(calls: Partial<Record<keyof DeskApi, unknown>>) {
  return mount<DeskHealth>("desk-health", { api: api({ index: async () => index(), ...calls }) });
}

/** Have what is asked again and again be asked now. */
async function again(): Promise<void> {
  document.dispatchEvent(new Event("visibilitychange"));
  await settle();
}

test("each part is told with its state, its time and what it needs", async () => {
  await view({ health: async () => health("degraded") });
  expect(shown()).toContain("It works, but a part is away");
  expect(shown()).toMatch(/Version 1\.2\.3 · up for 1 hr, 6 min/);
  expect(shown()).toMatch(/Retriever degraded answered in 4\.2 ms qdrant degraded the engine is away/);
});

test("a change for better or worse is read out, staying the same is not", async () => {
  const said = heard();
  const answers = [health("ok"), health("ok"), health("down")];
  await view({ health: async () => answers.shift() });
  await again();
  expect(said).toEqual([]);
  await again();
  expect(said).toEqual(["It cannot do its work"]);
});

test("no answer is told, and the next one takes its place", async () => {
  const answers = [Promise.reject(problem(0, "network")), Promise.resolve(health("ok"))];
  await view({ health: () => answers.shift() });
  expect(shown()).toContain("Carrel cannot be reached.");
  await again();
  expect(shown()).toContain("Everything works");
  expect(shown()).not.toContain("Carrel cannot be reached.");
});

test("the index is told, and built anew only when the owner says so again", async () => {
  const said = heard();
  const rebuild = { ...index().rebuild, status: "running" as const, done: 40, total: 95 };
  let report: IndexReport = index({ current: false, embedding_model: null });
  let begun = 0;
  const calls = {
    health: async () => health("ok"),
    index: async () => report,
    rebuild: async () => {
      begun += 1;
      report = index({ rebuild });
    },
  };
  await view(calls);
  expect(shown()).toMatch(/95 documents|documents 95/);
  expect(shown()).toContain("searched by words alone");
  expect(shown()).toContain("of another version or model");
  await press("Build it anew");
  expect(begun).toBe(0);
  find("desk-confirm").shadowRoot?.querySelector<HTMLElement>(".danger")?.click();
  await settle();
  expect(begun).toBe(1);
  expect(shown()).toContain("Being built anew: 40 of 95 documents");
  expect(find<HTMLProgressElement>("progress").value).toBe(40);
  report = index();
  await again();
  expect(said).toEqual(["The index is being built anew.", "The new index is in use."]);
});

test("a rebuild that waits says why", async () => {
  const rebuild = { ...index().rebuild, status: "waiting" as const, reason: "the disk is full" };
  await view({ health: async () => health("ok"), index: async () => index({ rebuild }) });
  expect(shown()).toContain("It waits, and goes on by itself: the disk is full");
});
