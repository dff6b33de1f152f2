/**
 * `<carrel-widget>`: a button in the corner of any page that opens the chat, and one beside selected text.
 *
 * The chat is loaded when it is first wanted, or when the page has nothing else to do. The panel is a dialog beside
 * the page; on a phone it fills the screen and is modal.
 */
import type { PageContext } from "../protocol";
import { widgetTexts } from "../texts/widget";
import { inBothThemes, inkOn } from "./colour";
import { element, icon, setAttribute } from "./dom";
import { pageContext } from "./page-context";
import { inView, place, type Quote, quoteOf, watchSelection } from "./selection";
import { styleSheet } from "./style";

/** The part of the chat's element that is used. */
type Chat = HTMLElement & { context?: PageContext; focusQuestion?(): void };

const SPEECH = "M4 5h16v11H10l-5 4v-4H4z M8 9h8 M8 12h5";
const CROSS = "M6 6l12 12 M18 6L6 18";
const SMALL = "(width <= 30rem), (height <= 26rem)";
/** Beside a finger there are handles and the system's own menu. */
const GAP = { mouse: 8, touch: 32 };

export class CarrelWidget extends HTMLElement {
  static readonly observedAttributes = ["accent", "label", "language", "open", "selection", "src", "theme"];
  /** Where Carrel is, unless `src` says otherwise: where the script came from. */
  static base: string | undefined;
  static load: () => Promise<unknown> = () => import("../chat/carrel-chat");

  readonly #launcher = element("button", { class: "launcher", part: "launcher", type: "button" });
  readonly #label = element("span", { class: "label" });
  readonly #about = element("button", { class: "about", part: "about", type: "button", hidden: true });
  readonly #panel = element("dialog", { class: "panel", part: "panel", id: "panel", tabindex: "-1" });
  readonly #small = window.matchMedia(SMALL);
  #chat: Chat | undefined;
  #loading: Promise<unknown> | undefined;
  /** What is asked about, and what the button beside the selection would ask about. */
  #quote: Quote | undefined;
  #told: Quote | undefined;
  #context: PageContext | undefined;
  #returnTo: HTMLElement | undefined;
  #unwatch: (() => void) | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styleSheet()];
    const open = element("span", { class: "open" }, icon(SPEECH));
    this.#launcher.append(open, element("span", { class: "shut" }, icon(CROSS)), this.#label);
    root.append(this.#about, this.#launcher, this.#panel);
    this.#launcher.addEventListener("click", () => this.toggle());
    for (const type of ["pointerenter", "focus"]) {
      this.#launcher.addEventListener(type, () => void this.#loaded().catch(() => {}));
    }
    // The selection is not to go when a button is pressed that takes it along.
    for (const button of [this.#launcher, this.#about]) {
      button.addEventListener("mousedown", (event) => event.preventDefault());
    }
    this.#about.addEventListener("click", () => this.#ask());
    this.#panel.addEventListener("keydown", (event) => this.#key(event));
    this.#panel.addEventListener("focusin", () => this.#tellContext());
    // A modal one the browser closes by itself; told later, when it may be open again.
    this.#panel.addEventListener("close", () => {
      if (!this.#panel.open) this.hide();
    });
  }

  /** Whether the chat is shown; also an attribute. */
  get open(): boolean {
    return this.hasAttribute("open");
  }

  set open(open: boolean) {
    setAttribute(this, "open", open);
  }

  /** Show the chat and go to the question; what is selected on the page comes with it. */
  show(): void {
    this.#returnTo = focused(this);
    this.#quote ??= this.#mayAsk() ? quoteOf(document) : undefined;
    this.open = true;
    this.#focus();
  }

  hide(): void {
    this.open = false;
  }

  toggle(): void {
    if (this.open) this.hide();
    else this.show();
  }

  connectedCallback(): void {
    this.#small.addEventListener("change", this.#resized);
    this.#words();
    this.#watch();
    this.#colour();
    if (this.open) this.#opened();
    else this.#whenIdle();
  }

  disconnectedCallback(): void {
    this.#small.removeEventListener("change", this.#resized);
    this.#unwatch?.();
    if (this.#panel.open) this.#panel.close();
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || before === now) return;
    if (name === "open" && (before === null || now === null)) this.open ? this.#opened() : this.#shut();
    if (name === "label" || name === "language") this.#words();
    if (name === "selection") this.#watch();
    if (name === "accent") this.#colour();
    this.#dress();
  }

  // The panel.

  #opened(): void {
    this.#arrange();
    this.#tellContext();
    this.#words();
    this.dispatchEvent(new CustomEvent("carrel-open"));
    void this.#fill();
  }

  #arrange(): void {
    const full = this.#small.matches;
    this.#panel.classList.toggle("full", full);
    setAttribute(this.#panel, "aria-modal", full ? "true" : null);
    // Beside the page it is opened without a word to the focus: a page may open it by itself.
    if (full) this.#panel.showModal();
    else this.#panel.setAttribute("open", "");
  }

  #shut(): void {
    const inside = this.#hasFocus();
    if (this.#panel.open) this.#panel.close();
    this.#quote = undefined;
    this.#words();
    if (inside) (this.#returnTo?.isConnected ? this.#returnTo : this.#launcher).focus();
    this.#returnTo = undefined;
    this.dispatchEvent(new CustomEvent("carrel-close"));
  }

  /** The screen became a phone's, or is no longer one. */
  readonly #resized = (): void => {
    if (!this.open) return;
    const inside = this.#hasFocus();
    this.#panel.close();
    this.#arrange();
    if (inside) this.#focus();
  };

  #key(event: KeyboardEvent): void {
    // What the chat makes of the key itself (closing a source) comes first.
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.hide();
  }

  #focus(): void {
    if (this.#chat?.focusQuestion) this.#chat.focusQuestion();
    else this.#panel.focus();
  }

  #hasFocus(): boolean {
    return this.shadowRoot?.activeElement !== null;
  }

  // The chat.

  #loaded(): Promise<unknown> {
    this.#loading ??= CarrelWidget.load().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  #whenIdle(): void {
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (connection?.saveData) return;
    const load = () => this.isConnected && void this.#loaded().catch(() => {});
    if ("requestIdleCallback" in window) window.requestIdleCallback(load, { timeout: 10_000 });
    else setTimeout(load, 3_000);
  }

  async #fill(): Promise<void> {
    if (this.#chat) return;
    const { texts } = this.#texts();
    this.#wait(texts.loading);
    try {
      await this.#loaded();
    } catch {
      const again = element("button", { type: "button" }, texts.again);
      again.addEventListener("click", () => void this.#fill());
      this.#wait(texts.failed, again);
      return;
    }
    if (this.#chat) return;
    const waited = this.#hasFocus();
    this.#chat = document.createElement("carrel-chat") as Chat;
    this.#chat.addEventListener("carrel-close", (event) => {
      event.stopPropagation();
      this.hide();
    });
    this.#dress();
    this.#panel.replaceChildren(this.#chat);
    this.#context = undefined;
    this.#tellContext();
    if (waited) this.#focus();
  }

  /** Say what is waited for, with a way out that does not need a keyboard. */
  #wait(text: string, ...more: HTMLElement[]): void {
    const close = element("button", { type: "button" }, this.#texts().texts.close);
    close.addEventListener("click", () => this.hide());
    const said = element("p", { role: "status" }, text);
    this.#panel.replaceChildren(element("div", { class: "waits" }, said, ...more, close));
  }

  /** Hand on to the chat what it has to know. */
  #dress(): void {
    const chat = this.#chat;
    if (!chat) return;
    setAttribute(chat, "compact", true);
    setAttribute(chat, "src", this.getAttribute("src") ?? CarrelWidget.base ?? "./");
    setAttribute(chat, "theme", this.getAttribute("theme"));
    setAttribute(chat, "lang", this.#texts().lang);
  }

  /** Tell the chat where the visitor is when that is another place: what they removed there stays removed. */
  #tellContext(): void {
    if (!this.#chat || !this.open) return;
    const narrow = this.getAttribute("grounding") === "page";
    const context = pageContext(document, narrow, this.#quote?.text);
    if (JSON.stringify(context) === JSON.stringify(this.#context)) return;
    this.#context = context;
    this.#chat.context = context;
  }

  // The selection.

  #mayAsk(): boolean {
    return this.getAttribute("selection") !== "off";
  }

  #watch(): void {
    this.#unwatch?.();
    this.#about.hidden = true;
    this.#unwatch = this.#mayAsk()
      ? watchSelection(document, (...told) => this.#selected(...told))
      : undefined;
  }

  #selected(quote?: Quote, touched = false): void {
    const view = { width: document.documentElement.clientWidth, height: window.innerHeight };
    // Pressing it with the keyboard needs it to stay.
    if (this.shadowRoot?.activeElement === this.#about) return;
    this.#about.hidden = !quote || !inView(quote.at, view) || quote.text === this.#quote?.text;
    if (!quote || this.#about.hidden) return;
    this.#told = quote;
    const size = this.#about.getBoundingClientRect();
    const { left, top } = place(quote.at, size, view, touched ? GAP.touch : GAP.mouse);
    this.#about.style.setProperty("left", `${left}px`);
    this.#about.style.setProperty("top", `${top}px`);
  }

  #ask(): void {
    this.#quote = this.#told;
    this.#about.hidden = true;
    if (!this.open) this.show();
    else {
      this.#tellContext();
      this.#focus();
    }
  }

  // Words and colours.

  #texts(): ReturnType<typeof widgetTexts> {
    return widgetTexts(this.getAttribute("language") ?? document.documentElement.lang);
  }

  #words(): void {
    const { texts, lang } = this.#texts();
    const label = this.getAttribute("label") || texts.label;
    this.#launcher.lang = this.#about.lang = this.#panel.lang = lang;
    this.#label.textContent = label;
    setAttribute(this.#launcher, "aria-expanded", String(this.open));
    setAttribute(this.#launcher, "aria-label", label);
    setAttribute(this.#launcher, "aria-controls", "panel");
    setAttribute(this.#panel, "aria-label", texts.panel);
    this.#about.textContent = texts.about;
  }

  #colour(): void {
    const accent = this.getAttribute("accent");
    // Without the attribute the colours are the page's own to set.
    if (accent === null && !this.style.getPropertyValue("--carrel-accent")) return;
    this.style.setProperty("--carrel-accent", accent);
    const ink = inkOn(getComputedStyle(this.#launcher).backgroundColor) ?? "#fff";
    this.style.setProperty("--carrel-accent-ink", accent && `light-dark(${ink}, #000)`);
    if (accent) this.style.setProperty("--carrel-accent", inBothThemes(accent));
  }
}

/** Return what has the focus on the page, if anything beside `widget` has. */
function focused(widget: HTMLElement): HTMLElement | undefined {
  const active = document.activeElement;
  const other = active instanceof HTMLElement && active !== document.body && active !== widget;
  return other ? active : undefined;
}
