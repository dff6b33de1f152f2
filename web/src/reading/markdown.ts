/** Markdown as answers have it: GitHub's, without HTML (tags are text, but for `<br>`), pictures as links. */
import { Lexer, Marked, Renderer, type Token, type Tokens, type TokensList } from "marked";

export type Links = TokensList["links"];

const BREAK = /^<br *\/?>/i;

const markdown = new Marked({
  gfm: true,
  tokenizer: {
    // A model's or a document's "<b>" is shown as it stands: as text.
    html: () => undefined,
    tag(source) {
      const raw = BREAK.exec(source)?.[0];
      return raw ? ({ type: "br", raw } as never) : undefined;
    },
  },
  renderer: {
    image({ href, title, text, tokens }) {
      return this.link({
        type: "link",
        raw: "",
        href,
        title: title ?? null,
        text,
        tokens: named(tokens, href),
      });
    },
    link(token) {
      // A bare address is shown by its tokens, too: they know where its citations are.
      return Renderer.prototype.link.call(this, { ...token, autolink: false } as Tokens.Link);
    },
    heading(token) {
      // The question is a heading of the page, and so is "Answer": an answer's own are below those.
      return Renderer.prototype.heading.call(this, {
        ...token,
        depth: Math.min(6, Math.max(4, token.depth + 2)),
      });
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** Reads `source` into tokens, with link targets that were defined elsewhere. */
export function lex(source: string, links: Links = {}): TokensList {
  const lexer = new Lexer(markdown.defaults);
  Object.assign(lexer.tokens.links, links);
  return lexer.lex(source);
}

/** Makes HTML of tokens. It is not to be trusted before it was purified. */
export function toHtml(tokens: Token[]): string {
  return markdown.parser(tokens);
}

function named(tokens: Token[], href: string): Token[] {
  return tokens.length ? tokens : [{ type: "text", raw: href, text: href, escaped: false }];
}
