import { expect, test } from "vitest";
import { webAddress } from "../../../src/desk/parts/addresses";

test("only http(s) addresses and those of this site are links", () => {
  const good = ["https://d.test/a#b", "HTTP://d.test", "/guide/a.html"];
  const bad = [
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.test/",
    "",
    "guide/a",
    "https://",
    " https://d.test",
  ];
  expect(good.map(webAddress)).toEqual(good);
  expect(bad.map(webAddress)).toEqual(bad.map(() => undefined));
});
