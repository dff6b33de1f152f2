import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { widgetTexts } from "../../src/texts/widget";
import { inBothThemes, inkOn } from "../../src/widget/colour";
import { pageContext, pageUrl } from "../../src/widget/page-context";
import { attributesOf, scriptOf } from "../../src/widget/script";
import { inView, place, type Quote, quoteOf, watchSelection } from "../../src/widget/selection";
import { select } from "./page";

beforeEach(() => {
  document.head.replaceChildren();
  document.body.replaceChildren();
  document.title = " Lamps ";
  history.replaceState(null, "", "/guide/lamps?token=secret#wick");
});

describe("what a question says of its page", () => {
  const origin = location.origin;

  function canonical(href: string): void {
    const link = document.createElement("link");
    link.rel = "canonical";
    link.setAttribute("href", href);
    document.head.replaceChildren(link);
  }

  it("is the address without query and fragment, and the title", () => {
    expect(pageContext(document, false)).toEqual({
      page_url: `${origin}/guide/lamps`,
      page_title: "Lamps",
      grounding: "all",
    });
  });

  it("is the canonical address, with its query: that is the page's own word", () => {
    canonical("/guide?id=5#part");
    expect(pageUrl(document)).toBe(`${origin}/guide?id=5`);
    canonical("https://name:word@docs.example.com/x");
    expect(pageUrl(document)).toBe("https://docs.example.com/x");
  });

  it.each(["javascript:alert(1)", "http://[", `https://x.test/${"a".repeat(2_000)}`])("is not %s", (href) => {
    canonical(href);
    expect(pageUrl(document)).toBe(`${origin}/guide/lamps`);
  });

  it("narrows to the page, or to what is selected there, when it is to", () => {
    expect(pageContext(document, true).grounding).toBe("page");
    expect(pageContext(document, true, "the wick")).toMatchObject({
      selected_text: "the wick",
      grounding: "selection",
    });
    expect(pageContext(document, false, "the wick").grounding).toBe("all");
  });

  it("is no address where there is none, and then not narrowed", () => {
    const page = { title: "", querySelector: () => null, location: { href: "file:///home/x/secret.html" } };
    expect(pageContext(page, true)).toEqual({ grounding: "all" });
  });

  it("is no longer than is taken, and has no half character at its end", () => {
    document.title = "t".repeat(600);
    const context = pageContext(document, false, `${"x".repeat(7_999)}😀`);
    expect(context.page_title).toHaveLength(500);
    expect(context.selected_text).toBe("x".repeat(7_999));
  });
});

describe("the selection", () => {
  function body(markup: string): Element {
    document.body.innerHTML = markup;
    return document.body.firstElementChild as Element;
  }

  it("is the text that is selected, and where its last line is", () => {
    select(body("<p>  The <b>wick</b> burns </p>"));
    expect(quoteOf(document)).toMatchObject({ text: "The wick burns", at: { left: 100, bottom: 70 } });
  });

  it.each([
    ["too little", "<p>ab</p>"],
    ["nothing", "<p></p>"],
    ["what is being written", '<div contenteditable="true">my own words</div>'],
    ["what is being written, within", '<div contenteditable=""><p>my own words</p></div>'],
    ["a field's", "<textarea>my own words</textarea>"],
    ["our own", "<carrel-widget><p>my own words</p></carrel-widget>"],
  ])("is not taken when it is %s", (_, markup) => {
    const first = body(markup);
    select(first.querySelector("p") ?? first);
    expect(quoteOf(document)).toBe(undefined);
  });

  it("is not taken while a field has the focus, nor when there is none", () => {
    const paragraph = body("<p>The wick burns</p>");
    const field = document.body.appendChild(document.createElement("input"));
    select(paragraph);
    field.focus();
    expect(quoteOf(document)).toBe(undefined);
    field.blur();
    select(paragraph);
    expect(quoteOf(document)?.text).toBe("The wick burns");
    document.getSelection()?.removeAllRanges();
    expect(quoteOf(document)).toBe(undefined);
  });

  it("has its button below, above where there is no room, and always in view", () => {
    const size = { width: 100, height: 30 };
    const view = { width: 400, height: 300 };
    expect(place({ left: 50, right: 200, top: 40, bottom: 60 }, size, view, 8)).toEqual({
      left: 150,
      top: 68,
    });
    expect(place({ left: 50, right: 200, top: 250, bottom: 280 }, size, view, 8)).toEqual({
      left: 150,
      top: 212,
    });
    expect(place({ left: 0, right: 10, top: -50, bottom: 290 }, size, view, 8)).toEqual({ left: 8, top: 8 });
    expect(place({ left: 0, right: 399, top: 0, bottom: 20 }, size, view, 8).left).toBe(292);
  });

  it.each([
    [{ left: 0, right: 9, top: 0, bottom: 9 }, true],
    [{ left: 0, right: 9, top: -9, bottom: 0 }, false],
    [{ left: 0, right: 9, top: 300, bottom: 310 }, false],
    [{ left: -9, right: 0, top: 0, bottom: 9 }, false],
    [{ left: 400, right: 409, top: 0, bottom: 9 }, false],
  ])("of %o is in view: %s", (at, seen) => {
    expect(inView(at, { width: 400, height: 300 })).toBe(seen);
  });

  describe("being watched", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    function press(type: string, pointerType = "mouse"): void {
      document.dispatchEvent(Object.assign(new Event(type), { pointerType }));
    }

    it("is told once it is calm and nothing is pressed, and taken back at once", () => {
      const told: [string | undefined, boolean | undefined][] = [];
      const end = watchSelection(document, (quote?: Quote, touched?: boolean) =>
        told.push([quote?.text, touched]),
      );
      const paragraph = body("<p>The wick burns</p>");
      press("pointerdown", "touch");
      select(paragraph);
      vi.advanceTimersByTime(1_000);
      expect(told.every(([text]) => text === undefined)).toBe(true);
      press("pointerup");
      vi.advanceTimersByTime(250);
      expect(told.at(-1)).toEqual(["The wick burns", true]);
      document.dispatchEvent(new Event("scroll"));
      expect(told.at(-1)?.[0]).toBe(undefined);
      vi.advanceTimersByTime(250);
      expect(told.at(-1)?.[0]).toBe("The wick burns");
      const count = told.length;
      end();
      select(paragraph);
      vi.advanceTimersByTime(1_000);
      expect(told).toHaveLength(count);
    });
  });
});

describe("the script", () => {
  function script(src: string, data: Record<string, string> = {}): HTMLScriptElement {
    const made = document.createElement("script");
    made.type = "module";
    made.setAttribute("src", src);
    Object.assign(made.dataset, data);
    document.head.append(made);
    return made;
  }

  it("is found by its address, else by its path", () => {
    script("https://a.test/other.js");
    const ours = script("https://carrel.test/x/widget.js?v=1");
    const late = script("https://carrel.test/x/widget.js?v=2");
    expect(scriptOf(document, "https://carrel.test/x/widget.js?v=2")).toBe(late);
    expect(scriptOf(document, "https://cdn.test/x/widget.js")).toBe(ours);
    expect(scriptOf(document, "https://carrel.test/y.js")).toBe(undefined);
    expect(scriptOf(document, "blob")).toBe(undefined);
  });

  it("says how the widget is to be", () => {
    const data = { label: "Ask", open: "", theme: "dark", foreign: "x" };
    expect(attributesOf(script("https://carrel.test/widget.js", data))).toEqual({
      label: "Ask",
      open: "",
      theme: "dark",
    });
    expect(attributesOf(script("https://carrel.test/widget.js", { open: "false" }))).toEqual({});
    expect(attributesOf(undefined)).toEqual({});
  });
});

describe("words and colours", () => {
  it("are English where there are no others", () => {
    expect(widgetTexts("en-GB")).toMatchObject({ lang: "en-GB" });
    expect(widgetTexts("xx")).toMatchObject({ lang: "en", texts: { label: "Ask the docs" } });
    expect(widgetTexts("").lang).toBe("en");
  });

  it("are lighter in the dark, unless their owner named both", () => {
    expect(inBothThemes("#0a7d5a")).toBe("light-dark(#0a7d5a, color-mix(in oklab, #0a7d5a, white 55%))");
    expect(inBothThemes("light-dark(red, blue)")).toBe("light-dark(red, blue)");
  });

  it.each([
    ["rgb(255, 255, 255)", "#000"],
    ["rgb(0 0 0)", "#fff"],
    ["rgba(28, 93, 153, 0.9)", "#fff"],
    ["rgb(255, 200, 0)", "#000"],
    ["color(srgb 1 1 1)", undefined],
  ])("have the ink that is read on %s", (colour, ink) => {
    expect(inkOn(colour)).toBe(ink);
  });
});
