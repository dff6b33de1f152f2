import { html, render } from "lit";
import { describe, expect, it } from "vitest";
import { rows } from "../../src/ui/rows";
import { chance } from "../support/chance";

function list() {
  const root = document.createElement("ul");
  const show = (keys: readonly string[], word = "") => {
    render(
      html`<li>first</li>${rows(
        keys,
        (key) => key,
        (key) => html`<li>${key}${word}</li>`,
      )}<li>last</li>`,
      root,
    );
    return [...root.children].slice(1, -1);
  };
  return { root, show };
}

describe("rows", () => {
  it("stand as the items do, between what is around them, and say what is new", () => {
    const { root, show } = list();
    show(["a", "b"]);
    show(["b", "c"], "!");
    expect([...root.children].map((row) => row.textContent)).toEqual(["first", "b!", "c!", "last"]);
    expect(show([])).toEqual([]);
  });

  it("keep their nodes, however they are put in, taken out and moved", () => {
    const { show } = list();
    const nodes = new Map<string, Element>();
    for (let seed = 0; seed < 300; seed += 1) {
      const { next } = chance(seed);
      const keys = [..."abcdefgh"].filter(() => next() < 0.6).sort(() => next() - 0.5);
      const shown = show(keys);
      expect(shown.map((row) => row.textContent)).toEqual(keys);
      for (const [index, key] of keys.entries()) {
        if (nodes.has(key)) expect(shown[index]).toBe(nodes.get(key));
      }
      nodes.clear();
      for (const [index, key] of keys.entries()) nodes.set(key, shown[index] as Element);
    }
  });

  it("that stay in place are not touched: the focus stays", () => {
    const { root, show } = list();
    document.body.append(root);
    const [row] = show(["b"]) as [HTMLElement];
    row.tabIndex = -1;
    row.focus();
    show(["a", "b", "c"]);
    expect(document.activeElement).toBe(row);
    root.remove();
  });
});
