import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pace } from "../../src/reading/pace";
import { Reading } from "../../src/reading/reading";
import { cite, marksOf, WORDS } from "../support/answers";

const TEXT = Array.from({ length: 60 }, (_, n) => `Lamp **${n}** is lit, and its wick is trimmed.`).join(
  "\n\n",
);
const CITED = cite(TEXT, "Lamp **59** is lit");

beforeEach(() => vi.useFakeTimers({ toFake: ["performance", "requestAnimationFrame"] }));
afterEach(() => vi.useRealTimers());

/** Of an answer's reader whose every step takes `stepMs`. */
function paced(stepMs: number) {
  const root = document.createElement("div");
  const reading = new Reading(root, WORDS);
  let steps = 0;
  const caughtUp = vi.fn();
  const slow: Pick<Reading, "update" | "length"> = {
    get length() {
      return reading.length;
    },
    update(...args) {
      steps += 1;
      vi.advanceTimersByTime(stepMs);
      return reading.update(...args);
    },
  };
  const pace = new Pace(slow, caughtUp);
  const show = (text: string, whole: boolean) => {
    steps = 0;
    pace.update({ text, citations: [CITED], whole, marksOf: marksOf([CITED]) });
    return steps;
  };
  return { root, show, pace, caughtUp, steps: () => steps };
}

describe("an answer that comes faster than it is read", () => {
  it("takes no more than its time in a frame, and the rest follows by itself", () => {
    const { root, show, steps, pace, caughtUp } = paced(2);
    expect(show(TEXT, false)).toBe(3);
    expect(root.textContent).toContain("Lamp 5 ");
    expect(root.textContent).not.toContain("Lamp 30 ");
    vi.advanceTimersToNextFrame();
    expect(steps()).toBe(6);
    expect(pace.behind).toBe(true);
    for (let frame = 0; frame < 20; frame += 1) vi.advanceTimersToNextFrame();
    expect(root.textContent).toContain("Lamp 59 is lit1, and");
    expect(steps()).toBe(Math.ceil(TEXT.length / 200));
    expect(pace.behind).toBe(false);
    expect(caughtUp).toHaveBeenCalledOnce();
  });

  it("has no number before what it cites is there", () => {
    const { root, show } = paced(20);
    show(TEXT, false);
    expect(root.querySelector("sup")).toBeNull();
  });

  it("is taken up where it is when more comes meanwhile, and ends as what it is at once", () => {
    const { root, show } = paced(20);
    show(TEXT.slice(0, 900), false);
    expect(show(TEXT, false)).toBe(0);
    expect(show(TEXT, true)).toBe(0);
    for (let frame = 0; frame < 30; frame += 1) vi.advanceTimersToNextFrame();
    const at = paced(20);
    expect(at.show(TEXT, true)).toBe(1);
    expect(root.innerHTML).toBe(at.root.innerHTML);
  });
});

describe("an answer that is whole when it is first seen", () => {
  it("is there at once", () => {
    const { root, show, caughtUp } = paced(50);
    expect(show(TEXT, true)).toBe(1);
    expect(caughtUp).not.toHaveBeenCalled();
    expect(root.textContent).toContain("Lamp 59 is lit1, and");
  });
});
