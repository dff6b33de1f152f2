/** Makes one node's children like another's, keeping what is the same: focus, selection and layout stay. */

export function patch(target: ParentNode & Node, wanted: ParentNode & Node): void {
  const now = [...target.childNodes];
  const next = [...wanted.childNodes];
  for (const [index, node] of next.entries()) {
    const old = now[index];
    if (!old) target.appendChild(node);
    else if (!reuse(old, node)) target.replaceChild(node, old);
  }
  for (const surplus of now.slice(next.length)) surplus.remove();
}

function reuse(old: Node, node: Node): boolean {
  if (old instanceof Text && node instanceof Text) {
    if (old.data !== node.data) grow(old, node.data);
    return true;
  }
  if (!(old instanceof Element && node instanceof Element) || old.nodeName !== node.nodeName) return false;
  attributes(old, node);
  patch(old, node);
  return true;
}

/** Text that only grew keeps the reader's selection in it. */
function grow(old: Text, data: string): void {
  if (data.startsWith(old.data)) old.appendData(data.slice(old.length));
  else old.data = data;
}

function attributes(old: Element, node: Element): void {
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...node.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
