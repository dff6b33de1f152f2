/** Turns boundaries in rendered text into what is seen of citations: underlined spans and numbered buttons. */
import { type Boundary, SENTINEL } from "./sentinels";

/** One number behind a cited span. */
export interface Mark {
  number: number;
  /** What a screen reader says of the button. */
  label: string;
}

/**
 * Replaces the sentinels in `root` (as many as `boundaries`) by spans and numbers. A span wraps text only, so it
 * may go across any markup; the numbers of a citation follow it, outside of links and code.
 */
export function mark(
  root: ParentNode & Node,
  boundaries: readonly Boundary[],
  marksOf: (citation: number) => Mark[],
) {
  const open = new Set<number>();
  const behind = new Map<Node, ChildNode>();
  let next = 0;
  for (const node of textNodes(root)) {
    const holds = node.data.includes(SENTINEL);
    if (!holds && !open.size) continue;
    const pieces = node.data.split(SENTINEL);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) {
        const boundary = boundaries[next++];
        if (boundary?.kind === "start") open.add(boundary.index);
        else if (boundary) {
          open.delete(boundary.index);
          if (boundary.last) place(buttons(boundary.index, marksOf(boundary.index)), node, root, behind);
        }
      }
      if (piece) node.before(open.size && !between(piece, node) ? cited(piece, open) : piece);
    }
    node.remove();
  }
  root.normalize();
}

/** Takes all of it away again: what is left is the answer without citations. */
export function unmark(root: ParentNode & Node): void {
  for (const number of root.querySelectorAll("sup.mark")) number.remove();
  for (const span of root.querySelectorAll("span.cited")) span.replaceWith(...span.childNodes);
  root.normalize();
}

function textNodes(root: Node): Text[] {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (walker.nextNode()) nodes.push(walker.currentNode as Text);
  return nodes;
}

/** White space that only parts lines of markup; a table or list would hold no span for it. */
function between(piece: string, { parentNode }: Node): boolean {
  return (
    !piece.trim() &&
    piece.includes("\n") &&
    !/^(p|h\d|code|em|strong|del|a)$/i.test(parentNode?.nodeName ?? "")
  );
}

function cited(text: string, citations: ReadonlySet<number>): HTMLElement {
  const span = document.createElement("span");
  span.className = "cited";
  span.dataset.citations = [...citations].join(" ");
  span.append(text);
  return span;
}

function buttons(citation: number, marks: readonly Mark[]): HTMLElement[] {
  return marks.map(({ number, label }) => {
    const raised = document.createElement("sup");
    const button = document.createElement("button");
    raised.className = "mark";
    button.type = "button";
    button.dataset.citation = String(citation);
    button.dataset.number = String(number);
    button.setAttribute("aria-label", label);
    button.setAttribute("aria-haspopup", "dialog");
    button.append(String(number));
    raised.append(button);
    return raised;
  });
}

/** Puts numbers before `node`, or behind the link or code that it is in. */
function place(numbers: HTMLElement[], node: ChildNode, root: Node, behind: Map<Node, ChildNode>): void {
  const last = numbers.at(-1);
  const outer = outermost(node, root);
  if (!last) return;
  if (outer) {
    (behind.get(outer) ?? outer).after(...numbers);
    behind.set(outer, last);
  } else node.before(...numbers);
}

function outermost(node: Node, root: Node): ChildNode | undefined {
  let found: ChildNode | undefined;
  for (let at = node.parentNode; at && at !== root; at = at.parentNode) {
    if (/^(a|code|pre)$/i.test(at.nodeName)) found = at as unknown as ChildNode;
  }
  return found;
}
