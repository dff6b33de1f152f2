/** Rows that keep their nodes wherever they come to stand: Lit's `repeat`, for lists of a page's length. */
import { noChange } from "lit";
import { type ChildPart, Directive, directive, type PartInfo } from "lit/directive.js";
import { insertPart, removePart, setChildPartValue } from "lit/directive-helpers.js";

type Make<Item> = (item: Item) => unknown;

class Rows extends Directive {
  private parts = new Map<unknown, ChildPart>();

  override render<Item>(_items: readonly Item[], _keyOf: Make<Item>, _rowOf: Make<Item>): unknown {
    return noChange;
  }

  /** From the end: a row is moved only where it does not stand before the next one already. */
  override update(list: ChildPart, [items, keyOf, rowOf]: Parameters<this["render"]>): unknown {
    const before = this.parts;
    this.parts = new Map();
    let next: ChildPart | undefined;
    for (const item of items.toReversed()) {
      const key = keyOf(item);
      next = insertPart(list, next, before.get(key));
      setChildPartValue(next, rowOf(item));
      before.delete(key);
      this.parts.set(key, next);
    }
    for (const left of before.values()) removePart(left);
    return noChange;
  }
}

/** Makes a row of each item; `keyOf` says which is which, each key once. */
export const rows = directive(Rows as new (info: PartInfo) => Rows) as <Item>(
  items: readonly Item[],
  keyOf: Make<Item>,
  rowOf: Make<Item>,
) => unknown;
