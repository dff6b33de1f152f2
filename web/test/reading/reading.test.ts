import { describe, expect, it } from "vitest";
import { unmark } from "../../src/reading/marks";
import { cite, citeAt, citedText, citePoints, reader, shown } from "../support/answers";
import { chance } from "../support/chance";

const bare = (text: string) => text.replace(/\s+/g, "");

describe("a cited span", () => {
  it.each([
    ["plain words", "Trim the wick daily. Then light it.", "Trim the wick daily.", "Trim the wick daily."],
    ["bold and its marks", "Trim **the wick** daily.", "**the wick**", "the wick"],
    ["half of what is bold", "Trim **the wick** daily.", "Trim **the", "Trim the"],
    ["bold around what is quoted", 'Say **"trim"** now.', '**"trim"**', '"trim"'],
    ["all three marks", "a ***b c*** d", "***b c***", "b c"],
    [
      "a link and its target",
      "See [the guide](https://e.com/a_(b)) now.",
      "[the guide](https://e.com/a_(b))",
      "the guide",
    ],
    ["inside of a link's target", "See [the guide](https://e.com/wick) now. Ok.", "wick) now.", "now."],
    ["code", "Set `a  *b*` to 1.", "`a  *b*` to", "a  *b* to"],
    ["an escape", "5 \\* 3 \\* 2", "\\* 3 \\*", "* 3 *"],
    ["an entity", "salt &amp; oil &copy; x", "&amp; oil &copy;", "& oil ©"],
    ["an entity, from its middle", "salt &amp; oil", "mp; oil", "& oil"],
    ["emoji", "Lamps 🪔🪔 burn 👩‍🚒 well.", "🪔 burn 👩‍🚒", "🪔 burn 👩‍🚒"],
    ["combining marks", "cafe\u0301 cre\u0300me", "cre\u0300me", "cre\u0300me"],
    ["right-to-left text", "قص **الفتيل** كل يوم.", "**الفتيل** كل", "الفتيل كل"],
    ["a heading", "# The wick #\n\nText.", "# The wick #", "The wick"],
    ["an underlined heading", "The wick\n====\n\nText.", "The wick", "The wick"],
    ["a list item", "- trim\n- 1 lamp\n  lit\n", "1 lamp\n  lit", "1 lamp\nlit"],
    ["items of a nested list", "- a\n  - b c\n    - d\n- e", "b c\n    - d\n- e", "b cde"],
    ["a task", "- [ ] trim it\n- [x] light", "trim it", "trim it"],
    ["a quote", "> trim\n> the wick\n\nNow.", "the wick", "the wick"],
    ["a quote in a list", "- x\n  > trim\n  > it\n", "> trim\n  > it", "trim\nit"],
    [
      "a table's cells",
      "| a | b |\n|---|---|\n| one | two |\n| three | four |",
      "two |\n| three",
      "twothree",
    ],
    ["a bar in a cell", "| a | x \\| y |\n|---|---|\n| 1 | 2 |", "x \\| y", "x | y"],
    ["a code block", "```js\nlet a = 1;\nlet b;\n```\n\nDone.", "let b;", "let b;"],
    ["a code block in a list", "1. x\n   ```\n   one\n     two\n   ```\n2. y", "two", "two"],
    ["indented code", "Text:\n\n    one\n      two\n\nEnd.", "two", "two"],
    ["a bare address", "Go to https://e.com/a now.", "https://e.com/a", "https://e.com/a"],
    [
      "a picture",
      "See ![the *wick*](https://e.com/a.png) here.",
      "![the *wick*](https://e.com/a.png)",
      "the wick",
    ],
    ["tags, which are text", "Use <carrel-chat> here.", "<carrel-chat>", "<carrel-chat>"],
    ["two paragraphs", "One two.\n\nThree four.", "two.\n\nThree", "two.Three"],
    ["line ends of Windows", "One\r\ntwo\r\n\r\nthree four", "three", "three"],
    ["tabs behind markers", "-\tone two\n-\tthree", "two", "two"],
  ])("holds %s", (_, text, part, expected) => {
    expect(citedText(shown(text, [cite(text, part)]))).toBe(expected);
  });

  it("begins at the number behind a list's marker, not at the marker", () => {
    const text = "1. 1 apple\n2. 2 pears";
    expect(citedText(shown(text, [citeAt(text, 3, 10)]))).toBe("1 apple");
  });

  it("holds characters that were taken for the boundaries themselves", () => {
    const text = "a \ufdd0 b c";
    expect(citedText(shown(text, [cite(text, "b c")]))).toBe("b c");
  });

  it("is followed by its number, outside of links and code", () => {
    const text = "See [the guide](https://e.com) and `wick`.\n\n```\nx\ny\n```\n";
    const root = shown(text, [
      cite(text, "the guide", "p1"),
      cite(text, "wick", "p2"),
      cite(text, "x", "p3"),
    ]);
    const [link, code, block] = [...root.querySelectorAll("sup.mark")];
    expect(link?.previousElementSibling?.tagName).toBe("A");
    expect(code?.previousElementSibling?.tagName).toBe("CODE");
    expect(block?.closest("pre")).toBeNull();
    expect(block?.parentElement?.className).toBe("frame code");
    expect([link, code, block].map((mark) => mark?.textContent)).toEqual(["1", "2", "3"]);
  });

  it("has one number for each of its sources, and two citations of one passage the same", () => {
    const text = "One. Two.";
    const [one, two] = [cite(text, "One.", "p1"), cite(text, "Two.", "p2")];
    two.sources.push(...one.sources);
    expect(shown(text, [one, two]).textContent?.trim()).toBe("One.1 Two.12");
  });

  it("may overlap another one and hold a third", () => {
    const text = "one **two three** four";
    const root = shown(text, [cite(text, "one **two"), cite(text, "two three** four"), cite(text, "three")]);
    expect([0, 1, 2].map((index) => citedText(root, index))).toEqual(["one two", "two three four", "three"]);
  });

  it("that shows nothing has its number all the same", () => {
    const text = "one two";
    expect(shown(text, [citeAt(text, 3, 4)]).textContent?.trim()).toBe("one1 two");
  });

  it("that goes over blocks has its number at its end only", () => {
    const text = "One.\n\n- two\n- three\n\nFour.";
    const root = shown(text, [cite(text, "One.\n\n- two\n- three")]);
    expect(root.querySelectorAll("sup.mark")).toHaveLength(1);
    expect(root.querySelector("sup.mark")?.closest("li")?.textContent).toBe("three1");
  });
});

/** Pieces whose rendering is known: [source, what is read]. */
const PIECES: readonly (readonly [string, string])[] = [
  ["word", "word"],
  ["**bold words**", "bold words"],
  ["*soft*", "soft"],
  ["`code_*x*`", "code_*x*"],
  ["[a link](https://e.com/x_y)", "a link"],
  ["~~gone~~", "gone"],
  ["&lt;tag&gt;", "<tag>"],
  ["\\*star\\*", "*star*"],
  ["🪔👩‍🚒", "🪔👩‍🚒"],
  ["e\u0301a\u0308", "e\u0301a\u0308"],
  ["الفتيل", "الفتيل"],
  ["snake_case_name", "snake_case_name"],
  ["***very***", "very"],
  ["3.", "3."],
];

/** Each puts a line of text into another kind of block. */
const BLOCKS: readonly ((line: string) => string)[] = [
  (line) => `${line}\n\n`,
  (line) => `## ${line}\n\n`,
  (line) => `- x\n- ${line}\n\n  ${line.length}\n\n`,
  (line) => `1. x\n   - ${line}\n\n`,
  (line) => `> ${line}\n\n`,
  (line) => `| h | ${line} |\n|---|---|\n| 1 | 2 |\n\n`,
];

function generated(seed: number) {
  const { upTo, of } = chance(seed);
  let text = "";
  const pieces: { start: number; end: number; read: string }[] = [];
  for (let count = 1 + upTo(5); count > 0; count -= 1) {
    const line = Array.from({ length: 1 + upTo(6) }, () => of(PIECES));
    const joined = `Now ${line.map(([own]) => own).join(" ")}`;
    const block = of(BLOCKS)(joined);
    let at = text.length + block.indexOf(joined) + 4;
    for (const [own, read] of line) {
      pieces.push({ start: at, end: at + own.length, read });
      at += own.length + 1;
    }
    text += block;
  }
  return { text, pieces, upTo };
}

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed + 1);

describe("of any answer", () => {
  it("a span that covers a piece of Markdown reads as that piece", () => {
    for (const seed of SEEDS) {
      const { text, pieces } = generated(seed);
      const root = shown(
        text,
        pieces.map(({ start, end }, index) => citeAt(text, start, end, `p${index}`)),
      );
      const read = pieces.map((_, index) => citedText(root, index));
      expect(read, `seed ${seed}: ${text}`).toEqual(pieces.map((piece) => piece.read));
    }
  });

  it("taking the marks away gives what there is without citations, wherever these begin and end", () => {
    for (const seed of SEEDS) {
      const { text, upTo } = generated(seed);
      const citations = Array.from({ length: 4 }, (_, index) => {
        const start = upTo([...text].length);
        return citePoints(text, start, start + 1 + upTo(40), `p${index}`);
      });
      const root = shown(text, citations);
      for (const [index, citation] of citations.entries()) {
        expect(within(bare(citedText(root, index)), bare(citation.text)), `seed ${seed}: ${text}`).toBe(true);
      }
      unmark(root);
      expect(root.innerHTML, `seed ${seed}: ${text}`).toBe(shown(text).innerHTML);
    }
  });

  it("what was streamed is in the end what is shown at once, and numbers were never lost on the way", () => {
    for (const seed of SEEDS.slice(0, 12)) {
      const { text, pieces, upTo } = generated(seed);
      const citations = pieces.map(({ start, end }, index) => citeAt(text, start, end, `p${index}`));
      const { root, show } = reader();
      for (let at = 0; at < text.length; at += 1 + upTo(9)) {
        const said = text.slice(0, at);
        const points = [...said].length;
        show(
          said,
          citations.filter((citation) => citation.end <= points),
          false,
        );
      }
      show(text, citations);
      expect(root.innerHTML, `seed ${seed}: ${text}`).toBe(shown(text, citations).innerHTML);
    }
  });
});

/** Whether the characters of `part` stand in `whole` in this order; entities and escapes count as what they show. */
function within(part: string, whole: string): boolean {
  const plain = whole.replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  let at = 0;
  for (const unit of part) {
    // An entity is cited whole, though only a part of it was named.
    if (unit === "<" || unit === ">") continue;
    at = plain.indexOf(unit, at) + 1;
    if (!at) return false;
  }
  return true;
}

describe("while an answer is written", () => {
  it("finished blocks keep their nodes, and the last one its focus", () => {
    const { root, show } = reader();
    const text = "One two.\n\nThree four.\n\n- five\n- six";
    show(text, [cite(text, "One"), cite(text, "six", "p2")], false);
    const nodes = [...root.querySelectorAll("p, sup.mark")];
    document.body.append(root);
    root.querySelectorAll<HTMLElement>("button")[1]?.focus();
    const focused = document.activeElement;
    show(`${text} and more`, [cite(text, "One"), cite(text, "six", "p2")], false);
    expect([...root.querySelectorAll("p, sup.mark")]).toEqual(nodes);
    expect(document.activeElement).toBe(focused);
    root.remove();
  });

  it("a citation that comes late marks the finished block it is in, and no other changes", () => {
    const { root, show } = reader();
    const text = "One two.\n\nThree four.\n\nFive.\n\nSix.\n\nSeven.";
    show(text, [], false);
    const others = [...root.querySelectorAll("p")].slice(1).map((node) => node.firstChild);
    show(text, [cite(text, "One two.")], false);
    expect(root.querySelector("p")?.textContent).toBe("One two.1");
    expect([...root.querySelectorAll("p")].slice(1).map((node) => node.firstChild)).toEqual(others);
  });

  it("a link's target that is defined later is found in the end", () => {
    const { root, show } = reader();
    const text = "See [the guide][g].\n\nTwo.\n\nThree.\n\n[g]: https://e.com/g\n";
    for (let at = 1; at < text.length; at += 3) show(text.slice(0, at), [], false);
    show(text);
    expect(root.querySelector("a")?.href).toBe("https://e.com/g");
  });

  it("another text takes the place of the first", () => {
    const { root, show } = reader();
    show("One.\n\nTwo.\n\nThree.", [], false);
    show("Four.");
    expect(root.textContent?.trim()).toBe("Four.");
  });
});

describe("what is no text", () => {
  it("is no markup: tags are shown, pictures are links, only the web is linked", () => {
    const root = shown(
      [
        '<img src=x onerror=alert(1)> <script>alert(1)</script> <b style="x">b</b>',
        "![alt words](https://e.com/a.png) [j](javascript:alert(1)) [d](data:text/html,x) [r](/relative)",
        "[![badge](https://e.com/b.svg)](https://e.com/ci)",
        "one<br>two",
      ].join("\n\n"),
    );
    expect(root.querySelector("img, script, b, [style], [id], [onerror]")).toBeNull();
    expect(root.textContent).toContain("<script>alert(1)</script>");
    const links = [...root.querySelectorAll("a")].map((link) => [link.textContent, link.href]);
    expect(links).toEqual([
      ["alt words", "https://e.com/a.png"],
      ["badge", "https://e.com/ci"],
    ]);
    expect(root.querySelector("a")?.rel).toContain("noopener");
    expect(root.querySelector("br")).not.toBeNull();
  });
});
