/** Where things stand in a chart. Pure. */

/** Return round values from 0 to at least `max`, about `count` steps; whole numbers, since questions are counted. */
export function ticks(max: number, count = 4): number[] {
  const rough = Math.max(max, 1) / count;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = Math.max([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10, 1) * power;
  const found = [0];
  while ((found.at(-1) ?? 0) < max || found.length < 2) found.push((found.at(-1) ?? 0) + step);
  return found;
}

export interface Segment {
  /** Which series. */
  series: number;
  from: number;
  to: number;
}

/** Return the segments of one stacked bar, from below; empty ones are left out. */
export function stack(values: readonly number[]): Segment[] {
  let top = 0;
  const segments: Segment[] = [];
  for (const [series, value] of values.entries()) {
    if (value > 0) segments.push({ series, from: top, to: top + value });
    top += value;
  }
  return segments;
}

/** Return which of `count` labels are written so that at most `most` are, evenly, the first always. */
export function shownLabels(count: number, most: number): Set<number> {
  const every = Math.max(Math.ceil(count / most), 1);
  return new Set(Array.from({ length: count }, (_, place) => place).filter((place) => place % every === 0));
}
