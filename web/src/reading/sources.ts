/** Sources are numbered by first mention, one number for each passage of a document. */
import type { Citation, CitationSource } from "../protocol";

export interface Source extends CitationSource {
  number: number;
}

export interface Numbered {
  /** In the order of their numbers. */
  sources: Source[];
  /** Of each citation: its sources' numbers, each once, rising. */
  numbers: number[][];
}

export function numberSources(citations: readonly Citation[]): Numbered {
  const known = new Map<string, Source>();
  const numbers: number[][] = citations.map(() => []);
  for (const index of inOrderOfText(citations)) {
    const own = (citations[index] as Citation).sources.map((source) => numbered(source, known));
    numbers[index] = [...new Set(own)].sort((one, other) => one - other);
  }
  return { sources: [...known.values()], numbers };
}

/** The headings above a passage in one line, without the document's title. */
export function pathOf({ title, heading_path }: Pick<CitationSource, "title" | "heading_path">): string {
  return heading_path.filter((heading) => heading !== title).join(" › ");
}

/** What a citation says of the source with this number: another citation may quote another sentence of it. */
export function sourceAt(
  citation: Citation | undefined,
  number: number,
  { sources }: Numbered,
): Source | undefined {
  const source = sources[number - 1];
  const own = source && citation?.sources.find((each) => keyOf(each) === keyOf(source));
  return own ? { ...own, number } : source;
}

function numbered(source: CitationSource, known: Map<string, Source>): number {
  const key = keyOf(source);
  const number = known.get(key)?.number ?? known.size + 1;
  if (!known.has(key)) known.set(key, { ...source, number });
  return number;
}

function keyOf({ document_id, passage_id }: CitationSource): string {
  return JSON.stringify([document_id, passage_id]);
}

function inOrderOfText(citations: readonly Citation[]): number[] {
  const place = (index: number) => citations[index] as Citation;
  return [...citations.keys()].sort(
    (one, other) => place(one).start - place(other).start || place(one).end - place(other).end || one - other,
  );
}
