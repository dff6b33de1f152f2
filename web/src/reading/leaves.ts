/** The tokens that hold what is read, in order, each with where its characters stand in the source. */
import type { Token, Tokens } from "marked";
import { find, part, type Traced, traced, unindent } from "./traced";

export interface Leaf {
  /** Rendering shows `token.text`. */
  readonly token: { text: string };
  readonly traced: Traced;
  /** Whether `&amp;` in the text is shown as one character. */
  readonly entities: boolean;
}

/** The leaves of top-level tokens that begin at `start` in the source. Pictures inside of links become text. */
export function leavesOf(tokens: readonly Token[], start: number): Leaf[] {
  const leaves: Leaf[] = [];
  sequence(tokens, traced(rawOf(tokens), start), leaves);
  return leaves;
}

function rawOf(tokens: readonly Token[]): string {
  return tokens.map((token) => token.raw).join("");
}

/** Tokens whose sources stand one behind the other in `outer`. */
function sequence(tokens: readonly Token[], outer: Traced, leaves: Leaf[]): void {
  let cursor = 0;
  for (const token of tokens) {
    const own = find(outer, token.raw, cursor);
    cursor = own.end;
    visit(token, own, leaves);
  }
}

function visit(token: Token, own: Traced, leaves: Leaf[]): void {
  if (token.type === "list") list(token as Tokens.List, own, leaves);
  else if (token.type === "table") table(token as Tokens.Table, own, leaves);
  else if (token.type === "blockquote") stripped(token as Tokens.Blockquote, own, leaves);
  else if (token.type === "code") leaves.push(codeBlock(token as Tokens.Code, own));
  else if (hasTokens(token)) sequence(token.tokens, content(token, own), leaves);
  else if (token.type === "codespan") leaves.push(leaf(token as Tokens.Codespan, own, 1));
  else if (token.type === "escape") leaves.push(leaf(token as Tokens.Escape, own, 1));
  else if (token.type === "text") leaves.push(leaf(token as Tokens.Text, own, 0));
}

function hasTokens(token: Token): token is Token & { text: string; tokens: Token[] } {
  return "tokens" in token && Array.isArray(token.tokens) && token.tokens.length > 0;
}

/** What stands between the marks of a heading, link, emphasis, ...; of a paragraph all. */
function content(token: Token & { text: string; tokens: Token[] }, own: Traced): Traced {
  if (token.type === "link") noPictures(token.tokens);
  const inner = rawOf(token.tokens);
  const even = token.type === "strong" || token.type === "em" || token.type === "del";
  return find(own, inner, even ? Math.floor((own.text.length - inner.length) / 2) : opening(token, own));
}

function opening(token: Token, own: Traced): number {
  if (token.type === "image") return 2;
  return token.type === "link" && /^[[<]/.test(own.text) ? 1 : 0;
}

/** A link in a link is none: a picture that is itself a link keeps its words only. */
function noPictures(tokens: Token[]): void {
  for (const token of tokens) {
    if (token.type === "image") Object.assign(token, { type: "text" });
    if (hasTokens(token)) noPictures(token.tokens);
  }
}

function list(token: Tokens.List, own: Traced, leaves: Leaf[]): void {
  let cursor = 0;
  for (const item of token.items) {
    const whole = find(own, item.raw, cursor);
    cursor = whole.end;
    stripped(item, whole, leaves);
  }
}

function stripped(token: { tokens: Token[] }, own: Traced, leaves: Leaf[]): void {
  sequence(token.tokens, unindent(own, rawOf(token.tokens)), leaves);
}

function table(token: Tokens.Table, own: Traced, leaves: Leaf[]): void {
  const lines = own.text.split("\n");
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const cells = index === 0 ? token.header : (token.rows[index - 2] ?? []);
    if (index !== 1) row(cells, part(own, start, start + line.length), leaves);
    start += line.length + 1;
  }
}

function row(cells: Tokens.TableCell[], own: Traced, leaves: Leaf[]): void {
  let cursor = 0;
  for (const cell of cells) {
    const found = find(own, cell.text, cursor);
    cursor = found.end;
    sequence(cell.tokens, found, leaves);
  }
}

function codeBlock(token: Tokens.Code, own: Traced): Leaf {
  const fence = token.codeBlockStyle === "indented" ? 0 : own.text.indexOf("\n") + 1;
  const inside = part(own, fence, own.text.length);
  return { token, traced: unindent(inside, token.text), entities: false };
}

function leaf(token: { type: string; text: string }, own: Traced, cursor: number): Leaf {
  return { token, traced: find(own, token.text, cursor), entities: token.type === "text" };
}
