/** Keeps the end in sight for a reader who is there, and everything in its place for one who is not. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** So near to the end counts as there. Pixels. */
const NEAR = 48;

export class Scroll implements ReactiveController {
  /** Whether the reader is at the end. */
  atEnd = true;
  private kept: number | undefined;
  /** Where the box was scrolled to when that was last looked at. */
  private top = 0;
  private content: Element | undefined;
  private readonly sizes = globalThis.ResizeObserver && new ResizeObserver(() => this.settle());

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly box: () => HTMLElement | null,
  ) {
    host.addController(this);
  }

  hostUpdated(): void {
    const box = this.box();
    const content = box?.firstElementChild ?? undefined;
    if (content !== this.content) {
      if (this.content) this.sizes?.unobserve(this.content);
      if (content) this.sizes?.observe(content);
      this.content = content;
    }
    this.settle();
  }

  hostDisconnected(): void {
    this.sizes?.disconnect();
    this.content = undefined;
  }

  /** Something grew: answers do so on their own. What grew above (`keep`) is not allowed to move what is read. */
  private readonly settle = () => {
    const box = this.box();
    if (!box) return;
    if (this.kept !== undefined) box.scrollTop = box.scrollHeight - this.kept;
    else if (this.atEnd) this.toEnd();
  };

  /** The reader scrolled. */
  readonly moved = () => {
    const box = this.box();
    if (!box) return;
    const wentUp = box.scrollTop < this.top;
    this.top = box.scrollTop;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight <= NEAR;
    // Our own scrolling is told late, when more may have come: only who goes up leaves the end.
    const atEnd = near || (this.atEnd && !wentUp);
    if (atEnd === this.atEnd) return;
    this.atEnd = atEnd;
    this.host.requestUpdate();
  };

  toEnd(): void {
    const box = this.box();
    if (box) box.scrollTop = box.scrollHeight;
    this.atEnd = true;
  }

  /** While `work` puts something in above, the distance to the end stays. */
  async keep(work: () => Promise<void>): Promise<void> {
    const box = this.box();
    this.kept = box ? box.scrollHeight - box.scrollTop : undefined;
    this.atEnd = false;
    await work();
    await this.host.updateComplete;
    this.kept = undefined;
    this.moved();
  }
}
