/**
 * Closes Markdown that is still being written, so that what is seen does not jump when the rest comes: half a
 * link is a link already, half bold is bold, a line that may become a table or a heading waits.
 *
 * Only the end is changed (cut or added to): offsets into the source stay.
 */

/** The line is nothing yet but may become a list item, heading, quote, rule or underline. */
const UNDECIDED =
  /(^|\n)[ \t]*(?:[-*+=_ ]+|\d{1,9}[.)]?|#{1,6}|>[> ]*|[-*+] \[[ xX]?\]?|`{1,2}|~{1,2}|:?-[-:| ]*|\[[^\]\n]*\]:[^\n]*)[ \t]*$/;
/** A table is one when its second line is there. */
const HALF_TABLE = /(^|\n)[ \t]*\|[^\n]*(?:\n[ \t]*[|:\- ]*)?$/;
/** May become an entity, an escape, or the opening of something. */
const HALF_WORD = /(?:&#?\w{0,8}|\\|<(?:h(?:t(?:t(?:ps?(?::\/?\/?[^>\s]*)?)?)?)?)?|<b?r?|!?\[|[*_~`!]+)$/;

/** Returns `source`, the end of an answer that goes on, as it can be shown now. */
export function mend(source: string): string {
  const fence = openFence(source);
  if (fence) return source.replace(fence.halfClosing, "");
  const whole = withoutHalfTable(source).replace(UNDECIDED, "$1");
  const at = segmentStart(whole);
  return whole.slice(0, at) + closed(whole.slice(at));
}

/** The code fence that is open at the end, as what would be the beginning of its end. */
function openFence(source: string): { halfClosing: RegExp } | undefined {
  let open: string | undefined;
  for (const line of source.split("\n")) {
    const run = /^[ \t]*(?:(?:[-*+]|\d{1,9}[.)]|>)[ \t]+)*(`{3,}|~{3,})([^`]*)$/.exec(line);
    if (!run) continue;
    const marks = run[1] as string;
    if (!open) open = marks;
    else if (marks.startsWith(open) && !run[2]?.trim()) open = undefined;
  }
  return open ? { halfClosing: new RegExp(`\\n[ \\t]*\\${open[0]}{0,${open.length - 1}}$`) } : undefined;
}

function withoutHalfTable(source: string): string {
  const found = HALF_TABLE.exec(source);
  if (!found) return source;
  // Further rows of a table that stands: shown as they come.
  const before =
    source
      .slice(0, found.index)
      .split(/\n[ \t]*\n/)
      .at(-1) ?? "";
  return /\|/.test(before) ? source : source.slice(0, found.index);
}

/** Where the last stretch of text begins that emphasis and links cannot reach out of. */
function segmentStart(source: string): number {
  const starts = /\n[ \t]*\n|\n[ \t]*(?:[-*+]|\d{1,9}[.)]|#{1,6}|>)[ \t]+|\n[ \t]*\|/g;
  let start = 0;
  for (const { index, 0: text } of source.matchAll(starts)) start = index + text.length;
  return start;
}

/** What is open in a stretch of inline text, the innermost last. */
function closed(text: string): string {
  const cut = text.replace(HALF_WORD, "");
  const { code, open, link } = scan(cut);
  if (code) return `${trimmed(cut, code)}${code}`;
  let shown = cut;
  let marks = open;
  if (link) {
    shown = link.target < 0 ? shown : shown.slice(0, link.target);
    shown = `${shown.trimEnd()}](https://…)`;
    marks = open.slice(0, link.depth);
    // Emphasis that began inside of the link's words ends in them.
    const inner = link.target < 0 ? open.slice(link.depth).reverse().join("") : "";
    shown = shown.replace(/\]\(https:\/\/…\)$/, `${inner}$&`);
  }
  return marks.length ? shown.trimEnd() + [...marks].reverse().join("") : shown;
}

function trimmed(text: string, code: string): string {
  return text.endsWith(code) ? text.slice(0, -code.length) : text;
}

interface Scan {
  /** The run of backticks that is open. */
  code?: string;
  open: string[];
  /** The link that is open: how many marks were open before it, and where its `](` stands, or -1. */
  link?: { depth: number; target: number };
}

const TOKEN = /\\.|(`+)|(\*+|_+|~~)|(!?\[)|(\](?:\([^)\s]*(?:\s+"[^"]*"?)?(\))?)?)/gs;

function scan(text: string): Scan {
  const open: string[] = [];
  const links: number[] = [];
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const [all, ticks, marks, bracket, closing, whole] = found;
    const after = found.index + all.length;
    if (ticks) {
      const end = endOfCode(text, after, ticks);
      if (end < 0) return { code: ticks, open };
      TOKEN.lastIndex = end;
    } else if (marks) emphasis(marks, text[found.index - 1] ?? " ", text[after] ?? " ", open);
    else if (bracket && text[found.index - 1] === "]" && text.indexOf("]", after) < 0) {
      return { open, link: { depth: open.length, target: found.index - 1 } };
    } else if (bracket) links.push(open.length);
    else if (closing && links.length) {
      const depth = links.pop() as number;
      if (!whole && after === text.length) {
        return { open, link: { depth, target: found.index } };
      }
    }
  }
  const depth = links.at(-1);
  return depth === undefined ? { open } : { open, link: { depth, target: -1 } };
}

function endOfCode(text: string, start: number, ticks: string): number {
  for (const run of text.slice(start).matchAll(/`+/g)) {
    if (run[0] === ticks) return start + run.index + ticks.length;
  }
  return -1;
}

/** Opens or closes marks, as far as what stands around them allows. */
function emphasis(run: string, before: string, after: string, open: string[]): void {
  const inWord = run[0] === "_" && /\w/.test(before) && /\w/.test(after);
  let left = inWord ? "" : run;
  while (left && !/\s/.test(before) && open.length && left.startsWith(open.at(-1) as string)) {
    left = left.slice((open.pop() as string).length);
  }
  if (!left || /\s/.test(after)) return;
  if (left[0] === "~") open.push("~~");
  else {
    if (left.length % 2) open.push(left[0] as string);
    for (let count = 1; count < left.length; count += 2) open.push((left[0] as string).repeat(2));
  }
}
