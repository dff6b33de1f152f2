/** Keeps the page's address and the open conversation the same, in both directions. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { addressOf, conversationIn } from "./address";

export class DeepLink implements ReactiveController {
  /** `on`: whether the page's address is ours at all; `open` is told of a conversation that the reader went to. */
  constructor(
    host: ReactiveControllerHost,
    private readonly on: () => boolean,
    private readonly open: (id: string | undefined) => void,
  ) {
    host.addController(this);
  }

  /** The conversation that the address names. */
  get named(): string | undefined {
    return this.on() ? conversationIn(location.hash) : undefined;
  }

  hostConnected(): void {
    addEventListener("hashchange", this.changed);
  }

  hostDisconnected(): void {
    removeEventListener("hashchange", this.changed);
  }

  /** `id` is open now. A conversation that only now got its id (`begun`) stays the same entry of the history. */
  keep(id: string | undefined, begun: boolean): void {
    if (!this.on() || this.named === id) return;
    const address = addressOf(id, location);
    if (begun) history.replaceState(history.state, "", address);
    else history.pushState(null, "", address);
  }

  private readonly changed = () => {
    if (this.on()) this.open(this.named);
  };
}
