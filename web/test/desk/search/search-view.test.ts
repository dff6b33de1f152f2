import { expect, test } from "vitest";
import type { Passage } from "../../../src/protocol";
import "../../../src/desk/search/search-view";
import type { DeskSearch } from "../../../src/desk/search/search-view";
import type { SearchRequest } from "../../../src/desk/wire";
import { all, api, find, heard, mount, press, problem, settle, shown, submit, write } from "../support/desk";

function passage(id: string, more: Partial<Passage> = {}): Passage {
  return {
    ...{
      id,
      document_id: "guide/a.md",
      title: `Passage ${id}`,
      url: "https://d.test/a",
      anchor: "",
      heading_path: ["One", "Two"],
    },
    ...{
      text: `Text of ${id}.`,
      score: 1.5,
      score_parts: { text: 10, title: null, dense: 0.5, rerank: null },
    },
    ...more,
  };
}

function answer(...passages: Passage[]) {
  return { passages, index_version: "v7", degraded: [] as string[], timing_ms: { embed: 1.24, total: 5 } };
}

const ask = async (query: string) => {
  await write('input[name="query"]', query);
  await submit('input[name="query"]');
};

test("one query goes out with both settings, and the answers stand side by side", async () => {
  const said = heard();
  const asked: SearchRequest[] = [];
  const answers = [answer(passage("p"), passage("q")), answer(passage("q"), passage("r"))];
  const search = async (body: SearchRequest) => {
    asked.push(body);
    return answers.shift();
  };
  await mount<DeskSearch>("desk-search", { api: api({ search }) });
  await ask(" lamps ");
  expect(asked).toEqual([
    { query: "lamps", limit: 10, rerank: true, explain: true, filters: {} },
    { query: "lamps", limit: 10, rerank: false, explain: true, filters: {} },
  ]);
  const [a, b] = all(document)
    .filter((element) => element.localName === "desk-search-results")
    .map((element) => shown(element));
  expect(a).toMatch(
    /2 passages embed 1.2 ms · total 5 ms · v7.*Passage p only here.*One › Two.*Text of p.*Passage q ↓ from 1/,
  );
  expect(b).toMatch(/Passage q ↑ from 2.*Passage r only here/);
  expect(a).toMatch(/Score 1.5 Text 10 Title – Meaning 0.5 Rerank –/);
  expect(said).toEqual(["Setting A found 2 passages, setting B 2"]);
});

test("filters are rows, and one that is none is named and nothing asked", async () => {
  const asked: SearchRequest[] = [];
  const search = async (body: SearchRequest) => {
    asked.push(body);
    return answer();
  };
  await mount<DeskSearch>("desk-search", { api: api({ search }) });
  await press("+ Filter by metadata");
  await write('input[aria-label="Key"]', "year");
  await write('select[aria-label="Condition"]', "gte");
  await write('input[aria-label="Value"]', "soon");
  await ask("lamps");
  expect(shown()).toContain("Setting A: filter 1 needs a fitting value");
  expect(asked).toEqual([]);
  await write('input[aria-label="Value"]', "2020");
  await write('input[type="number"]', "500");
  await ask("lamps");
  expect(asked.map(({ filters, limit }) => [filters, limit])).toEqual([
    [{ year: { gte: 2020 } }, 50],
    [{}, 10],
  ]);
  await press("Remove filter 1");
  expect(() => find('input[aria-label="Key"]')).toThrow();
});

test("a new filter is there to be written in, and Enter in it asks", async () => {
  const asked: SearchRequest[] = [];
  const search = async (body: SearchRequest) => {
    asked.push(body);
    return answer();
  };
  await mount<DeskSearch>("desk-search", { api: api({ search }) });
  await write('input[name="query"]', "lamps");
  await press("+ Filter by metadata");
  const key = find<HTMLInputElement>('input[aria-label="Key"]');
  expect(find("desk-search-setting").shadowRoot?.activeElement).toBe(key);
  key.value = "lang";
  key.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await settle();
  expect(asked[0]?.filters).toEqual({ lang: "" });
});

test("what an answer was made without is said, and an empty one too", async () => {
  const search = async () => ({ ...answer(), degraded: ["dense", "rerank"] });
  await mount<DeskSearch>("desk-search", { api: api({ search }) });
  await ask("lamps");
  expect(shown()).toContain("Made without: dense, rerank");
  expect(shown()).toContain("Nothing was found.");
});

test("a query is needed, and a refusal is told", async () => {
  await mount<DeskSearch>("desk-search", {
    api: api({ search: () => Promise.reject(problem(503, "overloaded")) }),
  });
  await ask("  ");
  expect(shown()).toContain("Write a question first.");
  await ask("lamps");
  expect(shown()).toContain("Carrel is busy.");
});

test("a passage's text and title are text", async () => {
  const text = "<script>alert(1)</script>";
  const search = async () => answer(passage("p", { text, title: text, url: "javascript:alert(1)" }));
  await mount<DeskSearch>("desk-search", { api: api({ search }) });
  await ask("lamps");
  expect(shown()).toContain(text);
  expect(all(document).some((element) => element.localName === "script")).toBe(false);
  expect(() => find('a[href^="javascript:"]')).toThrow();
});
