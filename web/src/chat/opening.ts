/** Which conversation is open: named by the page's address, with what was being written in it, and up to date. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { DeepLink } from "./deep-link";
import { Drafts } from "./drafts";
import type { List } from "./list";
import type { Talk } from "./talk";

export interface OpeningHost extends ReactiveControllerHost {
  /** Whether there is no address of its own. */
  readonly compact: boolean;
  /** Whether the list of conversations is behind a button. */
  readonly narrow: boolean;
  /** Another conversation is about to be opened. */
  leaveConversation(): void;
}

export class Opening implements ReactiveController {
  /** What is being written and not sent yet. */
  draft = "";
  private readonly drafts = new Drafts();
  private readonly link: DeepLink;
  private talk: Talk | undefined;
  private list: List | undefined;

  constructor(private readonly host: OpeningHost) {
    host.addController(this);
    this.link = new DeepLink(
      host,
      () => !host.compact,
      (id) => this.talk && id !== this.talk.conversationId && this.open(id),
    );
  }

  hostConnected(): void {
    document.addEventListener("visibilitychange", this.seen);
  }

  hostDisconnected(): void {
    document.removeEventListener("visibilitychange", this.seen);
  }

  /** Begin with the conversation that the address names, if it names one. */
  begin(talk: Talk, list: List): void {
    this.talk = talk;
    this.list = list;
    talk.addEventListener("conversation", this.moved);
    talk.client.addEventListener("session", this.another);
    this.draft = this.drafts.read();
    const asked = this.link.named;
    if (asked) talk.open(asked);
    if (!this.host.narrow) list.refresh();
  }

  /** Open a stored conversation, or a new one. */
  open(id?: string): void {
    this.host.leaveConversation();
    this.draft = this.drafts.read(id);
    this.talk?.open(id);
    this.host.requestUpdate();
  }

  /** `text` is being written. */
  write(text: string): void {
    this.draft = text;
    this.drafts.write(text, this.talk?.conversationId);
    this.host.requestUpdate();
  }

  private readonly moved = () => {
    const { conversationId, turns } = this.talk as Talk;
    const begun = turns.length > 0;
    this.link.keep(conversationId, begun);
    if (!begun || !conversationId) return;
    // What is being written goes along when a new conversation gets its id.
    this.drafts.write("");
    this.drafts.write(this.draft, conversationId);
  };

  private readonly another = () => {
    this.list?.clear();
    this.open();
  };

  /** The page is looked at again: other tabs may have asked meanwhile. */
  private readonly seen = () => {
    if (document.visibilityState !== "visible") return;
    this.talk?.refresh();
    if (!this.host.narrow) this.list?.refresh();
  };
}
