/** Does something again and again while its view is there and the page is looked at. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Polling implements ReactiveController {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #here = false;

  /** `every` is asked after each time how many milliseconds to wait. */
  constructor(
    host: ReactiveControllerHost,
    private readonly work: () => Promise<unknown>,
    private readonly every: () => number,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#here = true;
    document.addEventListener("visibilitychange", this.#seen);
    void this.now();
  }

  hostDisconnected(): void {
    this.#here = false;
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#timer);
  }

  /** Do it at once; the next time is counted from its end. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    await this.work();
    clearTimeout(this.#timer);
    if (this.#here && !document.hidden) this.#timer = setTimeout(() => void this.now(), this.every());
  }

  readonly #seen = (): void => {
    clearTimeout(this.#timer);
    if (!document.hidden) void this.now();
  };
}
