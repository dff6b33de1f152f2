/** Citations count in Unicode code points; JavaScript's strings count in UTF-16 units. Pure. */

/**
 * Return how many UTF-16 units the first `count` code points of `text` take, from unit `from` on where that is
 * known to be the beginning of a code point (so that offsets in rising order are found in one pass).
 */
export function unitsOf(text: string, count: number, from = 0): number {
  let unit = from;
  for (let left = count; left > 0 && unit < text.length; left -= 1) {
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

/** Return the code points `start` up to `end` of `text`. */
export function slice(text: string, start: number, end: number): string {
  const first = unitsOf(text, start);
  return text.slice(first, unitsOf(text, end - start, first));
}

/** Return how many code points `text` has. */
export function length(text: string): number {
  let count = 0;
  for (let unit = 0; unit < text.length; count += 1) unit = unitsOf(text, 1, unit);
  return count;
}
