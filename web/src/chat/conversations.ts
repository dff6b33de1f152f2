/** The list of conversations as it is seen, and what is done with one of them. */
import { html, LitElement, nothing } from "lit";
import type { Conversation } from "../protocol";
import { texts } from "../texts";
import { controls } from "../ui/controls";
import { icon } from "../ui/icons";
import "../ui/menu";
import type { MenuItem } from "../ui/menu";
import { rows } from "../ui/rows";
import { theme } from "../ui/theme";
import { conversationsStyle } from "./conversations-style";
import { byDay } from "./days";
import type { List } from "./list";

const SEARCH_AFTER_MS = 250;
const LONGEST_TITLE = 200;

/**
 * Events: "open" (`detail`: a conversation's id, or undefined for a new one), "rename" (`detail`: {id, title}),
 * "act" (`detail`: {what: "remove" | "json" | "markdown", conversation}), "me" (`detail`: "export" | "erase").
 */
export class CarrelConversations extends LitElement {
  static override properties = { list: { attribute: false }, here: {}, renaming: { state: true } };
  static override styles = [theme, controls, conversationsStyle];
  declare list: List;
  /** The id of the conversation that is open. */
  declare here: string | undefined;
  /** The id of the one whose title is being written. */
  declare renaming: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heard: List | undefined;

  override connectedCallback() {
    super.connectedCallback();
    this.hear();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.heard?.removeEventListener("change", this.changed);
    this.heard = undefined;
  }

  override focus() {
    this.renderRoot.querySelector("input")?.focus();
  }

  protected override willUpdate() {
    this.hear();
  }

  protected override render() {
    const { conversations, chat, me } = texts;
    return html`<div class="top">
        <button class="new outlined" type="button" @click=${() => this.tell("open")}>${icon("plus")}${chat.newConversation}</button>
        <div class="search">${icon("search", 18)}<input type="search" dir="auto" maxlength="200" autocomplete="off"
          aria-label=${conversations.search} placeholder=${conversations.search} .value=${this.list.query} @input=${this.written} /></div>
      </div>
      <nav aria-label=${conversations.heading} aria-busy=${this.list.loading}><h2 class="unseen">${conversations.heading}</h2>${this.days()}${this.state()}</nav>
      <div class="foot"><carrel-menu class="wide" named icon="person" label=${me.menu} .items=${ME} @choose=${this.chosenForMe}></carrel-menu></div>`;
  }

  private days() {
    return byDay(this.list.items, new Date()).map(
      ({ name, items }) => html`<h3>${name}</h3>
        <ul>${rows(
          items,
          ({ id }) => id,
          (own) => this.item(own),
        )}</ul>`,
    );
  }

  private item(own: Conversation) {
    const title = own.title || texts.conversations.untitled;
    const here = own.id === this.here;
    if (own.id === this.renaming) return html`<li>${this.field(own)}</li>`;
    return html`<li class=${here ? "here" : ""}>
      <button type="button" aria-current=${here ? "true" : nothing} title=${title} @keydown=${(event: KeyboardEvent) => this.keyed(event, own)}
        @click=${() => this.tell("open", own.id)}><span dir="auto">${title}</span></button>
      <carrel-menu label=${texts.conversations.options(title)} .items=${ITEMS}
        @choose=${(event: CustomEvent<string>) => this.chosen(event.detail, own)}></carrel-menu>
    </li>`;
  }

  private field({ id, title }: Conversation) {
    const done = (event: Event) => {
      event.preventDefault();
      if (this.renaming !== id) return;
      const written = this.renderRoot.querySelector<HTMLInputElement>("li input")?.value.trim();
      this.renaming = undefined;
      if (written && written !== title) this.tell("rename", { id, title: written });
    };
    const keyed = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.renaming = undefined;
    };
    return html`<form @submit=${done}><input dir="auto" maxlength=${LONGEST_TITLE} aria-label=${texts.conversations.newTitle}
      .value=${title} @blur=${done} @keydown=${keyed} /></form>`;
  }

  private state() {
    const { list } = this;
    const { conversations, chat } = texts;
    if (list.failed) {
      return html`<p>${conversations.failed}</p><p><button class="outlined" type="button" @click=${() => list.refresh()}>${chat.tryAgain}</button></p>`;
    }
    if (list.next)
      return html`<p><button class="outlined" type="button" @click=${() => list.more()}>${conversations.more}</button></p>`;
    if (list.items.length) return nothing;
    return html`<p role="status">${list.loading ? chat.loading : list.query ? conversations.noneFound : conversations.none}</p>`;
  }

  private hear() {
    if (this.heard === this.list) return;
    this.heard?.removeEventListener("change", this.changed);
    this.list?.addEventListener("change", this.changed);
    this.heard = this.list;
  }

  private changed = () => this.requestUpdate();

  private written = (event: Event) => {
    const { value } = event.target as HTMLInputElement;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.list.search(value), SEARCH_AFTER_MS);
  };

  private keyed(event: KeyboardEvent, own: Conversation) {
    if (event.key === "F2") this.rename(own);
    else if (event.key === "Delete") this.tell("act", { what: "remove", conversation: own });
    else return;
    event.preventDefault();
  }

  private chosen(what: string, conversation: Conversation) {
    if (what === "rename") this.rename(conversation);
    else this.tell("act", { what, conversation });
  }

  private chosenForMe = (event: CustomEvent<string>) => this.tell("me", event.detail);

  private async rename({ id }: Conversation) {
    this.renaming = id;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLInputElement>("li input")?.select();
  }

  private tell(type: string, detail?: unknown) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const ITEMS: readonly MenuItem[] = [
  { id: "rename", text: texts.conversations.rename },
  { id: "markdown", text: texts.conversations.exportMarkdown },
  { id: "json", text: texts.conversations.exportJson },
  { id: "remove", text: texts.conversations.remove, bad: true },
];

const ME: readonly MenuItem[] = [
  { id: "export", text: texts.me.export },
  { id: "erase", text: texts.me.erase, bad: true },
];

customElements.define("carrel-conversations", CarrelConversations);
