/** Offsets of the wire (Unicode code points) and offsets of strings here (UTF-16 units). */

/** The one kind of line end that Markdown is read with. */
export function plainLineEnds(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/**
 * Returns a function from an offset in code points into `text` to the UTF-16 offset of the same place in
 * `plainLineEnds(text)`. What lies beyond the text is its end.
 */
export function placesIn(text: string): (codePoint: number) => number {
  if (!/[\r\ud800-\udfff]/.test(text)) return (codePoint) => clamp(codePoint, text.length);
  const places: number[] = [];
  let place = 0;
  let before = "";
  for (const point of text) {
    // The second half of a CR LF has the place of the first.
    if (point === "\n" && before === "\r") place -= 1;
    places.push(place);
    place += point.length;
    before = point;
  }
  places.push(place);
  return (codePoint) => places[clamp(codePoint, places.length - 1)] as number;
}

function clamp(offset: number, end: number): number {
  return Math.max(0, Math.min(Math.trunc(offset) || 0, end));
}
