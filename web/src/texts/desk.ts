/** The words of the owner's desk. One language is one file of the same shape; the page's language chooses. */
import { choose } from "./choose";
import { enDesk } from "./en-desk";

export type DeskTexts = typeof enDesk;

const LANGUAGES: Readonly<Record<string, DeskTexts> & { en: DeskTexts }> = { en: enDesk };

export const deskTexts: DeskTexts = choose(LANGUAGES, globalThis.document?.documentElement.lang ?? "en");
