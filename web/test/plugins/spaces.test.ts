import { describe, expect, it } from "vitest";
import { narrowed } from "../../plugins/spaces";

describe("a script as it is sent", () => {
  it("has its styles without what only makes them readable, and the same rules", () => {
    const style = `css\`
      /* A note. */
      .a > :first-child, .b {
        margin: calc(1rem + 0.5rem) -0.25rem 10.05rem;
        inset: 0 0.1em;
      }
    \``;
    expect(narrowed(`const x = ${style};`)).toBe(
      "const x = css`.a>:first-child,.b{margin:calc(1rem + .5rem) -.25rem 10.05rem;inset:0 .1em}`;",
    );
  });

  it("has templates without indentation, and code as it was", () => {
    expect(narrowed("html`<p>\n    a > b { c } ; 0.5\n  </p>`; if (a) { b; }")).toBe(
      "html`<p>\na > b { c } ; 0.5\n</p>`; if (a) { b; }",
    );
  });
});
