/**
 * Shows an answer that comes faster than it can be drawn bit by bit, so that the page stays quick: in each frame as
 * much as there is time for. An answer that is whole when it is first seen is there at once.
 */
import type { Answer, Reading } from "./reading";

/** Of a frame's 16 ms, those that may be read in. */
const BUDGET_MS = 5;
/** What is read before the time is looked at again: a sentence or two. UTF-16 units. */
const STEP = 200;

export class Pace {
  private answer: Answer | undefined;
  /** Whether the answer was seen while it was written. */
  private streams = false;
  /** Whether some of the answer waits for the next frame. */
  behind = false;

  /** `caughtUp` is called when nothing waits any more. */
  constructor(
    private readonly reading: Pick<Reading, "update" | "length">,
    private readonly caughtUp: () => void,
  ) {}

  /** Show `answer` as far as there is time in this frame; the rest follows by itself. */
  update(answer: Answer): void {
    this.answer = answer;
    this.streams ||= !answer.whole;
    if (!this.streams) this.reading.update(answer);
    else if (!this.behind) this.go();
  }

  private go(): void {
    const until = performance.now() + BUDGET_MS;
    while (!this.reading.update(this.answer as Answer, this.reading.length + STEP)) {
      if (performance.now() < until) continue;
      this.behind = true;
      requestAnimationFrame(() => this.go());
      return;
    }
    if (!this.behind) return;
    this.behind = false;
    this.caughtUp();
  }
}
