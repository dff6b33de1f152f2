/** Does what keys mean in the chat. */
import type { LitElement } from "lit";
import { actionOf } from "./keyboard";

export interface KeyActs {
  help(): void;
  focusQuestion(): void;
  /** Begin a new conversation. */
  anew(): void;
  /** Close what was opened last; false where nothing is open. */
  closeSomething(): boolean;
}

export class Keys {
  constructor(private readonly host: LitElement & KeyActs) {
    host.addEventListener("keydown", this.keyed);
  }

  private readonly keyed = (event: KeyboardEvent) => {
    const { host } = this;
    const action = actionOf(event, event.composedPath());
    if (!action) return;
    if (action === "close") {
      if (!host.closeSomething()) return;
    } else if (action === "help") host.help();
    else if (action === "question") host.focusQuestion();
    else if (action === "new") host.anew();
    else this.step(action === "next" ? 1 : -1);
    event.preventDefault();
    event.stopPropagation();
  };

  private step(by: number) {
    const turns = [...this.host.renderRoot.querySelectorAll<HTMLElement>(".turn")];
    const at = turns.findIndex((turn) => turn.matches(":focus-within"));
    const next = at < 0 ? (by > 0 ? 0 : turns.length - 1) : Math.max(0, Math.min(at + by, turns.length - 1));
    turns[next]?.focus();
  }
}
