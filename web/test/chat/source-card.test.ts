import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../src/chat/source-card";
import type { CarrelSourceCard } from "../../src/chat/source-card";
import { source } from "../support/answers";

let card: CarrelSourceCard;
let mark: HTMLButtonElement;

const content = () => card.shadowRoot?.querySelector("[popover]") as HTMLElement;

beforeEach(async () => {
  vi.useFakeTimers();
  card = document.createElement("carrel-source-card") as CarrelSourceCard;
  mark = document.createElement("button");
  document.body.append(card, mark);
  await card.updateComplete;
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

const ask = async (how: "hover" | "focus" | "click", more = {}) => {
  card.ask({ source: { ...source("p1", more), number: 2 }, mark, how });
  vi.advanceTimersByTime(200);
  await card.updateComplete;
  await card.updateComplete;
};

describe("the card of a source", () => {
  it("tells title, headings and quote, and leads to the very paragraph", async () => {
    await ask("click");
    expect(content().querySelector("h3")?.textContent).toBe("Lamps");
    expect(content().querySelector(".path")?.textContent).toBe("Wick");
    expect(content().querySelector(".number")?.textContent).toBe("2");
    expect(content().querySelector("blockquote")?.textContent).toBe("Trim the wick.");
    const link = content().querySelector("a");
    expect(link?.href).toBe("https://docs.example.com/lamps#wick");
    expect([link?.target, link?.rel]).toEqual(["_blank", "noopener noreferrer nofollow"]);
    expect(mark.getAttribute("aria-expanded")).toBe("true");
    expect(card.shadowRoot?.activeElement).toBe(link);
  });

  it("links to the web only", async () => {
    await ask("click", { url: "javascript:alert(1)" });
    expect(content().querySelector("a")).toBeNull();
    expect(content().textContent).toContain("This document has no address.");
  });

  it("shows what documents say as text", async () => {
    await ask("click", { title: "<img src=x onerror=alert(1)>", quote: "<script>x</script>" });
    expect(content().querySelector("img, script")).toBeNull();
    expect(content().textContent).toContain("<script>x</script>");
  });

  it("is closed by Escape, and the focus goes back to the mark", async () => {
    await ask("click");
    content().dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    expect(card.open).toBe(false);
    expect(document.activeElement).toBe(mark);
    expect(mark.getAttribute("aria-expanded")).toBe("false");
  });

  it("that was hovered for goes with the mouse, unless the mouse went to the card", async () => {
    await ask("hover");
    expect(card.open).toBe(true);
    card.leave();
    content().dispatchEvent(new Event("mouseenter"));
    vi.advanceTimersByTime(1000);
    expect(card.open).toBe(true);
    card.leave();
    vi.advanceTimersByTime(1000);
    expect(card.open).toBe(false);
  });

  it("that was clicked for stays", async () => {
    await ask("click");
    card.leave();
    vi.advanceTimersByTime(1000);
    expect(card.open).toBe(true);
  });
});
