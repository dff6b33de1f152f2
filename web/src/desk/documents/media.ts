/** Which files Carrel reads, and as what: docs/api.md, "Media types". Pure. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  md: "text/markdown",
  markdown: "text/markdown",
  mdx: "text/mdx",
  html: "text/html",
  htm: "text/html",
  xhtml: "text/html",
  txt: "text/plain",
  rst: "text/x-rst",
  pdf: "application/pdf",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ipynb: "application/x-ipynb+json",
  json: "application/json",
};

export const SUFFIXES = Object.keys(MEDIA_TYPES).map((suffix) => `.${suffix}`);

/** Return the media type of a file by its name; undefined for one that nobody here reads. */
export function mediaTypeOf(name: string): string | undefined {
  const suffix = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(MEDIA_TYPES, suffix) ? MEDIA_TYPES[suffix] : undefined;
}
