/**
 * An answer as it is read: its Markdown becomes nodes, block by block. A block that is finished keeps its nodes,
 * and so does a finished item of a list; while the answer goes on only its end is read anew, and what has other
 * citations than before.
 */
import type { Tokens } from "marked";
import type { Citation } from "../protocol";
import { type Block, grouped } from "./blocks";
import { type DressWords, dress } from "./dress";
import { toHtml } from "./html";
import { leavesOf } from "./leaves";
import { type Links, lex } from "./markdown";
import { type Mark, mark } from "./marks";
import { mend } from "./mend";
import { placesIn, plainLineEnds } from "./offsets";
import { patch } from "./patch";
import { purify } from "./purify";
import { insertSentinels, type Span, withoutSentinels } from "./sentinels";

export interface Answer {
  text: string;
  citations: readonly Citation[];
  /** False while more text comes. */
  whole: boolean;
  /** The numbers behind a citation, by its place in `citations`. */
  marksOf(citation: number): Mark[];
}

/** Of a block's, or an item's, source and citations: the same key, the same nodes. */
type Key = string;

interface Shown extends Block {
  key: Key;
  node: HTMLElement;
  /** Of a list's items. */
  items: Key[];
}

export class Reading {
  private shown: Shown[] = [];
  private source = "";
  private links: Links = {};
  private spans: Span[] = [];
  private marksOf: Answer["marksOf"] = () => [];

  constructor(
    private readonly root: HTMLElement,
    private readonly words: DressWords,
  ) {}

  /** How much of the answer is shown, in UTF-16 units. */
  get length(): number {
    return this.source.length;
  }

  /** Shows `answer`, at most so much of it; what is the same as before is not touched. Returns whether that is all. */
  update({ text, citations, whole, marksOf }: Answer, most = Number.POSITIVE_INFINITY): boolean {
    const all = withoutSentinels(plainLineEnds(text));
    const source = all.slice(0, most);
    const isAll = source === all;
    const blocks = this.blocksOf(source, whole && isAll);
    this.spans = spansOf(text, citations).filter(({ end }) => end <= source.length);
    this.marksOf = marksOf;
    for (const [index, block] of blocks.entries()) this.show(index, block);
    for (const surplus of this.shown.splice(blocks.length)) surplus.node.remove();
    this.source = source;
    return isAll;
  }

  /** Finished blocks as they are, and the rest read anew: the last two may still become one. */
  private blocksOf(source: string, whole: boolean): Block[] {
    const goesOn = source.startsWith(this.source);
    const kept = goesOn ? this.shown.slice(0, Math.max(0, this.shown.length - 2)) : [];
    const from = kept.length ? (this.shown[kept.length]?.start ?? 0) : 0;
    const rest = source.slice(from);
    const tokens = lex(whole ? rest : mend(rest), Object.assign({}, ...kept.map(({ links }) => links)));
    this.know(tokens.links);
    return [...kept.map(({ start, raw, links }) => ({ start, raw, links })), ...grouped(tokens, from)];
  }

  /** Blocks that were shown before a link's target was known are shown anew. */
  private know(links: Links): void {
    if (JSON.stringify(links) !== JSON.stringify(this.links)) {
      for (const block of this.shown) Object.assign(block, { key: "", items: [] });
    }
    this.links = links;
  }

  private show(index: number, block: Block): void {
    const { start, raw, links } = block;
    const end = start + raw.length;
    const key = this.keyOf(start, raw, end);
    const old = this.shown[index];
    if (old?.key === key) return;
    const node = old?.node ?? this.root.appendChild(newBlock());
    const tokens = block.tokens ?? lex(raw, this.links);
    const list = tokens[0]?.type === "list" ? (tokens[0] as Tokens.List) : undefined;
    const items = list ? this.showList(node, list, start, end, old?.items ?? []) : [];
    if (!list) patch(node, this.rendered(tokens, start, end));
    this.shown[index] = { start, raw, links, key, node, items };
  }

  private showList(node: HTMLElement, list: Tokens.List, start: number, end: number, before: Key[]): Key[] {
    const element = listIn(node, list);
    const known = element.childElementCount === before.length ? before : [];
    let at = start;
    const keys = list.items.map((item, index) => {
      const from = at;
      at = index === list.items.length - 1 ? end : from + item.raw.length;
      const key = this.keyOf(from, `${list.loose} ${item.raw}`, at);
      if (known[index] !== key)
        this.showItem(element, index, { ...list, raw: item.raw, items: [item] }, from, at);
      return key;
    });
    for (const surplus of [...element.children].slice(keys.length)) surplus.remove();
    return keys;
  }

  private showItem(element: HTMLElement, index: number, list: Tokens.List, start: number, end: number): void {
    const item = this.rendered([list], start, end).querySelector("li") as HTMLElement;
    const old = element.children[index];
    if (old) patch(old, item);
    else element.append(item);
  }

  private keyOf(start: number, raw: string, end: number): Key {
    return JSON.stringify([
      start,
      raw,
      this.spansIn(start, end).map((span) => [span, this.marksOf(span.index)]),
    ]);
  }

  private spansIn(start: number, end: number): Span[] {
    return this.spans.filter((span) => span.start < end && span.end > start);
  }

  private rendered(tokens: Tokens.Generic[], start: number, end: number): DocumentFragment {
    // Always asked for: pictures in links become words on the way.
    const boundaries = insertSentinels(leavesOf(tokens, start), this.spansIn(start, end), end);
    const nodes = purify(toHtml(tokens));
    mark(nodes, boundaries, this.marksOf);
    dress(nodes, this.words);
    return nodes;
  }
}

function newBlock(): HTMLElement {
  const node = document.createElement("div");
  node.className = "block";
  return node;
}

/** The list element that a block is; one of another kind is replaced. */
function listIn(node: HTMLElement, { ordered, start }: Tokens.List): HTMLElement {
  const tag = ordered ? "OL" : "UL";
  let element = node.firstElementChild as HTMLElement | null;
  if (element?.tagName !== tag || element.nextElementSibling) {
    element = document.createElement(tag);
    element.dir = "auto";
    node.replaceChildren(element);
  }
  if (ordered && start !== "" && start !== 1) element.setAttribute("start", String(start));
  else element.removeAttribute("start");
  return element;
}

function spansOf(text: string, citations: readonly Citation[]): Span[] {
  const place = placesIn(text);
  return citations.map(({ start, end }, index) => ({ index, start: place(start), end: place(end) }));
}
