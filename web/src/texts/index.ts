/** The words of the pages. One language is one file of the same shape; the page's language chooses. */
import { en } from "./en";

export type Texts = typeof en;

const LANGUAGES: Readonly<Record<string, Texts>> = { en };

/** The texts of `language` (a BCP 47 tag), or the English ones. */
export function textsOf(language: string): Texts {
  return LANGUAGES[language.toLowerCase().split("-")[0] ?? ""] ?? en;
}

export const texts: Texts = textsOf(globalThis.document?.documentElement.lang ?? "en");
