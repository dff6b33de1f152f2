/**
 * An answer as it is read: its Markdown becomes nodes, block by block. A block that is finished keeps its nodes;
 * while the answer goes on only its end is read anew, and blocks whose citations changed.
 */
import type { Token, Tokens } from "marked";
import type { Citation } from "../protocol";
import { dress } from "./dress";
import { leavesOf } from "./leaves";
import { type Links, lex, toHtml } from "./markdown";
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

export interface Words {
  copyCode: string;
  code: string;
  table: string;
}

/** A top-level block, with the blank lines behind it. */
interface Block {
  start: number;
  raw: string;
  /** Targets of links that are defined here. */
  links: Links;
  tokens?: Token[];
}

interface Shown extends Block {
  /** Of the block's source and its citations: the same key, the same nodes. */
  key: string;
  node: HTMLElement;
}

export class Reading {
  private shown: Shown[] = [];
  private source = "";
  private links: Links = {};

  constructor(
    private readonly root: HTMLElement,
    private readonly words: Words,
  ) {}

  /** Shows `answer`. What is the same as before is not touched. */
  update({ text, citations, whole, marksOf }: Answer): void {
    const source = withoutSentinels(plainLineEnds(text));
    const blocks = this.blocksOf(source, whole);
    const spans = spansOf(text, citations);
    for (const [index, block] of blocks.entries()) this.show(index, block, spans, marksOf);
    for (const surplus of this.shown.splice(blocks.length)) surplus.node.remove();
    this.source = source;
  }

  /** Finished blocks as they are, and the rest read anew: the last two may still become one. */
  private blocksOf(source: string, whole: boolean): Block[] {
    const goesOn = source.startsWith(this.source);
    const kept = goesOn ? this.shown.slice(0, Math.max(0, this.shown.length - 2)) : [];
    const start = this.shown[kept.length]?.start ?? 0;
    const from = kept.length ? start : 0;
    const rest = source.slice(from);
    const tokens = lex(whole ? rest : mend(rest), Object.assign({}, ...kept.map(({ links }) => links)));
    this.know(tokens.links);
    return [...kept.map(({ start, raw, links }) => ({ start, raw, links })), ...grouped(tokens, from)];
  }

  /** Blocks that were shown before a link's target was known are shown anew. */
  private know(links: Links): void {
    if (JSON.stringify(links) !== JSON.stringify(this.links)) for (const block of this.shown) block.key = "";
    this.links = links;
  }

  private show(index: number, block: Block, spans: readonly Span[], marksOf: Answer["marksOf"]): void {
    const end = block.start + block.raw.length;
    const own = spans.filter((span) => span.start < end && span.end > block.start);
    const key = JSON.stringify([block.raw, own.map((span) => [span, marksOf(span.index)])]);
    const old = this.shown[index];
    if (old?.key === key && old.start === block.start) return;
    const node = old?.node ?? this.root.appendChild(newBlock());
    patch(node, this.rendered(block, own, end, marksOf));
    this.shown[index] = { start: block.start, raw: block.raw, links: block.links, key, node };
  }

  private rendered(block: Block, spans: Span[], end: number, marksOf: Answer["marksOf"]): DocumentFragment {
    const tokens = block.tokens ?? lex(block.raw, this.links);
    // Always asked for: pictures in links become words on the way.
    const boundaries = insertSentinels(leavesOf(tokens, block.start), spans, end);
    const nodes = purify(toHtml(tokens));
    mark(nodes, boundaries, marksOf);
    dress(nodes, this.words);
    return nodes;
  }
}

function newBlock(): HTMLElement {
  const node = document.createElement("div");
  node.className = "block";
  return node;
}

function grouped(tokens: readonly Token[], from: number): Block[] {
  const blocks: (Block & { tokens: Token[] })[] = [];
  let start = from;
  for (const token of tokens) {
    const last = blocks.at(-1);
    const links = token.type === "def" ? { [token.tag]: token as Tokens.Def } : {};
    if (last && (token.type === "space" || token.type === "def")) {
      last.raw += token.raw;
      last.tokens.push(token);
      Object.assign(last.links, links);
    } else blocks.push({ start, raw: token.raw, links, tokens: [token] });
    start += token.raw.length;
  }
  return blocks;
}

function spansOf(text: string, citations: readonly Citation[]): Span[] {
  const place = placesIn(text);
  return citations.map(({ start, end }, index) => ({ index, start: place(start), end: place(end) }));
}
