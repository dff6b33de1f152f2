/** To the clipboard. Each says whether the browser allowed it. */
import type { Citation } from "../protocol";
import { asMarkdown, asPlain } from "../reading/copy";
import type { Source } from "../reading/sources";
import { texts } from "../texts";

export function copyMarkdown(text: string, citations: readonly Citation[]): Promise<boolean> {
  return copy(asMarkdown(text, citations, `${texts.sources.heading}:`));
}

export function copyPlain(rendered: ParentNode, sources: readonly Source[]): Promise<boolean> {
  return copy(asPlain(rendered, sources, `${texts.sources.heading}:`));
}

/** The code beside the button `beside`. */
export function copyCode(beside: Element): Promise<boolean> {
  return copy(beside.parentElement?.querySelector("pre")?.textContent?.replace(/\n$/, "") ?? "");
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
