import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../../src/desk/carrel-desk";
import type { CarrelDesk } from "../../src/desk/carrel-desk";
import { all, find, index, mount, press, shown, submit, write } from "./support/desk";

const PROBLEM = {
  type: "about:blank",
  title: "t",
  status: 401,
  detail: "no",
  code: "unauthorized",
  request_id: "r",
};
let good = "key-1";
const keys: (string | null)[] = [];

beforeEach(() => {
  good = "key-1";
  keys.length = 0;
  sessionStorage.clear();
  vi.stubGlobal("fetch", async (url: string | URL, init: RequestInit) => {
    const key = new Headers(init.headers).get("X-API-Key");
    keys.push(key);
    if (key !== good) return Response.json(PROBLEM, { status: 401 });
    return Response.json(String(url).includes("v1/index") ? index() : { items: [], next_cursor: null });
  });
});

afterEach(() => vi.unstubAllGlobals());

async function enter(keep = false): Promise<void> {
  await mount<CarrelDesk>("carrel-desk", {});
  await write("#key", "key-1");
  if (keep) find<HTMLInputElement>("[name=keep]").checked = true;
  await submit("#key");
}

test("nothing is shown or asked before the owner is in", async () => {
  await mount<CarrelDesk>("carrel-desk", {});
  expect(all(document).some((element) => element.localName === "nav")).toBe(false);
  expect(keys).toEqual([]);
});

test("the owner comes in, goes from view to view, and out again", async () => {
  await enter();
  expect(shown(find("h1"))).toBe("Documents");
  expect(document.title).toBe("Documents – Carrel: the owner's desk");
  location.hash = "#/sources";
  await new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
  await new Promise((resolve) => setTimeout(resolve));
  expect(shown(find("h1"))).toBe("Sources");
  expect(find("nav a[aria-current]").getAttribute("href")).toBe("#/sources");
  expect(document.activeElement?.shadowRoot?.activeElement?.localName).toBe("h1");
  await press("Sign out");
  expect(find("#key")).toBeTruthy();
  expect(document.title).toBe("Carrel: the owner's desk");
});

test("the tab keeps the key only where that is ticked, and the address never", async () => {
  await enter();
  expect(sessionStorage.length).toBe(0);
  document.body.replaceChildren();
  await enter(true);
  expect([sessionStorage.length, localStorage.length]).toEqual([1, 0]);
  expect(location.href).not.toContain("key-1");
  document.body.replaceChildren();
  await mount<CarrelDesk>("carrel-desk", {});
  expect(shown(find("h1"))).toBe("Documents");
});

test("a key that is no longer taken ends the session and is forgotten", async () => {
  await enter(true);
  good = "key-2";
  await submit('input[name="q"]');
  expect(shown()).toContain("The key is no longer accepted.");
  expect(sessionStorage.length).toBe(0);
});

test("what views say is read out, the same words twice too", async () => {
  await enter();
  const live = find('[role="status"]');
  const say = () =>
    find("desk-documents").dispatchEvent(
      new CustomEvent("desk-say", { detail: "Done", bubbles: true, composed: true }),
    );
  say();
  await find<CarrelDesk>("carrel-desk").updateComplete;
  const first = live.textContent;
  say();
  await find<CarrelDesk>("carrel-desk").updateComplete;
  expect(first?.trim()).toBe("Done");
  expect(live.textContent).not.toBe(first);
});
