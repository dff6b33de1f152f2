import { describe, expect, it } from "vitest";
import { addressOf, conversationIn } from "../../src/chat/address";
import { byDay } from "../../src/chat/days";
import { Drafts } from "../../src/chat/drafts";
import { actionOf } from "../../src/chat/keyboard";
import { connectionLine, degradedLine, errorLine, outcomeOf, progressLine } from "../../src/chat/notices";
import { fileName } from "../../src/chat/owned";
import { beginningOf } from "../../src/chat/spoken";
import { type Answer, storedAnswer } from "../../src/chat/transcript";
import type { ConnectionState } from "../../src/client";
import { besides } from "../../src/ui/place";
import { conversation, message } from "../support/fake-client";

const answer = (more: Partial<Answer>): Answer => ({ ...storedAnswer(message("assistant", "So.")), ...more });

describe("an address", () => {
  it("names a conversation, and one that is broken none", () => {
    expect(conversationIn("#c=a%2Fb")).toBe("a/b");
    expect(conversationIn("#c=%")).toBeUndefined();
    expect(conversationIn("#top")).toBeUndefined();
    const here = { pathname: "/carrel/", search: "?lang=en" } as Location;
    expect(addressOf("a/b", here)).toBe("/carrel/?lang=en#c=a%2Fb");
    expect(addressOf(undefined, here)).toBe("/carrel/?lang=en");
  });
});

describe("conversations by day", () => {
  it("are under today, yesterday, the day of the week, the month", () => {
    const now = new Date(2026, 10, 27, 9);
    const at = (year: number, month: number, day: number) => new Date(year, month, day, 22).toISOString();
    const items = [
      at(2026, 10, 27),
      at(2026, 10, 26),
      at(2026, 10, 26),
      at(2026, 10, 24),
      at(2026, 9, 2),
      at(2025, 9, 2),
    ];
    const days = byDay(
      items.map((time, index) => conversation(`c${index}`, "", time)),
      now,
      "en",
    );
    expect(days.map(({ name, items }) => [name, items.length])).toEqual([
      ["Today", 1],
      ["Yesterday", 2],
      ["Tuesday", 1],
      ["October", 1],
      ["October 2025", 1],
    ]);
  });
});

describe("drafts", () => {
  it("are kept where storage throws, too, as long as the page is", () => {
    const drafts = new Drafts(() => {
      throw new Error("forbidden");
    });
    drafts.write("half", "c1");
    expect(drafts.read("c1")).toBe("half");
    expect(drafts.read()).toBe("");
  });

  it("leave nothing behind when they are sent", () => {
    const store = new Map<string, string>();
    const drafts = new Drafts(() => ({
      getItem: (key) => store.get(key) ?? null,
      setItem: (key, value) => store.set(key, value),
      removeItem: (key) => store.delete(key),
    }));
    drafts.write("half", "c1");
    expect(drafts.read("c1")).toBe("half");
    drafts.write("", "c1");
    expect(store.size).toBe(0);
  });
});

describe("a key", () => {
  const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    defaultPrevented: false,
    ...more,
  });
  const field = document.createElement("textarea");

  it("means something outside of fields only, but for Escape, and nothing with others held", () => {
    expect(actionOf(press("?"), [document.body])).toBe("help");
    expect(actionOf(press("?"), [field])).toBeUndefined();
    expect(actionOf(press("Escape"), [field])).toBe("close");
    expect(actionOf(press("n", { metaKey: true }), [document.body])).toBeUndefined();
    expect(actionOf(press("n", { defaultPrevented: true }), [document.body])).toBeUndefined();
    expect(actionOf(press("x"), [document.body])).toBeUndefined();
  });
});

describe("what is said of an answer", () => {
  it("is what goes on before its first word", () => {
    expect(progressLine(answer({ status: "queued", position: 1 }))).toBe("You are next in line");
    expect(progressLine(answer({ status: "queued", position: 3 }))).toBe("Number 3 in line");
    expect(progressLine(answer({ status: "running", found: 1 }))).toBe("Reading 1 passage …");
    expect(progressLine(answer({ status: "gap" }))).toBe("Fetching what was missed …");
  });

  it("is how it ended, and whether to try again", () => {
    expect(outcomeOf(answer({}))).toBeUndefined();
    expect(outcomeOf(answer({ text: " " }))).toMatchObject({ retry: true });
    expect(outcomeOf(answer({ status: "incomplete" }))).toMatchObject({ bad: true, retry: true });
    expect(outcomeOf(answer({ finishReason: "max_tokens" }))).toMatchObject({ bad: false });
    const error = { code: "rate_limited", message: "", retryable: true, retryAfterMs: 12_100 };
    expect(outcomeOf(answer({ status: "failed", error }))?.text).toContain("You can try again in 13 s.");
  });

  it("is in plain words, and the service's own for what has none", () => {
    expect(errorLine({ code: "strange", message: "An owl." })).toBe("An owl.");
    expect(errorLine(undefined)).toBe("Something went wrong on our side.");
    expect(degradedLine([])).toBeUndefined();
    expect(degradedLine(["dense", "dense"])).toBe("Please note: the search went by words, not by meaning.");
  });

  it("aloud is its beginning without marks", () => {
    expect(beginningOf("## The *wick*\n\n- Trim [it](https://e.com).\n\n```\ncode\n```")).toBe(
      "The wick Trim it.",
    );
    const long = beginningOf("wick ".repeat(100));
    expect(long.endsWith("wick …")).toBe(true);
    expect(long.length).toBeLessThan(210);
  });
});

describe("what is said of a connection", () => {
  it("is nothing while it is open", () => {
    const line = (state: ConnectionState, more = {}) =>
      connectionLine({ state, retryAt: undefined, problem: undefined, ...more }, 5, "https://e.com");
    expect(line("open")).toBeUndefined();
    expect(line("waiting", { retryAt: 0 })).toBe("Connecting …");
    expect(line("offline")).toContain("offline");
    expect(line("closed")).toBe("Not connected.");
  });

  it("names the page's origin where that is refused, and nothing that cannot be let in", () => {
    const refused = {
      state: "closed",
      retryAt: undefined,
      problem: { code: "forbidden", message: "" },
    } as const;
    expect(connectionLine(refused, 0, "https://e.com")).toContain("add https://e.com to ALLOWED_ORIGINS");
    expect(connectionLine(refused, 0, "null")).toBe("Questions are not allowed from this page.");
  });
});

describe("a file's name", () => {
  it("has nothing of what file systems refuse", () => {
    expect(fileName('a/b: "c"?\n')).toBe("a b c");
    expect(fileName("..")).toBe("Untitled");
  });
});

describe("what floats", () => {
  const card = { offsetWidth: 300, offsetHeight: 200 };
  const view = { innerWidth: 800, innerHeight: 600 };

  it("is below what it belongs to, above where there is no room, and within the window", () => {
    expect(besides({ left: 100, right: 120, top: 100, bottom: 120 }, card, view)).toEqual({
      left: 100,
      top: 126,
    });
    expect(besides({ left: 700, right: 720, top: 500, bottom: 520 }, card, view)).toEqual({
      left: 492,
      top: 294,
    });
    expect(besides({ left: -50, right: 0, top: 100, bottom: 480 }, card, view)).toEqual({
      left: 8,
      top: 392,
    });
  });
});
