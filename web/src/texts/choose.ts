/** Return what `languages` has for `language` (a BCP 47 tag), or the English. */
export function choose<Words>(
  languages: Readonly<Record<string, Words> & { en: Words }>,
  language: string,
): Words {
  const name = language.toLowerCase().split("-")[0] ?? "";
  return (Object.hasOwn(languages, name) ? languages[name] : undefined) ?? languages.en;
}
