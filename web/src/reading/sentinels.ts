/**
 * Where citations begin and end is written into the text of tokens as one character that no text has; so it goes
 * through rendering and purifying, and what is read is parsed as if there were no citations.
 */
import type { Leaf } from "./leaves";

/** A noncharacter: Unicode keeps it for uses like this one. */
export const SENTINEL = "\ufdd0";

/** A citation's place in the source, in UTF-16 units, and which of the answer's citations it is. */
export interface Span {
  index: number;
  start: number;
  end: number;
}

export interface Boundary {
  index: number;
  /** A `point` is the end of what shows nothing here: it has a number, but nothing is underlined. */
  kind: "start" | "end" | "point";
  /** Whether the citation ends here for good, not in a later block. */
  last: boolean;
}

interface Place {
  leaf: number;
  offset: number;
  boundary: Boundary;
}

const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|\w+);/gi;

/** Takes characters out of a source that would be taken for boundaries. Offsets stay. */
export function withoutSentinels(source: string): string {
  return source.includes(SENTINEL) ? source.replaceAll(SENTINEL, "\ufffd") : source;
}

/**
 * Writes the boundaries of `spans` into the tokens of `leaves`, which are a block that ends at `blockEnd` in the
 * source. Returns them in the order in which their characters will be read.
 */
export function insertSentinels(
  leaves: readonly Leaf[],
  spans: readonly Span[],
  blockEnd: number,
): Boundary[] {
  const places = spans.flatMap((span) => placesOf(leaves, span, span.end <= blockEnd)).sort(inReadingOrder);
  for (const [index, leaf] of leaves.entries()) {
    const here = places.filter((place) => place.leaf === index);
    if (here.length) leaf.token.text = written(leaf.traced.text, here);
  }
  return places.map((place) => place.boundary);
}

function placesOf(leaves: readonly Leaf[], { index, start, end }: Span, last: boolean): Place[] {
  const shown = leaves.map((leaf) => shownWithin(leaf, start, end));
  const first = shown.findIndex(Boolean);
  const final = shown.findLastIndex(Boolean);
  const from = shown[first];
  const to = shown[final];
  if (from && to) {
    return [
      { leaf: first, offset: from[0], boundary: { index, kind: "start", last: false } },
      { leaf: final, offset: to[1], boundary: { index, kind: "end", last } },
    ];
  }
  if (!last || !leaves.length) return [];
  return [{ ...lastBefore(leaves, end), boundary: { index, kind: "point", last } }];
}

/** The range of a leaf's text whose characters come from `start` to `end`, without spaces at its ends. */
function shownWithin({ traced, entities }: Leaf, start: number, end: number): [number, number] | undefined {
  const { text, from } = traced;
  if (!text || (from[0] as number) >= end || (from.at(-1) as number) < start) return undefined;
  let first = from.findIndex((place) => place >= start);
  let final = from.findLastIndex((place) => place < end) + 1;
  while (first < final && /\s/.test(text[first] as string)) first += 1;
  while (first < final && /\s/.test(text[final - 1] as string)) final -= 1;
  if (first >= final) return undefined;
  return entities ? aroundEntities(text, first, final) : [first, final];
}

/** A character that is written as `&amp;` is cited whole. */
function aroundEntities(text: string, first: number, final: number): [number, number] {
  let [start, end] = [first, final];
  for (const { index, 0: entity } of text.matchAll(ENTITY)) {
    if (index < start && start < index + entity.length) start = index;
    if (index < end && end < index + entity.length) end = index + entity.length;
  }
  return [start, end];
}

function lastBefore(leaves: readonly Leaf[], end: number): { leaf: number; offset: number } {
  const leaf = leaves.findLastIndex(({ traced }) => traced.text && (traced.from[0] as number) < end);
  if (leaf < 0) return { leaf: 0, offset: 0 };
  const { text, from } = (leaves[leaf] as Leaf).traced;
  const before = text.slice(0, from.findLastIndex((place) => place < end) + 1);
  return { leaf, offset: before.trimEnd().length };
}

/** Ends come before beginnings at the same place; citations that end together are in their own order. */
function inReadingOrder(one: Place, other: Place): number {
  const rank = ({ boundary }: Place) => (boundary.kind === "start" ? 1 : 0);
  return (
    one.leaf - other.leaf ||
    one.offset - other.offset ||
    rank(one) - rank(other) ||
    one.boundary.index - other.boundary.index
  );
}

function written(text: string, places: readonly Place[]): string {
  let result = "";
  let done = 0;
  for (const { offset } of places) {
    result += text.slice(done, offset) + SENTINEL;
    done = offset;
  }
  return result + text.slice(done);
}
