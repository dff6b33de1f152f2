/** The end stays in sight for who is there; only a reader who goes up leaves it. */
import { expect, test, vi } from "vitest";
import { Scroll } from "../../src/chat/scroll";

function scrolled() {
  const box = { scrollTop: 0, scrollHeight: 100, clientHeight: 100, firstElementChild: null };
  const host = { addController: vi.fn(), requestUpdate: vi.fn(), updateComplete: Promise.resolve(true) };
  const scroll = new Scroll(host as never, () => box as never);
  const grow = (height: number) => {
    box.scrollHeight = height;
    scroll.hostUpdated();
    // As a browser does: not below what there is to scroll.
    box.scrollTop = Math.min(box.scrollTop, box.scrollHeight - box.clientHeight);
  };
  return { box, host, scroll, grow };
}

test("what grows is followed, also when our own scrolling is told late", () => {
  const { box, scroll, grow } = scrolled();
  grow(500);
  // More has come before the event of the first scrolling.
  box.scrollHeight = 900;
  scroll.moved();
  expect(scroll.atEnd).toBe(true);
  grow(900);
  expect(box.scrollTop).toBe(800);
});

test("a reader who goes up is left alone, and is at the end again when there", () => {
  const { box, host, scroll, grow } = scrolled();
  grow(500);
  scroll.moved();
  box.scrollTop = 100;
  scroll.moved();
  expect([scroll.atEnd, host.requestUpdate.mock.calls.length]).toEqual([false, 1]);
  grow(900);
  expect(box.scrollTop).toBe(100);
  box.scrollTop = 780;
  scroll.moved();
  expect(scroll.atEnd).toBe(true);
});
