import { expect, test } from "vitest";
import "../../../src/desk/usage/usage-view";
import type { DeskUsage } from "../../../src/desk/usage/usage-view";
import type { UsageReport } from "../../../src/desk/wire";
import { api, mount, problem, shown, usage } from "../support/desk";

const view = (report: UsageReport) =>
  mount<DeskUsage>("desk-usage", { api: api({ usage: async () => report }) });

test("the month's calls and what they leave on", async () => {
  await view(usage());
  expect(shown()).toContain("Paid calls of 2026-11");
  expect(shown()).toContain("850 of 1,000 (85%)");
  expect(shown()).toContain("Given up until the month ends: Reranking.");
  expect(shown()).toMatch(/Reranking ended 80% the order of the search/);
  expect(shown()).toMatch(/Writing answers goes on 97%/);
});

test("without a limit nothing ends", async () => {
  await view(usage({ limit: null, left: null, rerank: true }));
  expect(shown()).toContain("There is no limit.");
  expect(shown()).toMatch(/Reranking goes on never/);
  expect(shown()).not.toContain("Given up");
});

test("a month without a call says why that may be", async () => {
  await view(usage({ calls: 0, rerank: true }));
  expect(shown()).toContain("Nothing was paid for this month.");
});

test("a refusal is told", async () => {
  await mount<DeskUsage>("desk-usage", {
    api: api({ usage: () => Promise.reject(problem(500, "internal")) }),
  });
  expect(shown()).toContain("The log of the server tells more");
});
