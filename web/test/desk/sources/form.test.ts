import { expect, test } from "vitest";
import {
  check,
  EMPTY,
  fieldNamed,
  fieldsOf,
  formOf,
  idFrom,
  requestOf,
} from "../../../src/desk/sources/form";
import { source } from "../support/desk";

test("a sitemap is asked for with what was written, and nothing else", () => {
  const form = {
    ...EMPTY,
    id: "docs",
    url: " https://d.test/sitemap.xml ",
    include: "/guide/**\n\n /en/** ",
    interval: "3600",
  };
  expect(check(form)).toEqual({});
  expect(requestOf({ ...form, urls: "left over", urlTemplate: "left over" })).toEqual({
    ...{ kind: "sitemap", url: "https://d.test/sitemap.xml", include: ["/guide/**", "/en/**"] },
    ...{ interval_s: 3600, max_pages: 2000 },
  });
});

test("a list of pages has no address, an archive no pages and no hosts", () => {
  const pages = {
    ...EMPTY,
    id: "p",
    kind: "urls" as const,
    urls: "https://d.test/a\nhttps://d.test/b",
    url: "x",
  };
  expect([check(pages), requestOf(pages)]).toEqual([
    {},
    { kind: "urls", urls: ["https://d.test/a", "https://d.test/b"], max_pages: 2000 },
  ]);
  const archive = {
    ...EMPTY,
    id: "a",
    kind: "archive" as const,
    hosts: "d.test",
    urlTemplate: "https://d.test/{stem}",
  };
  expect([check(archive), requestOf(archive)]).toEqual([
    {},
    { kind: "archive", url_template: "https://d.test/{stem}" },
  ]);
  expect(fieldsOf("archive").has("maxPages")).toBe(false);
});

test("what cannot be is named before it is sent", () => {
  const good = { ...EMPTY, id: "docs", url: "https://d.test/s.xml" };
  expect(check(EMPTY)).toEqual({ id: "missing", url: "missing" });
  expect(check({ ...good, id: "-docs" })).toEqual({ id: "id" });
  expect(check({ ...good, url: "d.test" })).toEqual({ url: "address" });
  for (const maxPages of ["0", "20001", "1.5", "many", ""]) {
    expect(check({ ...good, maxPages })).toEqual({ maxPages: "number" });
  }
  const pages = { ...good, kind: "urls" as const };
  expect(check(pages)).toEqual({ urls: "missing" });
  expect(check({ ...pages, urls: "https://d.test\nftp://d.test" })).toEqual({ urls: "address" });
  const archive = { ...good, kind: "archive" as const, url: "" };
  expect(check({ ...archive, interval: "3600", urlTemplate: "https://d.test/" })).toEqual({
    ...{ interval: "schedule", urlTemplate: "template" },
  });
});

test("a source comes back from its form as it was", () => {
  const there = source({
    ...{ include: ["/a/**"], exclude: ["/b/**"], hosts: ["cdn.test"], interval_s: 7200, max_pages: 50 },
  });
  const { kind, url, include, exclude, hosts, interval_s, max_pages } = there;
  expect(requestOf(formOf(there))).toEqual({ kind, url, include, exclude, hosts, interval_s, max_pages });
});

test("a name is proposed from the address", () => {
  expect(idFrom("https://www.docs.example.com/sitemap.xml")).toBe("docs-example-com");
  expect([idFrom("docs"), idFrom("")]).toEqual(["", ""]);
});

test("the server's names of fields are those of the form", () => {
  expect(["url", "body.interval_s", "include.3", "max_pages", "nothing"].map(fieldNamed)).toEqual([
    ...["url", "interval", "include", "maxPages", undefined],
  ]);
});
