import { expect, test } from "vitest";
import { parseRoute, routeTo } from "../../src/desk/routes";

test("what is not an address of the desk is its first view", () => {
  for (const hash of ["", "#", "#/", "#/nowhere/else", "#documents"]) {
    expect(parseRoute(hash)).toEqual({ view: "documents", path: [] });
  }
});

test("an address leads to where it was made for, whatever is in it", () => {
  for (const id of ["guide/lamps.md", "50% off?.md", "a#b", "تجربة.md"]) {
    expect(parseRoute(routeTo("documents", id))).toEqual({ view: "documents", path: [id] });
  }
  expect(parseRoute(routeTo("sources", "docs", "edit"))).toEqual({ view: "sources", path: ["docs", "edit"] });
});

test("an address with a broken escape is taken as it is", () => {
  expect(parseRoute("#/documents/100%")).toEqual({ view: "documents", path: ["100%"] });
});
