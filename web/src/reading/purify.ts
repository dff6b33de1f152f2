/** The one gate through which text of models and documents becomes markup. */
import DOMPurify from "dompurify";

const TAGS = "p br hr h4 h5 h6 strong em del code pre blockquote a ul ol li table thead tbody tr th td".split(
  " ",
);

export const RULES = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["href", "title", "start", "align"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^https?:\/\//i,
  RETURN_DOM_FRAGMENT: true as const,
};

/** Makes nodes of HTML: text, lists, tables, code, and links to http(s) pages that open on their own. */
export function purify(html: string): DocumentFragment {
  const fragment = DOMPurify.sanitize(html, RULES);
  for (const link of fragment.querySelectorAll("a")) {
    if (link.hasAttribute("href")) openOnItsOwn(link);
    else link.replaceWith(...link.childNodes);
  }
  return fragment;
}

export function openOnItsOwn(link: HTMLAnchorElement): void {
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
}

/** Returns `url` when a reader may be sent there, else undefined. */
export function safeUrl(url: string | undefined): string | undefined {
  return url && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined;
}
