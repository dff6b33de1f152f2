/** What slim.ts leaves of the libraries does here what the whole of them does. */
import slimPurify from "dompurify";
import { Lexer } from "marked";
import { describe, expect, it } from "vitest";
import wholePurify from "../../node_modules/dompurify/dist/purify.cjs.js";
// @ts-expect-error: the whole, which is not built here
import wholeMarked from "../../node_modules/marked/lib/marked.umd.js";
import { slim } from "../../plugins/slim";
import { toHtml } from "../../src/reading/html";
import { lex } from "../../src/reading/markdown";
import { RULES } from "../../src/reading/purify";
import { chance } from "../support/chance";

const MARKUP = [
  ..."p br hr h4 h6 strong em del code pre blockquote a ul ol li table tbody tr td".split(" "),
  ..."script style svg math mi mtext annotation-xml foreignObject desc title template form input textarea".split(
    " ",
  ),
  ..."noscript iframe object img video audio xmp plaintext select option custom-tag html head body thead".split(
    " ",
  ),
];
const ATTRIBUTES = [
  'href="https://e.com/a"',
  'href="javascript:alert(1)"',
  'href=" https://e.com"',
  'href="data:text/html,x"',
  'title="a <b>"',
  'title="--></style>"',
  'start="3"',
  "align=right",
  'id="x"',
  'name="nodeName"',
  "onclick=alert(1)",
  'style="color:red"',
  'class="y"',
  'data-x="1"',
  'aria-label="z"',
  'is="custom-tag"',
  'xlink:href="https://e.com"',
  'src="x" onerror=alert(1)',
];
const LOOSE = [
  "text",
  " ",
  "\n",
  "&amp;",
  "&lt;b&gt;",
  "<!-- c -->",
  "<!--<p>-->",
  "<?x?>",
  "<![CDATA[x]]>",
  "</p>",
  "</",
  "<",
  "{{x}}",
];

describe("what is left of DOMPurify", () => {
  it("cleans as the whole does", () => {
    expect(slimPurify.addHook).toBeUndefined();
    for (let seed = 0; seed < 400; seed += 1) {
      const html = markup(chance(seed));
      expect(shown(slimPurify.sanitize(html, RULES)), html).toBe(shown(wholePurify.sanitize(html, RULES)));
    }
  });

  it("lets nothing in that was not said to be let in", () => {
    expect(slimPurify.sanitize("<b>a</b><p>b</p>", {})).toHaveProperty("textContent", "ab");
    expect(shown(slimPurify.sanitize("<b>a</b><p>b</p>", {}) as never)).toBe("ab");
  });
});

const MARKS = [
  "word",
  " ",
  "  \n",
  "\n",
  "\n\n",
  "*",
  "**",
  "_",
  "~~",
  "`",
  "``` js\n",
  "```\n",
  "# ",
  "## a #",
  "> ",
  "- ",
  "* ",
  "1. ",
  "3) ",
  "- [ ] ",
  "- [x] ",
  "    ",
  "\t",
  "| a | b |\n|---|:-:|\n",
  "| 1 \\| 2 | `x` |",
  '[a](https://e.com/ä%20b "t")',
  "[a][r]",
  "\n\n[r]: https://e.com/r 'T'\n",
  "![p *q*](https://e.com/p.png)",
  "![](https://e.com/p.png)",
  "[![x](y)](https://e.com)",
  "https://e.com/a_b.",
  "www.e.com",
  "a@e.com",
  "<https://e.com>",
  "<b>",
  "<br>",
  "<div>\n",
  "<!-- c -->",
  "</p>",
  "\\*",
  "&amp;",
  "&copy;",
  "&#35;",
  "&",
  "<",
  '"',
  "---\n",
  "===\n",
  "é",
  "🪔",
  "[",
  "](",
  ")",
  "!",
];

describe("what is left of marked", () => {
  it("reads as the whole does, and what is made of it is what marked makes", () => {
    expect((Lexer as unknown as { rules: { block: object } }).rules.block).not.toHaveProperty("pedantic");
    for (let seed = 0; seed < 1500; seed += 1) {
      const { upTo, of } = chance(seed);
      const source = Array.from({ length: 1 + upTo(14) }, () => of(MARKS)).join("");
      const tokens = lex(source);
      const all = whole.lexer(source);
      expect(plain(tokens), source).toEqual(plain(all));
      expect(nodes(toHtml(tokens)), source).toBe(nodes(whole.parser(all)));
    }
  });
});

describe("a library that is written in another way", () => {
  it("stops the build", () => {
    const { transform } = slim() as { transform(code: string, id: string): unknown };
    expect(() => transform("export {}", "/x/node_modules/marked/lib/marked.esm.js")).toThrow("another way");
    expect(transform("export {}", "/x/src/other.js")).toBeUndefined();
  });
});

/** marked with the same rules as ours, said in its own way. */
const whole = new wholeMarked.Marked({
  tokenizer: {
    html: () => undefined,
    tag(source: string) {
      const raw = /^<br *\/?>/i.exec(source)?.[0];
      return raw ? { type: "br", raw } : undefined;
    },
  },
  renderer: {
    image({ href, title, tokens }: { href: string; title: string; tokens: unknown[] }) {
      const words = tokens.length ? tokens : [{ type: "text", raw: href, text: href }];
      return wholeMarked.Renderer.prototype.link.call(this, { href, title, tokens: words });
    },
    link(token: object) {
      return wholeMarked.Renderer.prototype.link.call(this, { ...token, autolink: false });
    },
    heading(token: { depth: number }) {
      const depth = Math.min(6, Math.max(4, token.depth + 2));
      return wholeMarked.Renderer.prototype.heading.call(this, { ...token, depth });
    },
    checkbox: ({ checked }: { checked: boolean }) => (checked ? "☑ " : "☐ "),
  },
});

function markup({ next, upTo, of }: ReturnType<typeof chance>): string {
  const piece = () => {
    const kind = next();
    const attributes = Array.from({ length: upTo(3) }, () => of(ATTRIBUTES)).join(" ");
    return kind < 0.3 ? of(LOOSE) : kind < 0.75 ? `<${of(MARKUP)} ${attributes}>` : `</${of(MARKUP)}>`;
  };
  return Array.from({ length: 1 + upTo(10) }, piece).join("");
}

function shown(nodes: DocumentFragment): string {
  const holder = document.createElement("div");
  holder.append(nodes);
  return holder.innerHTML;
}

/** HTML as the nodes that become of it, without what our readers never see. */
function nodes(html: string): string {
  const holder = document.createElement("div");
  holder.innerHTML = html;
  for (const code of holder.querySelectorAll("code")) code.removeAttribute("class");
  return holder.innerHTML.replace(/\n/g, "");
}

function plain(tokens: unknown): unknown {
  return JSON.parse(JSON.stringify(tokens));
}
