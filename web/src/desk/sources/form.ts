/** What the owner writes about a data source, to what the API takes and back. Pure. */
import type { DataSource, DataSourceRequest, SourceKind } from "../wire";

export const KINDS: readonly SourceKind[] = ["sitemap", "urls", "llms_txt", "feed", "archive"];
/** Seconds between syncs that are offered; another one that a source has is offered beside. */
export const INTERVALS: readonly number[] = [900, 3600, 6 * 3600, 86_400, 7 * 86_400];
export const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const MAX_PAGES = 20_000;

/** Fields as they are written: lists one a line. */
export interface SourceForm {
  id: string;
  kind: SourceKind;
  url: string;
  urls: string;
  include: string;
  exclude: string;
  hosts: string;
  /** Seconds, or empty: not by itself. */
  interval: string;
  maxPages: string;
  urlTemplate: string;
}

export type FieldName = keyof SourceForm;
export type Wrong = Partial<
  Record<FieldName, "missing" | "id" | "address" | "number" | "schedule" | "template">
>;

export const EMPTY: SourceForm = {
  ...{ id: "", kind: "sitemap", url: "", urls: "", include: "", exclude: "", hosts: "" },
  ...{ interval: "", maxPages: "2000", urlTemplate: "" },
};

export function formOf(source: DataSource): SourceForm {
  return {
    id: source.id,
    kind: source.kind,
    url: source.url ?? "",
    urls: source.urls.join("\n"),
    include: source.include.join("\n"),
    exclude: source.exclude.join("\n"),
    hosts: source.hosts.join("\n"),
    interval: source.interval_s === null ? "" : String(source.interval_s),
    maxPages: String(source.max_pages),
    urlTemplate: source.url_template ?? "",
  };
}

/** Return which fields a kind has besides its id. */
export function fieldsOf(kind: SourceKind): ReadonlySet<FieldName> {
  const all: FieldName[] = ["include", "exclude", "interval"];
  if (kind === "archive") return new Set([...all, "url", "urlTemplate"]);
  return new Set([...all, kind === "urls" ? "urls" : "url", "hosts", "maxPages"]);
}

/** Return the body of the request; fields that the kind does not have are left out. */
export function requestOf(form: SourceForm): DataSourceRequest {
  const has = fieldsOf(form.kind);
  const body: DataSourceRequest = { kind: form.kind };
  if (has.has("url") && form.url.trim()) body.url = form.url.trim();
  if (has.has("urlTemplate") && form.urlTemplate.trim()) body.url_template = form.urlTemplate.trim();
  if (has.has("maxPages")) body.max_pages = Number(form.maxPages);
  if (form.interval) body.interval_s = Number(form.interval);
  for (const name of ["urls", "include", "exclude", "hosts"] as const) {
    const lines = linesOf(form[name]);
    if (has.has(name) && lines.length) body[name] = lines;
  }
  return body;
}

/** Return which fields cannot be as they are; what only the server knows, it says. */
export function check(form: SourceForm): Wrong {
  const wrong: Wrong = {};
  const has = fieldsOf(form.kind);
  if (!ID.test(form.id)) wrong.id = form.id ? "id" : "missing";
  const url = form.url.trim();
  if (has.has("url") && (url ? !isAddress(url) : form.kind !== "archive"))
    wrong.url = url ? "address" : "missing";
  if (has.has("urls")) {
    const lines = linesOf(form.urls);
    if (lines.length === 0) wrong.urls = "missing";
    else if (!lines.every(isAddress)) wrong.urls = "address";
  }
  const pages = Number(form.maxPages);
  if (has.has("maxPages") && !(Number.isInteger(pages) && pages >= 1 && pages <= MAX_PAGES))
    wrong.maxPages = "number";
  // What is uploaded by hand cannot be fetched by a schedule.
  if (form.kind === "archive" && form.interval && !url) wrong.interval = "schedule";
  if (has.has("urlTemplate") && form.urlTemplate.trim() && !/\{(path|stem)\}/.test(form.urlTemplate)) {
    wrong.urlTemplate = "template";
  }
  return wrong;
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** Return an id for a source at `url`: its host's telling parts; empty where it has none. */
export function idFrom(url: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, "") : "";
  return host
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 64);
}

/** The API's names of fields, for the server's refusals. */
export function fieldNamed(name: string): FieldName | undefined {
  const known: Record<string, FieldName> = {
    interval_s: "interval",
    max_pages: "maxPages",
    url_template: "urlTemplate",
  };
  const [first = ""] = name.replace(/^body\./, "").split(".");
  const found = known[first] ?? (first as FieldName);
  return found in EMPTY ? found : undefined;
}
