/** An answer's top-level blocks. Pure. */
import type { Token, Tokens } from "marked";
import type { Links } from "./markdown";

/** With the blank lines behind it, so that blocks fill the source. */
export interface Block {
  /** In the source, in UTF-16 units. */
  start: number;
  raw: string;
  /** Targets of links that are defined here. */
  links: Links;
  /** Absent where the block was read before; rendering changes them. */
  tokens?: Token[];
}

/** Makes blocks of top-level tokens, which begin at `from` in the source. */
export function grouped(tokens: readonly Token[], from: number): Block[] {
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
