/** What of the host page's text is selected, and where a button beside it goes. */

export interface Quote {
  text: string;
  /** Of the selection's last line, in the viewport. */
  at: { left: number; right: number; top: number; bottom: number };
}

export interface Size {
  width: number;
  height: number;
}

/** Selections in these are somebody's own writing. */
const WRITING = "input, textarea, select, [contenteditable]:not([contenteditable='false'])";
const OURS = "carrel-widget, carrel-chat";
const LEAST_CHARACTERS = 3;
const CALM_MS = 250;
const EDGE = 8;

/** Return the selected text of `page`; nothing where there is too little, it cannot be seen, or it is being written. */
export function quoteOf(page: Document): Quote | undefined {
  const selection = page.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  if (page.activeElement?.matches(WRITING)) return undefined;
  const range = selection.getRangeAt(0);
  const around = range.commonAncestorContainer;
  const parent = around instanceof Element ? around : around.parentElement;
  if (parent?.closest(`${WRITING}, ${OURS}`)) return undefined;
  const text = selection.toString().trim();
  const at = [...range.getClientRects()].filter(({ width, height }) => width > 0 && height > 0).at(-1);
  return text.length >= LEAST_CHARACTERS && at ? { text, at } : undefined;
}

/** Return where a button of `size` goes: below the selection's end, above it where there is no room, never out of view. */
export function place(at: Quote["at"], size: Size, view: Size, gap: number): { left: number; top: number } {
  const below = at.bottom + gap;
  const above = at.top - gap - size.height;
  const top = below + size.height + EDGE <= view.height ? below : above;
  const left = at.right - size.width / 2;
  return { left: within(left, view.width - size.width), top: within(top, view.height - size.height) };
}

function within(value: number, most: number): number {
  return Math.round(Math.max(EDGE, Math.min(value, most - EDGE)));
}

/** Whether anything of `at` is in view. */
export function inView(at: Quote["at"], view: Size): boolean {
  return at.bottom > 0 && at.top < view.height && at.right > 0 && at.left < view.width;
}

/**
 * Call `tell` with what is selected, by mouse, keys or touch, whenever that has become calm; with nothing as soon as
 * it changes. Returns what ends it.
 */
export function watchSelection(page: Document, tell: (quote?: Quote, touched?: boolean) => void): () => void {
  const ends = new AbortController();
  let timer = 0;
  let pressed = false;
  let touched = false;
  const later = () => {
    clearTimeout(timer);
    if (!pressed) timer = window.setTimeout(() => tell(quoteOf(page), touched), CALM_MS);
  };
  const changed = () => {
    tell();
    later();
  };
  const hear = (type: string, heard: (event: Event) => void, on: EventTarget = page) =>
    on.addEventListener(type, heard, { signal: ends.signal, passive: true, capture: true });
  hear("selectionchange", changed);
  hear("scroll", changed);
  hear("resize", changed, window);
  hear("pointerdown", (event) => {
    pressed = true;
    touched = (event as PointerEvent).pointerType === "touch";
  });
  for (const type of ["pointerup", "pointercancel"]) {
    hear(type, () => {
      pressed = false;
      later();
    });
  }
  return () => {
    clearTimeout(timer);
    ends.abort();
  };
}
