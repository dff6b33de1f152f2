/** An answer for the clipboard: its Markdown, or its plain text, with numbered sources below. */
import type { Citation } from "../protocol";
import { numberSources, pathOf, type Source } from "./sources";

/** The answer's Markdown with `[1]` behind what is cited, and the list of sources. */
export function asMarkdown(text: string, citations: readonly Citation[], heading: string): string {
  const { sources, numbers } = numberSources(citations);
  const points = [...text];
  const behind = new Map<number, Set<number>>();
  for (const [index, { end }] of citations.entries()) {
    const place = afterCode(points, Math.min(end, points.length));
    const here = behind.get(place) ?? new Set();
    for (const number of numbers[index] ?? []) here.add(number);
    behind.set(place, here);
  }
  const places = [...behind.keys()].sort((one, other) => one - other);
  let copied = "";
  let done = 0;
  for (const place of places) {
    copied +=
      points.slice(done, place).join("") + [...(behind.get(place) ?? [])].map((n) => `[${n}]`).join("");
    done = place;
  }
  copied = (copied + points.slice(done).join("")).trim();
  return sources.length
    ? `${copied}\n\n${heading}\n\n${sources.map(markdownSource).join("\n")}\n`
    : `${copied}\n`;
}

/** What `rendered` shows, as text, and the list of sources. */
export function asPlain(rendered: ParentNode, sources: readonly Source[], heading: string): string {
  const copied = [...rendered.querySelectorAll(".block")].map(plainBlock).filter(Boolean).join("\n\n");
  const list = sources.map(
    ({ number, url, ...source }) => `[${number}] ${named(source)}${url ? `: ${url}` : ""}`,
  );
  return sources.length ? `${copied}\n\n${heading}\n${list.join("\n")}\n` : `${copied}\n`;
}

/** Inside of a code block a number would be code: its place is behind the block. */
function afterCode(points: readonly string[], end: number): number {
  const before = points.slice(0, end).join("");
  const fences = before.match(/^[ \t]*(`{3,}|~{3,})/gm) ?? [];
  if (fences.length % 2 === 0) return end;
  const closing = /\n[ \t]*(`{3,}|~{3,})[^\n]*/.exec(points.slice(end).join(""));
  return closing
    ? end +
        [
          ...points
            .slice(end)
            .join("")
            .slice(0, closing.index + closing[0].length),
        ].length
    : points.length;
}

function markdownSource({ number, url, ...source }: Source): string {
  const name = named(source).replace(/[[\]\\]/g, "\\$&");
  return url ? `${number}. [${name}](<${url}>)` : `${number}. ${name}`;
}

function named(source: Omit<Source, "number" | "url">): string {
  return [source.title || source.document_id, pathOf(source)].filter(Boolean).join(" › ");
}

function plainBlock(block: Element): string {
  const copy = block.cloneNode(true) as Element;
  for (const button of copy.querySelectorAll(".copy-code")) button.remove();
  for (const number of copy.querySelectorAll("sup.mark")) number.replaceWith(`[${number.textContent}]`);
  for (const line of copy.querySelectorAll("br")) line.replaceWith("\n");
  for (const cell of copy.querySelectorAll("td + td, th + th")) cell.prepend("\t");
  for (const item of copy.querySelectorAll("li")) item.prepend(markerOf(item));
  return (copy.textContent ?? "").replace(/\n{3,}/g, "\n\n").trim();
}

/** Each item begins a line of its own, but the first of a block. */
function markerOf(item: Element): string {
  const list = item.parentElement as HTMLElement;
  for (const text of [...list.childNodes].filter((node) => node instanceof Text)) text.remove();
  const at = [...list.children].indexOf(item);
  const marker = list.tagName === "OL" ? `${at + (Number(list.getAttribute("start")) || 1)}.` : "-";
  return `${at > 0 || list.parentElement?.tagName === "LI" ? "\n" : ""}${marker} `;
}
