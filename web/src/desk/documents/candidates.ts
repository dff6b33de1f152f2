/** What of chosen files is to be sent, under which id, and what is refused before it is sent. Pure. */
import { mediaTypeOf } from "./media";

export interface ChosenFile {
  /** Its path below what was chosen, or its name. */
  path: string;
  file: File;
}

export interface Candidate extends ChosenFile {
  /** The document's id. */
  id: string;
  mediaType: string;
  url: string;
}

export type Refusal = "kind" | "size" | "empty" | "name";

export interface Sorted {
  wanted: Candidate[];
  refused: (ChosenFile & { why: Refusal })[];
}

const MAX_ID_CHARS = 512;

/**
 * Sort files into those to send and those that would be refused. Of a folder its own name is taken off, as `carrel
 * ingest` does, so that the same files are the same documents; hidden files are left out unsaid.
 * `template` makes documents' addresses: `{path}` is a file's path, `{stem}` without its suffix; empty for none.
 */
export function sortFiles(chosen: ChosenFile[], maxBytes: number, template: string): Sorted {
  const sorted: Sorted = { wanted: [], refused: [] };
  for (const { path, file } of withoutFolder(chosen)) {
    if (path.split("/").some((part) => part.startsWith("."))) continue;
    const mediaType = mediaTypeOf(path);
    const why = !mediaType ? "kind" : refusal(path, file, maxBytes);
    if (why || !mediaType) sorted.refused.push({ path, file, why: why ?? "kind" });
    else sorted.wanted.push({ path, file, id: path, mediaType, url: addressOf(path, template) });
  }
  return sorted;
}

function refusal(path: string, file: File, maxBytes: number): Refusal | undefined {
  if (file.size > maxBytes) return "size";
  if (file.size === 0) return "empty";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: just these are refused in ids
  if (path.length > MAX_ID_CHARS || /[\0-\x1f\x7f-\x9f]|(^|\/)(\/|$)/.test(path)) return "name";
  return undefined;
}

function withoutFolder(chosen: ChosenFile[]): ChosenFile[] {
  const folder = /^[^/]+\//.exec(chosen[0]?.path ?? "")?.[0];
  if (!folder || !chosen.every(({ path }) => path.startsWith(folder))) return chosen;
  return chosen.map(({ path, file }) => ({ path: path.slice(folder.length), file }));
}

export function addressOf(path: string, template: string): string {
  const encode = (text: string) => text.split("/").map(encodeURIComponent).join("/");
  const stem = path.replace(/\.[^./]+$/, "");
  return template.trim().replaceAll("{path}", encode(path)).replaceAll("{stem}", encode(stem));
}

/** Return whether `template` can make addresses of documents. */
export function isTemplate(template: string): boolean {
  const example = addressOf("a.md", template);
  return (
    example === "" || (/^(https?:\/\/|\/(?!\/))[!-~]*$/.test(example) && /\{(path|stem)\}/.test(template))
  );
}
