import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import "../../src/chat/afterwards";
import "../../src/chat/carrel-chat";
import "../../src/chat/conversations";
import "../../src/chat/dialogs";
import type { CarrelAnswer } from "../../src/chat/answer";
import type { CarrelChat } from "../../src/chat/carrel-chat";
import { CarrelClient } from "../../src/client";
import { cite } from "../support/answers";
import { conversation, FakeClient, message, type Told } from "../support/fake-client";

let client: FakeClient;
let chat: CarrelChat;

/** Everything that waits for a frame, a timer of no length or a promise has happened. */
async function settle() {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await chat.updateComplete;
  }
}

async function show(more: Partial<CarrelChat> = {}) {
  chat = document.createElement("carrel-chat") as CarrelChat;
  Object.assign(chat, { client }, more);
  document.body.append(chat);
  await settle();
  return chat;
}

const inside = <Found extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = shadow()) =>
  root.querySelector(selector) as Found;
const shadow = () => chat.shadowRoot as ShadowRoot;
const answers = () => [...shadow().querySelectorAll<CarrelAnswer>("carrel-answer")];
const answerText = (at = -1) => answers().at(at)?.shadowRoot?.querySelector(".text")?.textContent?.trim();
const composer = () => inside("carrel-composer").shadowRoot as ShadowRoot;
const spoken = () => inside('[aria-live="polite"]').textContent?.trim();
const button = (label: string, root: ParentNode) =>
  [...root.querySelectorAll("button")].find((own) =>
    (own.ariaLabel ?? own.getAttribute("aria-label") ?? own.textContent)?.includes(label),
  ) as HTMLButtonElement;

async function ask(question: string, key: Partial<KeyboardEventInit & { keyCode: number }> = {}) {
  const field = inside<HTMLTextAreaElement>("textarea", composer());
  field.value = question;
  field.dispatchEvent(new Event("input"));
  field.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...key }),
  );
  await settle();
}

const END: [Told, Told] = [
  {
    type: "message-end",
    finish_reason: "complete",
    usage: { input_tokens: 1, output_tokens: 1, search_units: 1 },
  },
  { type: "run-end", status: "completed", degraded: [], cached: false },
];

beforeEach(() => {
  client = new FakeClient();
  history.replaceState(null, "", "/");
  sessionStorage.clear();
});

afterEach(() => {
  chat.remove();
});

describe("a question", () => {
  it("is sent by Enter, its answer is read as it comes, and told once when it is whole", async () => {
    await show();
    await ask("How often?");
    const run = client.runs[0];
    run?.acknowledge("c9");
    run?.tell({ type: "run-start", model: "m", index_version: "1" });
    await settle();
    expect(inside(".progress", answers()[0]?.shadowRoot as ShadowRoot).textContent).toContain("Searching");
    run?.tell({ type: "content-delta", delta: { text: "Trim **the wi" } });
    await settle();
    expect(answerText()).toBe("Trim the wi");
    expect(inside("[aria-busy]", answers()[0]?.shadowRoot as ShadowRoot).ariaBusy ?? "true").toBe("true");
    expect(spoken()).toBe("");
    run?.tell(
      { type: "content-delta", delta: { text: "ck** daily." } },
      { type: "citation-start", citation: cite("Trim **the wick** daily.", "Trim **the wick** daily.") },
      ...END,
    );
    await settle();
    expect(answerText()).toBe("Trim the wick daily.1");
    expect(spoken()).toBe("Answer ready. Trim the wick daily.");
    expect(answers()[0]?.shadowRoot?.querySelector(".sources a")?.getAttribute("href")).toContain("#wick");
    expect(location.hash).toBe("#c=c9");
  });

  it("is not sent by Shift+Enter, nor while an input method composes, nor when it is too long or empty", async () => {
    client.limits = { max_message_chars: 5, max_frame_bytes: 1, messages_per_minute: null };
    await show();
    await ask("one", { shiftKey: true });
    await ask("one", { isComposing: true });
    await ask("one", { keyCode: 229 });
    await ask("🪔🪔🪔🪔🪔🪔");
    expect(inside(".count", composer()).textContent).toBe("1 character too many");
    await ask("   ");
    expect(client.runs).toHaveLength(0);
    await ask("🪔🪔🪔🪔🪔");
    expect(client.runs).toHaveLength(1);
  });

  it("carries the page or the words it is about, once, unless the reader takes that away", async () => {
    await show({ compact: true, context: { selected_text: "the wick", page_url: "https://e.com" } });
    expect(inside(".context", composer()).textContent).toContain("the wick");
    await ask("Why?");
    expect(client.runs[0]?.options.context?.selected_text).toBe("the wick");
    expect(inside(".about").textContent).toBe("the wick");
    client.runs[0]?.acknowledge();
    client.runs[0]?.tell(...END);
    chat.context = { page_title: "Lamps" };
    await settle();
    button("Ask about everything", composer()).click();
    await settle();
    await ask("And?");
    expect(client.runs[1]?.options.context).toBeUndefined();
  });

  it("waits while an answer is given, which can be stopped", async () => {
    await show();
    await ask("One?");
    client.runs[0]?.acknowledge();
    await settle();
    await ask("Two?");
    expect(client.runs).toHaveLength(1);
    expect(inside<HTMLTextAreaElement>("textarea", composer()).value).toBe("Two?");
    button("Stop", composer()).click();
    await settle();
    expect(client.calls).toContainEqual(["cancel", "r1"]);
    expect(answers()[0]?.shadowRoot?.textContent).toContain("You stopped this answer.");
  });

  it("that is written and not sent is kept, one for each conversation", async () => {
    client.stored = [conversation("c1")];
    await show();
    const field = inside<HTMLTextAreaElement>("textarea", composer());
    field.value = "half a ques";
    field.dispatchEvent(new Event("input"));
    await settle();
    location.hash = "c=c1";
    await settle();
    expect(field.value).toBe("");
    chat.remove();
    history.replaceState(null, "", "/");
    await show();
    expect(inside<HTMLTextAreaElement>("textarea", composer()).value).toBe("half a ques");
  });
});

describe("an answer", () => {
  it("that the documents do not hold looks so, and has no sources", async () => {
    await show();
    await ask("What does oil cost?");
    const text = "The documents do not say.";
    client.runs[0]?.acknowledge();
    client.runs[0]?.tell(
      { type: "content-delta", delta: { text } },
      { type: "citation-start", citation: cite(text, text) },
    );
    client.runs[0]?.tell({ ...END[0], finish_reason: "refused" } as Told, END[1]);
    await settle();
    const own = answers()[0]?.shadowRoot as ShadowRoot;
    expect(inside(".refused .head", own).textContent).toContain("Not in these documents");
    expect(own.querySelector("sup.mark, .sources")).toBeNull();
    expect(spoken()).toBe("Not in these documents. The documents do not say.");
  });

  it("that failed says why, and is tried again in its own place", async () => {
    await show();
    await ask("Why?");
    client.runs[0]?.acknowledge();
    client.runs[0]?.tell({
      type: "run-end",
      status: "failed",
      degraded: [],
      cached: false,
      error: { code: "overloaded", message: "x", retryable: true },
    });
    await settle();
    const own = answers()[0]?.shadowRoot as ShadowRoot;
    expect(own.textContent).toContain("Too many questions are being answered right now.");
    button("Try again", own).click();
    await settle();
    expect(client.calls.some(([name]) => name === "retry")).toBe(true);
    expect(answers()).toHaveLength(1);
    expect(shadow().querySelectorAll(".question")).toHaveLength(1);
  });

  it("says in one line what it had to do without", async () => {
    await show();
    await ask("Why?");
    client.runs[0]?.acknowledge();
    client.runs[0]?.tell({ type: "content-delta", delta: { text: "So." } }, END[0], {
      ...END[1],
      degraded: ["rerank", "dense", "owls"],
    } as Told);
    await settle();
    expect(answers()[0]?.shadowRoot?.textContent).toContain(
      "Please note: the passages could not be ranked a second time; the search went by words, not by meaning; “owls” was not available.",
    );
  });

  it("is one of several that are paged through", async () => {
    const question = message("user", "Why?");
    client.stored = [conversation("c1")];
    client.told.set("c1", [
      question,
      message("assistant", "One.", { question_id: question.id }),
      message("assistant", "Two.", { question_id: question.id }),
    ]);
    location.hash = "c=c1";
    await show();
    expect(answers()).toHaveLength(1);
    expect(answerText()).toBe("Two.");
    button("Previous answer", answers()[0]?.shadowRoot as ShadowRoot).click();
    await settle();
    expect(answerText()).toBe("One.");
    button("Answer again", answers()[0]?.shadowRoot as ShadowRoot).click();
    await settle();
    expect(client.calls).toContainEqual(["regenerate", question.id]);
    client.runs[0]?.acknowledge("c1");
    client.runs[0]?.tell({ type: "content-delta", delta: { text: "Three." } }, ...END);
    await settle();
    expect(answerText()).toBe("Three.");
    expect(inside(".pages", answers()[0]?.shadowRoot as ShadowRoot).textContent).toContain("3 of 3");
  });

  it("is rated at once, with a word afterwards, and the reader is thanked", async () => {
    const question = message("user", "Why?");
    const answer = message("assistant", "So.", { question_id: question.id });
    client.stored = [conversation("c1")];
    client.told.set("c1", [question, answer]);
    location.hash = "c=c1";
    await show();
    const feedback = inside("carrel-feedback", answers()[0]?.shadowRoot as ShadowRoot)
      .shadowRoot as ShadowRoot;
    button("does not answer", feedback).click();
    await settle();
    expect(client.calls).toContainEqual(["rate", answer.id, "down", undefined]);
    expect(spoken()).toBe("Thanks");
    inside<HTMLTextAreaElement>("textarea", feedback).value = "Outdated.";
    inside("form", feedback).dispatchEvent(new Event("submit", { cancelable: true }));
    await settle();
    expect(client.calls).toContainEqual(["rate", answer.id, "down", "Outdated."]);
    expect(button("does not answer", feedback).getAttribute("aria-pressed")).toBe("true");
  });

  it("that cannot be rated right now keeps what was rated before", async () => {
    const question = message("user", "Why?");
    client.stored = [conversation("c1")];
    client.told.set("c1", [question, message("assistant", "So.", { question_id: question.id })]);
    location.hash = "c=c1";
    await show();
    client.refuse = "rate";
    const feedback = inside("carrel-feedback", answers()[0]?.shadowRoot as ShadowRoot)
      .shadowRoot as ShadowRoot;
    button("This answers", feedback).click();
    await settle();
    expect(spoken()).toBe("Your feedback could not be saved.");
    expect(button("This answers", feedback).getAttribute("aria-pressed")).toBe("false");
  });
});

describe("a stored conversation", () => {
  beforeEach(() => {
    client.stored = [conversation("c1", "Wicks"), conversation("c2", "Oil")];
    client.told.set("c1", [message("user", "One?"), message("user", "Two?"), message("user", "Three?")]);
  });

  it("is opened by its address, and left and entered again by the browser's back and forward", async () => {
    location.hash = "c=c1";
    await show();
    expect(shadow().querySelectorAll(".question")).toHaveLength(3);
    location.hash = "";
    await vi.waitFor(() => expect(shadow().querySelector(".welcome")).not.toBeNull());
  });

  it("that is gone says so", async () => {
    location.hash = "c=nothing";
    await show();
    expect(inside('[role="alert"]').textContent).toContain("no longer here");
  });

  it("that could not be read is read again", async () => {
    client.refuse = "messages";
    location.hash = "c=c1";
    await show();
    button("Try again", inside('[role="alert"]')).click();
    await settle();
    expect(shadow().querySelectorAll(".question")).toHaveLength(3);
  });

  it("has its earlier messages on demand", async () => {
    client.page = 2;
    location.hash = "c=c1";
    await show();
    expect(shadow().querySelectorAll(".question")).toHaveLength(2);
    button("Show earlier", shadow()).click();
    await settle();
    expect(
      [...shadow().querySelectorAll(".question")].map((own) =>
        own.textContent?.trim().replace("You asked: ", ""),
      ),
    ).toEqual(["One?", "Two?", "Three?"]);
    expect(button("Show earlier", shadow())).toBeUndefined();
  });

  it("whose answer is being written goes on", async () => {
    const question = message("user", "Why?", { id: "q" });
    client.told.set("c2", [
      question,
      message("assistant", "", {
        id: "a",
        question_id: "q",
        run_id: "r77",
        status: "running",
        conversation_id: "c2",
      }),
    ]);
    location.hash = "c=c2";
    await show();
    expect(client.calls).toContainEqual(["follow", { runId: "r77", conversationId: "c2", messageId: "a" }]);
    client.runs[0]?.tell({ type: "content-delta", delta: { text: "Since then." } }, ...END);
    await settle();
    expect(answers()).toHaveLength(1);
    expect(answerText()).toBe("Since then.");
  });

  it("shows what another tab asked when this one is seen again", async () => {
    location.hash = "c=c1";
    await show();
    client.told.get("c1")?.push(message("user", "Four?"));
    document.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(shadow().querySelectorAll(".question")).toHaveLength(4);
  });
});

describe("in the widget", () => {
  it("there is a close button, the list is behind a button, and the page's address is left alone", async () => {
    client.stored = [conversation("c1")];
    location.hash = "c=c1";
    await show({ compact: true });
    expect(shadow().querySelector("carrel-conversations")).toBeNull();
    expect(shadow().querySelector(".welcome")).not.toBeNull();
    expect(shadow().querySelector('[role="main"]')).toBeNull();
    const closed = vi.fn();
    chat.addEventListener("carrel-close", closed);
    button("Close", inside(".bar")).click();
    expect(closed).toHaveBeenCalledOnce();
    button("Conversations", inside(".bar")).click();
    await settle();
    expect(shadow().querySelector("carrel-conversations")).not.toBeNull();
    expect(inside(".main").hasAttribute("inert")).toBe(true);
  });
});

describe("on a page that may not ask", () => {
  const words = "Questions are not allowed from this page.";

  it("it says so, aloud too, with what the site's owner can do, and may be tried again", async () => {
    await show({ compact: true });
    client.problem = { code: "forbidden", message: "x" };
    client.become("closed");
    await settle();
    const line = `${words} If this is your site: add ${location.origin} to ALLOWED_ORIGINS where Carrel runs.`;
    expect(inside(".notice span").textContent).toBe(line);
    expect(spoken()).toBe(line);
    client.calls = [];
    button("Try now", inside(".notice")).click();
    expect(client.calls).toEqual([["connect"]]);
  });

  it("nothing is asked over and over: the service's own refusal of a session ends it", async () => {
    const fetch = vi.fn(async (_input: RequestInfo | URL) => {
      const problem = { type: "about:blank", title: "x", status: 403, detail: "x", code: "forbidden" };
      return Response.json({ ...problem, retryable: false, request_id: "r" }, { status: 403 });
    });
    const real = new CarrelClient({ baseUrl: "https://carrel.example.com/", fetch: fetch as never });
    await show({ compact: true, client: real });
    await vi.waitFor(() => expect(inside(".notice")?.textContent).toContain(words));
    expect(real).toMatchObject({ state: "closed", problem: { code: "forbidden" } });
    await ask("How often?");
    expect(answers()[0]?.shadowRoot?.textContent).toContain(words);
    expect(fetch.mock.calls.map(([url]) => String(url))).toEqual(["https://carrel.example.com/v1/sessions"]);
  });
});

describe("by keyboard", () => {
  it("letters outside of fields go to the question, begin anew, and step through messages", async () => {
    client.stored = [conversation("c1")];
    client.told.set("c1", [message("user", "One?"), message("user", "Two?")]);
    location.hash = "c=c1";
    await show();
    const press = async (key: string) => {
      inside(".scroll").dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }),
      );
      await settle();
    };
    await press("j");
    expect(shadow().activeElement).toBe(shadow().querySelectorAll(".turn")[0]);
    await press("/");
    expect(composer().activeElement?.tagName).toBe("TEXTAREA");
    await press("n");
    expect(shadow().querySelector(".welcome")).not.toBeNull();
  });
});

describe("another visitor", () => {
  it("sees nothing of the first one's conversations", async () => {
    client.stored = [conversation("c1")];
    client.told.set("c1", [message("user", "One?")]);
    location.hash = "c=c1";
    await show();
    client.stored = [];
    client.dispatchEvent(new Event("session"));
    await settle();
    expect(shadow().querySelector(".question")).toBeNull();
    expect(location.hash).toBe("");
  });
});

describe("pointing at a mark", () => {
  it("lights up the span it stands for, and a source in the list all of its spans", async () => {
    const question = message("user", "Why?");
    const text = "Trim it. Light it. Sleep.";
    const citations = [
      cite(text, "Trim it.", "p1"),
      cite(text, "Light it.", "p2"),
      cite(text, "Sleep.", "p1"),
    ];
    client.stored = [conversation("c1")];
    client.told.set("c1", [question, message("assistant", text, { question_id: question.id, citations })]);
    location.hash = "c=c1";
    await show();
    const own = answers()[0]?.shadowRoot as ShadowRoot;
    const lit = () => [...own.querySelectorAll(".lit")].map((span) => span.textContent);
    const over = (target: Element | null | undefined) =>
      target?.dispatchEvent(new Event("mouseover", { bubbles: true }));
    over(own.querySelectorAll("sup.mark button")[1]);
    expect(lit()).toEqual(["Light it."]);
    over(own.querySelector(".sources li"));
    expect(lit()).toEqual(["Trim it.", "Sleep."]);
    own.querySelector(".sources ol")?.dispatchEvent(new Event("mouseout"));
    expect(lit()).toEqual([]);
  });
});
