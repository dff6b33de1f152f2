/** Says that there is no connection: when it lasts or is refused, and with the seconds until it is tried again. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { connectionLine } from "./notices";
import type { ChatClient } from "./ports";

const PATIENCE_MS = 2000;

export interface ConnectionWords {
  /** It was said that there is none, and there is one again. */
  back(): void;
  /** There will be none, and `line` says why. */
  refused(line: string | undefined): void;
}

export class Connection implements ReactiveController {
  /** What is to be said; undefined while all is well or it has not lasted. */
  line: string | undefined;
  private client: ChatClient | undefined;
  private lost = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly words: ConnectionWords,
  ) {
    host.addController(this);
  }

  follow(client: ChatClient | undefined): void {
    this.client?.removeEventListener("state", this.changed);
    this.client = client;
    client?.addEventListener("state", this.changed);
    this.changed();
  }

  hostDisconnected(): void {
    this.follow(undefined);
  }

  private readonly changed = () => {
    const state = this.client?.state ?? "idle";
    if (state === "open" || state === "idle") this.well();
    else if (state === "closed" && this.client?.problem) this.refused();
    else if (!this.lost) this.timer ??= setTimeout(this.last, PATIENCE_MS);
    else this.say();
  };

  private well() {
    this.stopClocks();
    if (this.lost && this.client) this.words.back();
    this.lost = false;
    this.say();
  }

  /** Waiting does not change that. */
  private refused() {
    this.stopClocks();
    this.lost = true;
    this.say();
    this.words.refused(this.line);
  }

  private stopClocks() {
    clearTimeout(this.timer);
    clearInterval(this.ticking);
    this.timer = undefined;
    this.ticking = undefined;
  }

  private readonly last = () => {
    this.timer = undefined;
    this.lost = true;
    this.ticking = setInterval(this.say, 1000);
    this.say();
  };

  private readonly say = () => {
    const { client, lost } = this;
    const line = client && lost ? connectionLine(client, Date.now(), globalThis.origin) : undefined;
    if (line === this.line) return;
    this.line = line;
    this.host.requestUpdate();
  };
}
