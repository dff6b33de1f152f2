/** What jsdom lacks of a browser, as far as the widget needs it; the real thing is in the browser tests. */
export class FakeMedia extends EventTarget {
  matches = false;
  become(matches: boolean): void {
    this.matches = matches;
    this.dispatchEvent(new Event("change"));
  }
}

/** Kept: what is queued may come when the test has put its own back. */
const PageEvent = Event;

export const media = new FakeMedia();

Object.defineProperty(document.documentElement, "clientWidth", { value: 1024 });
window.matchMedia = () => media as unknown as MediaQueryList;
CSSStyleSheet.prototype.replaceSync ??= () => {};

Object.assign(HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    this.setAttribute("open", "");
    this.dataset.modal = "";
  },
  close(this: HTMLDialogElement) {
    this.removeAttribute("open");
    delete this.dataset.modal;
    queueMicrotask(() => this.dispatchEvent(new PageEvent("close")));
  },
});

const RECT = { left: 100, right: 200, top: 50, bottom: 70, width: 100, height: 20 };
Range.prototype.getClientRects = () => [RECT] as unknown as DOMRectList;

/** Select all text of `node`, as with a mouse. */
export function select(node: Node): void {
  const range = document.createRange();
  range.selectNodeContents(node);
  document.getSelection()?.removeAllRanges();
  document.getSelection()?.addRange(range);
  document.dispatchEvent(new Event("selectionchange"));
}

export const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
