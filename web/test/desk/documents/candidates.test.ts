import { expect, test } from "vitest";
import { addressOf, isTemplate, sortFiles } from "../../../src/desk/documents/candidates";

function chosen(path: string, size = 5) {
  return { path, file: new File(["x".repeat(size)], path.split("/").at(-1) ?? "") };
}

test("files are sent under their path, as what their name says", () => {
  const { wanted, refused } = sortFiles([chosen("guide/lamps.md"), chosen("A.PDF")], 100, "");
  expect(wanted.map(({ id, mediaType, url }) => [id, mediaType, url])).toEqual([
    ["guide/lamps.md", "text/markdown", ""],
    ["A.PDF", "application/pdf", ""],
  ]);
  expect(refused).toEqual([]);
});

test("the folder that holds everything is no part of an id", () => {
  const ids = (...paths: string[]) =>
    sortFiles(
      paths.map((path) => chosen(path)),
      100,
      "",
    ).wanted.map(({ id }) => id);
  expect(ids("book/a.md", "book/src/b.md")).toEqual(["a.md", "src/b.md"]);
  expect(ids("book/a.md", "notes/b.md")).toEqual(["book/a.md", "notes/b.md"]);
  expect(ids("book/a.md", "b.md")).toEqual(["book/a.md", "b.md"]);
});

test("what would be refused is not sent, and why", () => {
  const files = [
    chosen("a.md", 101),
    chosen("b.md", 0),
    chosen("c.png"),
    chosen("d\u0007.md"),
    chosen("constructor"),
  ];
  const { wanted, refused } = sortFiles(files, 100, "");
  expect(wanted).toEqual([]);
  expect(refused.map(({ why }) => why)).toEqual(["size", "empty", "kind", "name", "kind"]);
  expect(sortFiles([chosen("a.md", 100)], 100, "").wanted).toHaveLength(1);
  expect(sortFiles([chosen(`${"x".repeat(510)}.md`)], 100, "").refused[0]?.why).toBe("name");
});

test("hidden files and what is in hidden folders is left out unsaid", () => {
  const sorted = sortFiles([chosen("a/.DS_Store"), chosen("a/.git/x.md"), chosen("a/b.md")], 100, "");
  expect([sorted.wanted.map(({ id }) => id), sorted.refused]).toEqual([["b.md"], []]);
});

test("a template makes addresses, escaped", () => {
  expect(addressOf("guide/my lamps.md", "https://d.test/{stem}.html")).toBe(
    "https://d.test/guide/my%20lamps.html",
  );
  expect(addressOf("a.md", "https://d.test/blob/{path}")).toBe("https://d.test/blob/a.md");
  expect(addressOf("a.md", "")).toBe("");
  expect(sortFiles([chosen("a.md")], 100, "https://d.test/{stem}").wanted[0]?.url).toBe("https://d.test/a");
});

test("a template is an address with a place for the path", () => {
  const good = ["", "https://d.test/{stem}.html", "/docs/{path}"];
  const bad = ["https://d.test/", "javascript:{path}", "//d.test/{path}", "{path}", "https://d test/{path}"];
  expect([good.every(isTemplate), bad.some(isTemplate)]).toEqual([true, false]);
});
