import { beforeEach, describe, expect, it, vi } from "vitest";
import { CarrelWidget } from "../../src/widget/carrel-widget";
import { media, select, turn } from "./page"; // before the widget: it looks for these as it is made

class FakeChat extends HTMLElement {
  context: unknown;
  focusQuestion = vi.fn(() => this.focus());
  connectedCallback() {
    this.tabIndex = 0;
  }
}

customElements.define("carrel-chat", FakeChat);
customElements.define("carrel-widget", CarrelWidget);

const load = vi.fn(async () => {});

beforeEach(() => {
  document.body.replaceChildren();
  document.title = "Lamps";
  history.replaceState(null, "", "/guide");
  document.getSelection()?.removeAllRanges();
  media.matches = false;
  load.mockReset().mockResolvedValue(undefined);
  CarrelWidget.load = load;
  CarrelWidget.base = "https://carrel.test/";
});

function widget(attributes: Record<string, string> = {}) {
  const made = document.createElement("carrel-widget") as CarrelWidget;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  document.body.append(made);
  const find = <T extends Element = HTMLElement>(selector: string) =>
    made.shadowRoot?.querySelector<T>(selector) as T;
  return {
    made,
    launcher: find(".launcher"),
    about: find(".about"),
    panel: find<HTMLDialogElement>("dialog"),
    chat: () => find<FakeChat & HTMLElement>("carrel-chat"),
    find,
  };
}

async function opened(attributes: Record<string, string> = {}) {
  const all = widget(attributes);
  all.launcher.focus();
  all.launcher.click();
  await turn();
  return all;
}

function pressEscape(on: Element): KeyboardEvent {
  const event = new KeyboardEvent("keydown", {
    key: "Escape",
    bubbles: true,
    composed: true,
    cancelable: true,
  });
  on.dispatchEvent(event);
  return event;
}

describe("the button", () => {
  it("opens and closes the panel, and says so", async () => {
    const { made, launcher, panel, chat } = widget();
    expect(launcher.textContent).toBe("Ask the docs");
    expect(launcher.getAttribute("aria-expanded")).toBe("false");
    const heard: string[] = [];
    for (const type of ["carrel-open", "carrel-close"]) made.addEventListener(type, () => heard.push(type));
    launcher.focus();
    launcher.click();
    await turn();
    expect(made.open).toBe(true);
    expect(launcher.getAttribute("aria-expanded")).toBe("true");
    expect(launcher.getAttribute("aria-label")).toBe("Ask the docs");
    expect(panel.open).toBe(true);
    expect(panel.getAttribute("aria-label")).toBeTruthy();
    expect(chat().focusQuestion).toHaveBeenCalled();
    launcher.click();
    await turn();
    expect([made.open, panel.open]).toEqual([false, false]);
    expect(heard).toEqual(["carrel-open", "carrel-close"]);
  });

  it("has the owner's words and colour", () => {
    const { made, launcher } = widget({ label: "Ask Lampe", accent: "rgb(255, 255, 0)", language: "xx" });
    expect(launcher.textContent).toBe("Ask Lampe");
    expect(made.style.getPropertyValue("--carrel-accent")).toContain("light-dark(rgb(255, 255, 0), ");
    expect(made.style.getPropertyValue("--carrel-accent-ink")).toContain("light-dark(");
    expect(launcher.lang).toBe("en");
    made.setAttribute("label", "Other");
    expect(launcher.textContent).toBe("Other");
    made.removeAttribute("accent");
    expect(made.style.getPropertyValue("--carrel-accent")).toBe("");
  });

  it("leaves a colour alone that the page has set", () => {
    const { made } = widget();
    made.style.setProperty("--carrel-accent-ink", "red");
    made.setAttribute("theme", "dark");
    expect(made.style.getPropertyValue("--carrel-accent-ink")).toBe("red");
  });

  it("loads the chat once, as soon as somebody seems to want it", async () => {
    const { launcher } = widget();
    launcher.dispatchEvent(new Event("pointerenter"));
    launcher.focus();
    launcher.click();
    await turn();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("lets the page keep its selection when it is pressed", () => {
    const { launcher, about } = widget();
    for (const button of [launcher, about]) {
      const event = new MouseEvent("mousedown", { cancelable: true });
      button.dispatchEvent(event);
      expect(event.defaultPrevented).toBe(true);
    }
  });
});

describe("the panel", () => {
  it("tells the chat what it has to know", async () => {
    const { made, chat } = await opened({ theme: "dark" });
    const said = (name: string) => chat().getAttribute(name);
    expect(["src", "compact", "theme", "lang"].map(said)).toEqual(["https://carrel.test/", "", "dark", "en"]);
    expect(chat().context).toMatchObject({ page_title: "Lamps", grounding: "all" });
    made.setAttribute("theme", "light");
    made.setAttribute("src", "https://other.test/");
    expect(["src", "theme"].map(said)).toEqual(["https://other.test/", "light"]);
  });

  it("is open from the start without taking the focus", async () => {
    const field = document.body.appendChild(document.createElement("input"));
    field.focus();
    const { panel, chat } = widget({ open: "" });
    await turn();
    expect(panel.open).toBe(true);
    expect(chat().focusQuestion).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(field);
  });

  it("is closed by Escape, and the focus goes back to where it was", async () => {
    const link = document.body.appendChild(document.createElement("button"));
    const { made, chat } = widget();
    link.focus();
    made.show();
    await turn();
    expect(document.activeElement).toBe(made);
    expect(pressEscape(chat()).defaultPrevented).toBe(true);
    expect(made.open).toBe(false);
    expect(document.activeElement).toBe(link);
  });

  it("leaves Escape to the chat when that has a use for it, and other keys alone", async () => {
    const { made, chat } = await opened();
    chat().addEventListener("keydown", (event) => event.preventDefault());
    pressEscape(chat());
    chat().dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    expect(made.open).toBe(true);
  });

  it("is closed by the chat; the focus goes to the button when there is nothing else", async () => {
    const { made, chat, launcher } = await opened();
    const heard: Event[] = [];
    made.addEventListener("carrel-close", (event) => heard.push(event));
    chat().dispatchEvent(new Event("carrel-close", { bubbles: true, composed: true }));
    expect(made.open).toBe(false);
    expect(made.shadowRoot?.activeElement).toBe(launcher);
    expect(heard).toHaveLength(1);
  });

  it("does not take the focus from the page when that closes it", async () => {
    const { made } = await opened();
    const field = document.body.appendChild(document.createElement("input"));
    field.focus();
    made.hide();
    expect(document.activeElement).toBe(field);
  });

  it("is modal on a small screen, and changes with it", async () => {
    media.matches = true;
    const { made, panel } = await opened();
    expect(panel.dataset.modal).toBe("");
    expect(panel.getAttribute("aria-modal")).toBe("true");
    media.become(false);
    await turn();
    expect([made.open, panel.open, panel.dataset.modal]).toEqual([true, true, undefined]);
    expect(panel.hasAttribute("aria-modal")).toBe(false);
    media.become(true);
    panel.close(); // as the browser does at Escape, or the back gesture
    await turn();
    expect(made.open).toBe(false);
    media.become(false);
    expect(panel.open).toBe(false);
  });

  it("says what it waits for, what went wrong, and tries again", async () => {
    load.mockRejectedValueOnce(new Error("network"));
    const { find, chat, made } = await opened();
    expect(find("[role=status]").textContent).toContain("could not be loaded");
    const [again, close] = made.shadowRoot?.querySelectorAll<HTMLElement>(".waits button") ?? [];
    again?.click();
    expect(find("[role=status]").textContent).toContain("Loading");
    await turn();
    expect(chat()).toBeTruthy();
    expect(load).toHaveBeenCalledTimes(2);
    close?.click();
    expect(made.open).toBe(false);
  });

  it("keeps the chat as it is while it is closed", async () => {
    const { launcher, chat } = await opened();
    const first = chat();
    launcher.click();
    launcher.click();
    await turn();
    expect(chat()).toBe(first);
  });

  it("is open again when the element is moved", async () => {
    const { made, panel } = await opened();
    document.body.prepend(made);
    await turn();
    expect([made.open, panel.open]).toEqual([true, true]);
  });

  it("tells the chat of another page, and not twice of the same", async () => {
    const { chat, panel } = await opened({ grounding: "page" });
    expect(chat().context).toMatchObject({ grounding: "page" });
    chat().context = undefined; // the visitor took it away
    panel.dispatchEvent(new Event("focusin"));
    expect(chat().context).toBe(undefined);
    history.replaceState(null, "", "/other");
    panel.dispatchEvent(new Event("focusin"));
    expect(chat().context).toMatchObject({ page_url: `${location.origin}/other` });
  });
});

describe("asking about what is selected", () => {
  function paragraph(): HTMLElement {
    const made = document.body.appendChild(document.createElement("p"));
    made.textContent = "The wick burns";
    return made;
  }

  const calm = () => new Promise((resolve) => setTimeout(resolve, 300));

  it("has a button beside it, which opens the panel with it", async () => {
    const { about, chat, made } = widget();
    expect(about.hidden).toBe(true);
    const text = paragraph();
    select(text);
    await calm();
    expect(about.hidden).toBe(false);
    expect(about.style.getPropertyValue("top")).toBe("78px");
    about.focus(); // by the keyboard, which must not make it go
    document.dispatchEvent(new Event("selectionchange"));
    expect(about.hidden).toBe(false);
    about.click();
    await turn();
    expect(made.open).toBe(true);
    expect(about.hidden).toBe(true);
    expect(chat().context).toMatchObject({ selected_text: "The wick burns" });
    expect(chat().focusQuestion).toHaveBeenCalled();
    select(text);
    await calm();
    expect(about.hidden).toBe(true); // it was asked about
  });

  it("goes when nothing is selected any more", async () => {
    const { about } = widget();
    select(paragraph());
    await calm();
    document.getSelection()?.removeAllRanges();
    document.dispatchEvent(new Event("selectionchange"));
    expect(about.hidden).toBe(true);
  });

  it("goes to a chat that is open already", async () => {
    const { about, chat } = await opened();
    select(paragraph());
    await calm();
    about.click();
    expect(chat().context).toMatchObject({ selected_text: "The wick burns" });
  });

  it("is also what the button in the corner does, and it is forgotten when the panel is closed", async () => {
    const { launcher, chat } = widget();
    select(paragraph());
    launcher.click();
    await turn();
    expect(chat().context).toMatchObject({ selected_text: "The wick burns" });
    document.getSelection()?.removeAllRanges();
    launcher.click();
    launcher.click();
    expect(chat().context).not.toHaveProperty("selected_text");
  });

  it("is not offered where it is off", async () => {
    const { about, made, launcher, chat } = widget({ selection: "off" });
    select(paragraph());
    await calm();
    expect(about.hidden).toBe(true);
    launcher.click();
    await turn();
    expect(chat().context).not.toHaveProperty("selected_text");
    made.removeAttribute("selection");
    select(paragraph());
    await calm();
    expect(about.hidden).toBe(false);
    made.remove();
  });
});
