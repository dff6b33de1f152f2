/** What is seen while that which shows answers is being loaded, or cannot be. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../src/chat/carrel-chat";
import type { CarrelChat } from "../../src/chat/carrel-chat";
import { FakeClient } from "../support/fake-client";

interface Gate {
  open(): void;
  shut(reason: Error): void;
}

/** Each loading waits for one of these. */
const loading = vi.hoisted(() => ({ gates: [] as Gate[] }));

vi.mock("../../src/chat/later", async (original) => {
  const { Later } = await original<typeof import("../../src/chat/later")>();
  return {
    Later: class extends Later {
      constructor(load: () => Promise<unknown>, told: (part: InstanceType<typeof Later>) => void) {
        const gated = async () => {
          await new Promise<void>((open, shut) => loading.gates.push({ open, shut }));
          return load();
        };
        super(String(load).includes("afterwards") ? gated : load, told);
      }
    },
  };
});

let client: FakeClient;
let chat: CarrelChat;
/** What the page is to do when it has nothing else to do. */
let idle: () => void;
const shadow = () => chat.shadowRoot as ShadowRoot;
const answer = () => shadow().querySelector("carrel-answer") as HTMLElement;
const spoken = () => shadow().querySelector('[aria-live="polite"]')?.textContent?.trim();

async function settle() {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await chat.updateComplete;
  }
}

beforeEach(async () => {
  loading.gates = [];
  vi.stubGlobal("requestIdleCallback", (work: () => void) => {
    idle = work;
  });
  client = new FakeClient();
  chat = document.createElement("carrel-chat") as CarrelChat;
  Object.assign(chat, { client, compact: true });
  document.body.append(chat);
  await settle();
});

afterEach(() => {
  chat.remove();
});

async function ask() {
  const composer = shadow().querySelector("carrel-composer") as HTMLElement;
  composer.dispatchEvent(new CustomEvent("ask", { detail: "How often?" }));
  await settle();
  client.runs[0]?.acknowledge();
  client.runs[0]?.tell({ type: "run-start", model: "m", index_version: "1" });
  await settle();
}

async function tell(text: string) {
  client.runs[0]?.tell({ type: "content-delta", delta: { text } });
  await settle();
}

async function end() {
  const usage = { input_tokens: 1, output_tokens: 1, search_units: 1 };
  client.runs[0]?.tell(
    { type: "message-end", finish_reason: "complete", usage },
    { type: "run-end", status: "completed", degraded: [], cached: false },
  );
  await settle();
}

describe("what shows answers", () => {
  // The element is defined once and for all: what is seen without it comes first.
  it("is loaded beforehand: when a question is about to be written, or the page is idle", async () => {
    expect(loading.gates).toHaveLength(0);
    shadow().querySelector("carrel-composer")?.dispatchEvent(new FocusEvent("focusin"));
    expect(loading.gates).toHaveLength(1);
    idle();
    expect(loading.gates).toHaveLength(2);
    loading.gates[0]?.shut(new Error("network"));
    await settle();
    expect(spoken()).toBe("");
  });

  it("cannot be loaded: that is said, and it is tried again", async () => {
    await ask();
    loading.gates.at(-1)?.shut(new Error("network"));
    await settle();
    const tries = loading.gates.length;
    expect(answer().textContent).toContain("A part of this page could not be loaded.");
    expect(spoken()).toBe("A part of this page could not be loaded.");
    await tell("Trim **it**.");
    expect(loading.gates).toHaveLength(tries);
    answer().querySelector("button")?.click();
    await settle();
    expect(loading.gates).toHaveLength(tries + 1);
    expect(answer().textContent?.trim()).toBe("Searching the documents …");
  });

  it("is waited for: no bare Markdown meanwhile, and what is said aloud does not wait", async () => {
    await ask();
    expect(answer().textContent?.trim()).toBe("Searching the documents …");
    await tell("Trim **the wick** daily.");
    expect(answer().textContent?.trim()).toBe("Searching the documents …");
    await end();
    expect(answer().textContent?.trim()).toBe("Loading …");
    expect(spoken()).toBe("Answer ready. Trim the wick daily.");
    expect(shadow().textContent).not.toContain("**");
    for (const gate of loading.gates) gate.open();
    await vi.waitFor(() => expect(answer().shadowRoot).not.toBeNull(), { timeout: 10_000 });
    await settle();
    expect(answer().textContent?.trim()).toBe("");
    expect(answer().shadowRoot?.querySelector(".text")?.textContent?.trim()).toBe("Trim the wick daily.");
  });
});
