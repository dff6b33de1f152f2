/** Which view an address' fragment names. Pure. `#/sources/docs/edit` is view "sources" with ["docs", "edit"]. */
export const VIEWS = ["documents", "sources", "search", "health", "usage", "insights"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  path: string[];
}

export function parseRoute(hash: string): Route {
  const [name, ...path] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  const view = VIEWS.find((known) => known === name);
  return view ? { view, path: path.filter((part) => part !== "") } : { view: "documents", path: [] };
}

/** Return the address of a view; each of `path` is one part, whatever characters it has. */
export function routeTo(view: View, ...path: string[]): string {
  return `#/${[view, ...path].map(encodeURIComponent).join("/")}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
