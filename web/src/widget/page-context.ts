/** What a question says of the page it is asked on. */
import type { PageContext } from "../protocol";

/** The part of a document that is looked at. */
export type Page = Pick<Document, "title" | "querySelector"> & {
  readonly location: { readonly href: string };
};

/** What the server takes, in characters. */
const MOST = { url: 2_000, title: 500, text: 8_000 };

/**
 * Return where the visitor is, and what they selected. `narrow` asks of this page's documents first, else of all.
 *
 * An address is sent without fragment and query, which may hold what is nobody else's business; a query that
 * belongs to the page stands in its canonical link, which is sent whole.
 */
export function pageContext(page: Page, narrow: boolean, selected?: string): PageContext {
  const url = pageUrl(page);
  const title = page.title.trim().slice(0, MOST.title);
  return {
    ...(url ? { page_url: url } : {}),
    ...(title ? { page_title: title } : {}),
    ...(selected ? { selected_text: cut(selected, MOST.text) } : {}),
    grounding: !narrow || !url ? "all" : selected ? "selection" : "page",
  };
}

/** Return the page's address; nothing for one that is no web page, or too long to be one. */
export function pageUrl(page: Page): string | undefined {
  const canonical = page.querySelector<HTMLLinkElement>('link[rel~="canonical"][href]')?.href;
  return webAddress(canonical, true) ?? webAddress(page.location.href, false);
}

function webAddress(address: string | undefined, withQuery: boolean): string | undefined {
  if (!address || !/^https?:/i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  url.hash = url.username = url.password = "";
  if (!withQuery) url.search = "";
  return url.href.length <= MOST.url ? url.href : undefined;
}

/** Return the beginning of `text`, without half a character at its end. */
function cut(text: string, most: number): string {
  return text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "");
}
