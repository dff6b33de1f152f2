/** The words of the pages. One language is one file of the same shape; the page's language chooses. */
import { choose } from "./choose";
import { en } from "./en";

export type Texts = typeof en;

const LANGUAGES: Readonly<Record<string, Texts> & { en: Texts }> = { en };

/** The texts of `language` (a BCP 47 tag), or the English ones; those of the owner's desk are in `desk.ts`. */
export function textsOf(language: string): Texts {
  return choose(LANGUAGES, language);
}

export const texts: Texts = textsOf(globalThis.document?.documentElement.lang ?? "en");
