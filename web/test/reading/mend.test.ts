import { describe, expect, it } from "vitest";
import { mend } from "../../src/reading/mend";
import { reader } from "../support/answers";

describe("an answer that goes on", () => {
  it.each([
    ["bold", "Trim **the wi", "Trim **the wi**"],
    ["bold whose words have not begun", "Trim **", "Trim "],
    ["bold with half of its end", "Trim **the wick*", "Trim **the wick**"],
    ["bold in soft", "a *b **c", "a *b **c***"],
    ["all three marks", "a ***b", "a ***b***"],
    ["spaces before the end", "Trim **the ", "Trim **the**"],
    ["code", "Set `wick", "Set `wick`"],
    ["code with two marks", "Set ``a ` b", "Set ``a ` b``"],
    ["marks in code", "Set `a **b` and", "Set `a **b` and"],
    ["a link's words", "See [the gui", "See [the gui](https://…)"],
    ["a link's target", "See [the guide](https://e.com/wi", "See [the guide](https://…)"],
    ["a link whose target may come", "See [the guide]", "See [the guide](https://…)"],
    ["a link's name", "See [the guide][g", "See [the guide](https://…)"],
    ["bold in a link's words", "See [the **gui", "See [the **gui**](https://…)"],
    ["a link in bold", "**See [the gui", "**See [the gui](https://…)**"],
    ["a whole link", "See [the guide](https://e.com) and", "See [the guide](https://e.com) and"],
    ["names with underlines", "Set snake_case_na", "Set snake_case_na"],
    ["a product", "5 * 3", "5 * 3"],
    ["a list's marker", "Text\n-", "Text\n"],
    ["a number that may be one", "Text\n\n2.", "Text\n\n"],
    ["a task's box", "- [", ""],
    ["a heading's marks", "Text\n\n##", "Text\n\n"],
    ["an underline", "Text\n---", "Text\n"],
    ["a definition", "Text\n\n[a]: https://e.c", "Text\n\n"],
    ["half an entity", "salt &am", "salt "],
    ["a backslash", "5 \\", "5 "],
    ["a table's head", "Text\n\n| a | b |", "Text\n"],
    ["half of a table's rule", "Text\n\n| a | b |\n|--", "Text\n"],
    ["a table's row", "| a | b |\n|---|---|\n| 1 | **2", "| a | b |\n|---|---|\n| 1 | **2**"],
    ["a fence", "Text\n\n```js\nlet **a", "Text\n\n```js\nlet **a"],
    ["half of a fence's end", "```js\nlet a\n``", "```js\nlet a"],
    ["bold in an earlier item", "- a **b\n- c", "- a **b\n- c"],
  ])("has %s closed or held back", (_, source, mended) => {
    expect(mend(source)).toBe(mended);
  });

  const ANSWER = [
    "Trim **the wick** with `wick_len` set, see [the *guide*](https://e.com/a_b).",
    "Then\n- one **bold** thing\n- two things\n\n1. first\n2. second",
    "| name | what |\n|---|---|\n| a | `b` |",
    "```js\nlet a = 1;\n```",
    "## The *end*\n\nDone ~~not~~ &amp; gone.",
  ].join("\n\n");

  it("never shows marks that are not to be read, takes words back, or makes one kind of block another", () => {
    const { root, show } = reader();
    const kinds: string[] = [];
    let before = "";
    for (let at = 1; at <= ANSWER.length; at += 1) {
      const said = ANSWER.slice(0, at);
      show(said, [], false);
      const read = (root.textContent ?? "").replace(/\s+/g, "").replaceAll("Copy", "");
      expect(read, said).not.toMatch(/\*|`|\]\(|~|\||&a|#/);
      expect(read.startsWith(before), `${before} -> ${read}`).toBe(true);
      before = read;
      for (const [index, node] of [...root.querySelectorAll(".block > *")].entries()) {
        const kind = node.tagName === "DIV" ? node.className : node.tagName;
        kinds[index] ??= kind;
        expect(kind, said).toBe(kinds[index]);
      }
    }
    expect(kinds).toEqual(["P", "P", "UL", "OL", "frame table", "frame code", "H4", "P"]);
  });
});
