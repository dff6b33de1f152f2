/** HTML of Markdown's tokens. It is not to be trusted before it was purified. Pure. */
import type { Token, Tokens } from "marked";

const ESCAPED: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** An `&` that begins an entity stays. */
const UNSAFE = /[<>"']|&(?!(#\d{1,7}|#x[\da-f]{1,6}|\w+);)/gi;

export function toHtml(tokens: readonly Token[]): string {
  return tokens.map((token) => htmlOf(token as Tokens.Generic)).join("");
}

function htmlOf(token: Tokens.Generic): string {
  const { type, text } = token;
  const inner = () => toHtml(token.tokens ?? []);
  switch (type) {
    case "paragraph":
      return `<p>${inner()}</p>\n`;
    case "blockquote":
      return `<blockquote>\n${inner()}</blockquote>\n`;
    case "heading":
      return heading(token.depth, inner());
    case "list":
      return list(token as Tokens.List);
    case "code":
      return `<pre><code>${escaped(text && `${text.replace(/\n$/, "")}\n`, true)}</code></pre>\n`;
    case "table":
      return table(token as Tokens.Table);
    case "strong":
    case "em":
    case "del":
      return `<${type}>${inner()}</${type}>`;
    case "codespan":
      return `<code>${escaped(text, true)}</code>`;
    case "br":
    case "hr":
      return `<${type}>`;
    case "link":
      return link(token as Tokens.Link, inner());
    case "image":
      // Nothing is fetched: a picture is a link with its words, or its address.
      return link(token as Tokens.Image, token.tokens?.length ? inner() : escaped(token.href));
    case "checkbox":
      return token.checked ? "☑ " : "☐ ";
    case "text":
    case "escape":
      return token.tokens ? inner() : token.escaped ? text : escaped(text);
    default:
      return "";
  }
}

/** The question is a heading of the page, and so is "Answer": an answer's own are below those. */
function heading(depth: number, inner: string): string {
  const level = Math.min(6, Math.max(4, depth + 2));
  return `<h${level}>${inner}</h${level}>\n`;
}

function list({ ordered, start, items }: Tokens.List): string {
  const tag = ordered ? "ol" : "ul";
  const from = ordered && start !== 1 ? ` start="${start}"` : "";
  return `<${tag}${from}>\n${items.map(({ tokens }) => `<li>${toHtml(tokens)}</li>\n`).join("")}</${tag}>\n`;
}

function table({ header, rows }: Tokens.Table): string {
  const body = rows.length ? `<tbody>${rows.map(row).join("")}</tbody>` : "";
  return `<table>\n<thead>\n${row(header)}</thead>\n${body}</table>\n`;
}

function row(cells: readonly Tokens.TableCell[]): string {
  return `<tr>\n${cells.map(cell).join("")}</tr>\n`;
}

function cell({ header, align, tokens }: Tokens.TableCell): string {
  const tag = header ? "th" : "td";
  return `<${tag}${align ? ` align="${align}"` : ""}>${toHtml(tokens)}</${tag}>\n`;
}

/** An address that cannot be written as one leaves the words. */
function link({ href, title }: Tokens.Link | Tokens.Image, inner: string): string {
  try {
    const address = encodeURI(href).replaceAll("%25", "%");
    return `<a href="${escaped(address)}"${title ? ` title="${escaped(title)}"` : ""}>${inner}</a>`;
  } catch {
    return inner;
  }
}

/** Where text stands for itself, as in code, an entity is written out as well. */
function escaped(text: string, itself = false): string {
  return text.replace(itself ? /[&<>"']/g : UNSAFE, (character) => ESCAPED[character] as string);
}
