import { expect, test } from "vitest";
import "../../src/desk/sign-in";
import type { DeskSignIn } from "../../src/desk/sign-in";
import { find, mount, problem, shown, submit, write } from "./support/desk";

/** Sign in with `key` at a door whose check does as told; return what was let in. */
async function tried(key: string, check: (key: string) => Promise<unknown>, keep = false) {
  const door = await mount<DeskSignIn>("desk-sign-in", { check });
  const entered: unknown[] = [];
  door.addEventListener("desk-signed-in", (event) => entered.push((event as CustomEvent).detail));
  await write("#key", key);
  if (keep) find<HTMLInputElement>("[name=keep]").checked = true;
  await submit("#key");
  return entered;
}

test("a good key is let in, without the spaces around it", async () => {
  expect(await tried(" good-key ", async () => ({}))).toEqual([{ key: "good-key", keep: false }]);
});

test("the tab keeps it where that is ticked", async () => {
  expect(await tried("good-key", async () => ({}), true)).toEqual([{ key: "good-key", keep: true }]);
});

test.each([401, 403])(
  "a wrong key is said to be wrong (%d), and the field is there to mend it",
  async (status) => {
    expect(await tried("bad", () => Promise.reject(problem(status, "unauthorized")))).toEqual([]);
    expect(shown()).toContain("This is not the admin key of this Carrel.");
    expect(find("#key").getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement?.shadowRoot?.activeElement?.id).toBe("key");
  },
);

test("what can be no key is not sent", async () => {
  const sent: string[] = [];
  const check = async (key: string) => sent.push(key);
  expect(await tried("schlüssel", check)).toEqual([]);
  expect(shown()).toContain("This is not the admin key");
  document.body.replaceChildren();
  expect(await tried("  ", check)).toEqual([]);
  expect(shown()).toContain("Write the admin key here.");
  expect(sent).toEqual([]);
});

test("a part that is away says nothing against the key", async () => {
  const away = problem(503, "upstream_unavailable");
  expect(await tried("good-key", () => Promise.reject(away))).toHaveLength(1);
});

test("no connection, or too many tries, is told and lets nobody in", async () => {
  expect(await tried("k", () => Promise.reject(problem(0, "network")))).toEqual([]);
  expect(shown()).toContain("Carrel cannot be reached.");
  document.body.replaceChildren();
  expect(await tried("k", () => Promise.reject(problem(429, "rate_limited")))).toEqual([]);
  expect(shown()).toContain("There were too many requests.");
});

test("where the key is found is told", async () => {
  await mount<DeskSignIn>("desk-sign-in", { check: async () => ({}), refused: true });
  expect(shown()).toContain("secrets/admin_api_key");
  expect(shown()).toContain("The key is no longer accepted.");
});
