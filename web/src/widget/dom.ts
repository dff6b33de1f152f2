/** Elements without markup in strings, so that a page's Trusted Types have nothing to say to them. */

type Content = Node | string;

/** Return an element with attributes and children; `true` is an attribute without a value, `false` is none. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | boolean> = {},
  ...content: Content[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(made, name, value);
  made.append(...content);
  return made;
}

export function setAttribute(on: Element, name: string, value: string | boolean | null): void {
  if (value === null || value === false) on.removeAttribute(name);
  else on.setAttribute(name, value === true ? "" : value);
}

/** Return a picture of one path, drawn with lines in a square of 24. */
export function icon(path: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(space, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
