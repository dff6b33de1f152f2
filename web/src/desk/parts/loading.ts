/** What a view shows of one call: its answer, its refusal, or that it is on its way. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/**
 * Runs one call at a time for a view; a newer one ends the one before. The last answer stays to be seen while the next
 * is awaited, and goes when that is refused.
 */
export class Loading<T, Args extends unknown[] = []> implements ReactiveController {
  value: T | undefined;
  error: unknown;
  busy = false;
  #going: AbortController | undefined;

  constructor(
    protected readonly host: ReactiveControllerHost,
    private readonly call: (signal: AbortSignal, ...args: Args) => Promise<T>,
  ) {
    host.addController(this);
  }

  /** Return whether it was answered; false too where a newer call took its place. */
  async run(...args: Args): Promise<boolean> {
    this.#going?.abort();
    const going = new AbortController();
    this.#going = going;
    this.busy = true;
    this.host.requestUpdate();
    const end = await this.call(going.signal, ...args).then(
      (value) => ({ value, error: undefined, well: true }),
      (error: unknown) => ({ value: undefined, error: error ?? new Error(), well: false }),
    );
    if (going.signal.aborted) return false;
    this.value = end.value === undefined ? undefined : this.kept(end.value, args);
    this.error = end.error;
    this.busy = false;
    this.host.requestUpdate();
    return end.well;
  }

  /** What is shown of an answer. */
  protected kept(value: T, _args: Args): T {
    return value;
  }

  hostDisconnected(): void {
    this.#going?.abort();
    this.busy = false;
  }
}
