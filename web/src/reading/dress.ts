/** What a reader needs around code and tables: a frame that scrolls by keyboard, and a button that copies. */

export interface DressWords {
  copyCode: string;
  code: string;
  table: string;
}

/** Frames each code block and table of `nodes`. */
export function dress(nodes: ParentNode, words: DressWords): void {
  for (const pre of nodes.querySelectorAll("pre")) {
    const frame = framed(pre, "code");
    scrollable(pre, words.code);
    const copy = document.createElement("button");
    copy.type = "button";
    copy.className = "copy-code";
    copy.textContent = words.copyCode;
    frame.append(copy);
    while (frame.nextSibling instanceof HTMLElement && frame.nextSibling.matches("sup.mark")) {
      frame.append(frame.nextSibling);
    }
  }
  for (const table of nodes.querySelectorAll("table")) scrollable(framed(table, "table"), words.table);
  for (const text of nodes.querySelectorAll("p, h4, h5, h6, ul, ol, blockquote, table")) {
    text.setAttribute("dir", "auto");
  }
}

function framed(node: Element, kind: string): HTMLElement {
  const frame = document.createElement("div");
  frame.className = `frame ${kind}`;
  node.replaceWith(frame);
  frame.append(node);
  return frame;
}

function scrollable(node: Element, name: string): void {
  node.setAttribute("tabindex", "0");
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", name);
}
