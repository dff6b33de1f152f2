/** Which addresses may be links. Pure. */

/** Return `url` where it is an http(s) address, or one of this site; else undefined: it is shown as text. */
export function webAddress(url: string): string | undefined {
  if (/^\/(?!\/)/.test(url)) return url;
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined;
}
