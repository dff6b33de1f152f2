/** Markdown as answers have it: GitHub's, without HTML: tags are text, but for `<br>`. */
import { Lexer, Tokenizer, type TokensList } from "marked";

export type Links = TokensList["links"];

const BREAK = /^<br *\/?>/i;

/** A model's or a document's "<b>" is shown as it stands: as text. */
class Reader extends Tokenizer {
  override html(): undefined {}

  override tag(source: string) {
    const raw = BREAK.exec(source)?.[0];
    return raw ? ({ type: "br", raw } as never) : undefined;
  }
}

/** Reads `source` into tokens, with link targets that were defined elsewhere. */
export function lex(source: string, links: Links = {}): TokensList {
  const lexer = new Lexer({ gfm: true, tokenizer: new Reader() });
  Object.assign(lexer.tokens.links, links);
  return lexer.lex(source);
}
