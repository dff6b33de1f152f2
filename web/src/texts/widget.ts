/**
 * The widget's own words. They stand apart from the other views' so that the button is painted without waiting
 * for those. One language is one entry of the same shape.
 */
const en = {
  label: "Ask the docs",
  close: "Close",
  panel: "Questions about these documents",
  loading: "Loading …",
  failed: "The chat could not be loaded.",
  again: "Try again",
  about: "Ask about this",
};

export type WidgetTexts = typeof en;

const LANGUAGES: Readonly<Record<string, WidgetTexts>> = { en };

/** Return the words of `language` (a BCP 47 tag) and the tag they are in; English where there are none. */
export function widgetTexts(language: string): { texts: WidgetTexts; lang: string } {
  const known = LANGUAGES[language.toLowerCase().split("-")[0] ?? ""];
  return known ? { texts: known, lang: language } : { texts: en, lang: "en" };
}
