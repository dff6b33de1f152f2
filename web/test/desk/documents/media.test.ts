import { expect, test } from "vitest";
import { mediaTypeOf, SUFFIXES } from "../../../src/desk/documents/media";

test("a file's media type is told by the end of its name, in any case", () => {
  expect(["a.md", "b/c.HTML", "x.tar.txt"].map(mediaTypeOf)).toEqual([
    "text/markdown",
    "text/html",
    "text/plain",
  ]);
  expect(["a", "md", "a.png", "a.md/b", "x.constructor", ""].map(mediaTypeOf)).toEqual(
    Array(6).fill(undefined),
  );
  expect(SUFFIXES).toContain(".ipynb");
});
