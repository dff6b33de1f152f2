import { beforeEach, describe, expect, it, vi } from "vitest";
import "./page";

/** The script as it is loaded by a page: its own address is the module's. */
const here = import.meta.url.replace("test/widget/widget.test.ts", "src/widget.ts");

async function run(): Promise<void> {
  vi.resetModules();
  await import("../../src/widget");
}

beforeEach(() => {
  document.head.replaceChildren();
  document.body.replaceChildren();
});

function script(data: Record<string, string> = {}): void {
  const made = document.createElement("script");
  made.type = "application/test"; // found, not run
  made.setAttribute("src", here);
  Object.assign(made.dataset, data);
  document.head.append(made);
}

describe("the script", () => {
  it("puts one widget on the page, as it is asked to", async () => {
    script({ label: "Ask Lampe", position: "start" });
    await run();
    const [widget, ...more] = document.querySelectorAll("carrel-widget");
    expect(more).toEqual([]);
    expect(widget?.getAttribute("label")).toBe("Ask Lampe");
    expect(widget?.getAttribute("position")).toBe("start");
    expect(widget?.shadowRoot).toBeTruthy();
    await run();
    expect(document.querySelectorAll("carrel-widget")).toHaveLength(1);
  });

  it("adds none to a page that has its own, or imports it", async () => {
    const own = document.body.appendChild(document.createElement("carrel-widget"));
    script();
    await run();
    expect([...document.querySelectorAll("carrel-widget")]).toEqual([own]);
    document.head.replaceChildren();
    document.body.replaceChildren();
    await run();
    expect(document.querySelector("carrel-widget")).toBe(null);
  });
});
