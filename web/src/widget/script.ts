/** The script element that loaded the widget: a module has no `document.currentScript`. */

/** What a page may say of the widget, as `data-…` of the script or as attributes of the element. */
export const ATTRIBUTES = [
  "accent",
  "grounding",
  "label",
  "language",
  "open",
  "position",
  "selection",
  "theme",
] as const;

/** Return the script of `page` whose address is `url` (`import.meta.url`), else one of the same path. */
export function scriptOf(page: Document, url: string): HTMLScriptElement | undefined {
  const scripts = [...page.querySelectorAll<HTMLScriptElement>("script[src]")];
  const path = (address: string) => (URL.canParse(address) ? new URL(address).pathname : "");
  return (
    scripts.find(({ src }) => src === url) ??
    scripts.find(({ src }) => path(src) === path(url) && path(url) !== "")
  );
}

/** Return the attributes that `script` asks for; `data-open` and `data-open="true"` are the same. */
export function attributesOf(script: HTMLElement | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ATTRIBUTES) {
    const value = script?.dataset[name];
    if (value !== undefined && !(name === "open" && value === "false")) found[name] = value;
  }
  return found;
}
