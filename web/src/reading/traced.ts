/** Text that knows of each of its characters where it stands in the Markdown source. */

export interface Traced {
  readonly text: string;
  /** The place in the source of each UTF-16 unit of `text`; never falls. */
  readonly from: readonly number[];
}

/** `text`, which stands in the source as it is, from `start` on. */
export function traced(text: string, start: number): Traced {
  return { text, from: Array.from({ length: text.length }, (_, index) => start + index) };
}

export function part(outer: Traced, start: number, end: number): Traced {
  return { text: outer.text.slice(start, end), from: outer.from.slice(start, end) };
}

/**
 * Traces `inner`, which was taken out of `outer` behind `cursor`: as it is, or with some characters left out
 * (the backslash of an escaped bar in a table) or made spaces (line ends in code). `end` is where it ends in `outer`.
 */
export function find(outer: Traced, inner: string, cursor = 0): Traced & { end: number } {
  const at = outer.text.indexOf(inner, cursor);
  if (at >= 0) return { ...part(outer, at, at + inner.length), end: at + inner.length };
  const from: number[] = [];
  let index = cursor;
  for (const unit of inner.split("")) {
    let next = index;
    while (next < outer.text.length && !same(outer.text[next], unit)) next += 1;
    if (next < outer.text.length) index = next + 1;
    from.push(outer.from[Math.min(next, index, outer.text.length - 1)] ?? 0);
  }
  return { text: inner, from, end: index };
}

/**
 * Traces `inner`, which is `outer` with something taken off the front of each line: quote marks, list markers,
 * indentation. Tabs there may have become spaces.
 */
export function unindent(outer: Traced, inner: string): Traced {
  const from: number[] = [];
  let lineStart = 0;
  for (const line of inner.split("\n")) {
    const lineEnd = endOfLine(outer.text, lineStart);
    // A line that is longer than what it was made of begins with spaces that were a tab.
    const shift = lineEnd - line.length;
    for (let index = 0; index <= line.length; index += 1) {
      const place = Math.max(lineStart, Math.min(shift + index, outer.text.length - 1));
      from.push(outer.from[place] ?? 0);
    }
    lineStart = Math.min(lineEnd + 1, outer.text.length);
  }
  return { text: inner, from: from.slice(0, inner.length) };
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end;
}

function same(outer: string | undefined, inner: string): boolean {
  return outer === inner || (inner === " " && outer === "\n");
}
