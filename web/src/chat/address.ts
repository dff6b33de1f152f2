/** A conversation's deep link: the page's address with `#c=<id>`. */

export function conversationIn(hash: string): string | undefined {
  const id = /^#c=([^&]+)/.exec(hash)?.[1];
  try {
    return id ? decodeURIComponent(id) : undefined;
  } catch {
    return undefined;
  }
}

/** The address of `id` on this page; of none, the page without one. */
export function addressOf(id: string | undefined, { pathname, search }: Location): string {
  return `${pathname}${search}${id ? `#c=${encodeURIComponent(id)}` : ""}`;
}
