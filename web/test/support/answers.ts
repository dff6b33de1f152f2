/** Answers for tests of how they are read. */
import type { Citation } from "../../src/protocol";
import { Reading } from "../../src/reading/reading";
import { numberSources } from "../../src/reading/sources";

export const WORDS = { copyCode: "Copy", code: "Code", table: "Table" };

export function source(passage = "p1", more: Partial<Citation["sources"][number]> = {}) {
  return {
    document_id: "guide/lamps.md",
    passage_id: passage,
    title: "Lamps",
    url: "https://docs.example.com/lamps#wick",
    quote: "Trim the wick.",
    heading_path: ["Lamps", "Wick"],
    ...more,
  };
}

/** A citation of what stands at UTF-16 offsets in `text`. */
export function citeAt(text: string, start: number, end: number, passage = "p1"): Citation {
  const points = (offset: number) => [...text.slice(0, offset)].length;
  return { start: points(start), end: points(end), text: text.slice(start, end), sources: [source(passage)] };
}

/** A citation of what stands at code points in `text`. */
export function citePoints(text: string, start: number, end: number, passage = "p1"): Citation {
  const points = [...text].slice(start, end);
  return { start, end: start + points.length, text: points.join(""), sources: [source(passage)] };
}

/** A citation of `part`, which stands in `text`. */
export function cite(text: string, part: string, passage = "p1"): Citation {
  const start = text.indexOf(part);
  if (start < 0) throw new Error(`not in the text: ${part}`);
  return citeAt(text, start, start + part.length, passage);
}

export function reader() {
  const root = document.createElement("div");
  const reading = new Reading(root, WORDS);
  const show = (text: string, citations: readonly Citation[] = [], whole = true) => {
    reading.update({ text, citations, whole, marksOf: marksOf(citations) });
    return root;
  };
  return { root, show };
}

/** The numbers behind each of `citations`. */
export function marksOf(citations: readonly Citation[]) {
  const { numbers } = numberSources(citations);
  return (index: number) => (numbers[index] ?? []).map((number) => ({ number, label: `Source ${number}` }));
}

export function shown(text: string, citations: readonly Citation[] = [], whole = true): HTMLElement {
  return reader().show(text, citations, whole);
}

/** What is shown as cited by one citation. */
export function citedText(root: ParentNode, index = 0): string {
  return [...root.querySelectorAll<HTMLElement>(".cited")]
    .filter((span) => span.dataset.citations?.split(" ").includes(String(index)))
    .map((span) => span.textContent)
    .join("");
}
