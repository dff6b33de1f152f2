/** Mounting of the desk's elements, and answers of an API that is not there. */
import { LitElement } from "lit";
import { afterEach } from "vitest";
import { ProblemError } from "../../../src/client/problem";
import type { DeskApi } from "../../../src/desk/api";
import type {
  DataSource,
  DocumentSummary,
  IndexReport,
  IngestionJob,
  UsageReport,
} from "../../../src/desk/wire";

afterEach(() => {
  document.body.replaceChildren();
  location.hash = "";
});

/** Return an api with these calls alone. */
export function api(calls: Partial<Record<keyof DeskApi, unknown>>): DeskApi {
  return calls as unknown as DeskApi;
}

/** Put an element with `properties` on the page, and wait until it is shown. */
export async function mount<E extends LitElement>(tag: string, properties: Partial<E> & object): Promise<E> {
  const element = Object.assign(document.createElement(tag), properties) as E;
  document.body.append(element);
  await settle();
  return element;
}

/** Wait until calls that answer at once have answered, and all of it is shown. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    for (const element of all(document)) if (element instanceof LitElement) await element.updateComplete;
  }
}

/** Return every element below `root`, those inside of others too. */
export function all(root: ParentNode): Element[] {
  return [...root.querySelectorAll("*")].flatMap((element) => [
    element,
    ...(element.shadowRoot ? all(element.shadowRoot) : []),
  ]);
}

/** Return the first element that `selector` names, inside of others too. */
export function find<E extends Element = HTMLElement>(selector: string): E {
  const found = all(document).find((element) => element.matches(selector));
  if (!found) throw new Error(`nothing on the page is ${selector}`);
  return found as E;
}

/** Return all that is written on the page, spaces made single; what is hidden is left out. */
export function shown(root: Node = document.body): string {
  return textOf(root).replace(/\s+/g, " ").trim();
}

function textOf(node: Node): string {
  if (node instanceof HTMLElement && (node.hidden || node.localName === "style")) return "";
  if (node.nodeType === Node.TEXT_NODE) return node.nodeValue ?? "";
  const inside = node instanceof Element && node.shadowRoot ? [node.shadowRoot] : [];
  return ` ${[...inside, ...node.childNodes].map(textOf).join("")} `;
}

/** Press the button that says `label`. */
export async function press(label: string): Promise<void> {
  const buttons = all(document).filter((element) => element.localName === "button");
  const button = buttons.find((element) => shown(element) === label || element.ariaLabel === label);
  if (!button) throw new Error(`no button says ${label}: ${buttons.map((one) => shown(one)).join(", ")}`);
  (button as HTMLElement).click();
  await settle();
}

/** Write into a field as a person does, or choose of a list. */
export async function write(selector: string, value: string): Promise<void> {
  const field = find<HTMLInputElement>(selector);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

/** Send the form a field is in. */
export async function submit(selector: string): Promise<void> {
  find<HTMLInputElement>(selector).form?.requestSubmit();
  await settle();
}

/** Collect what is read out. */
export function heard(): string[] {
  const said: string[] = [];
  document.body.addEventListener("desk-say", (event) => said.push((event as CustomEvent<string>).detail), {
    once: false,
  });
  return said;
}

/** jsdom has no modal dialogs: open and shut is all there is. */
export function withDialogs(): void {
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
}

export function problem(status: number, code: string, more: object = {}): ProblemError {
  const detail = `It is ${code}.`;
  const body = {
    type: "about:blank",
    title: code,
    status,
    detail,
    code,
    retryable: false,
    request_id: "r-1",
  };
  return new ProblemError({ ...body, ...more });
}

export function documentNamed(id: string, more: Partial<DocumentSummary> = {}): DocumentSummary {
  return {
    ...{ id, title: `Title of ${id}`, url: "", media_type: "text/markdown", metadata: {}, content_hash: "h" },
    ...{
      characters: 1200,
      chunk_count: 2,
      created_at: "2026-01-02T03:04:05Z",
      updated_at: "2026-01-02T03:04:05Z",
    },
    ...more,
  };
}

export function source(more: Partial<DataSource> = {}): DataSource {
  return {
    ...{
      id: "docs",
      kind: "sitemap",
      url: "https://docs.test/sitemap.xml",
      urls: [],
      include: [],
      exclude: [],
    },
    ...{ hosts: [], interval_s: null, max_pages: 2000, url_template: null, archive: null, last_job: null },
    ...{ created_at: "2026-01-02T03:04:05Z", updated_at: "2026-01-02T03:04:05Z", next_sync_at: null },
    ...more,
  };
}

export function job(more: Partial<IngestionJob> = {}): IngestionJob {
  const counts = { found: 0, passed_over: 0, fetched: 0, unchanged: 0, embedded: 0, removed: 0, failed: 0 };
  return {
    ...{
      id: "j1",
      data_source_id: "docs",
      status: "running",
      trigger: "request",
      full: false,
      reason: "",
      counts,
    },
    ...{ changes: [], failures: [], created_at: "2026-01-02T03:04:05Z", started_at: null, finished_at: null },
    ...more,
  };
}

export function index(more: Partial<IndexReport> = {}): IndexReport {
  const rebuild = { done: 0, total: 0, reason: "", started_at: null, finished_at: null };
  return {
    ...{ embedding_model: "a-model", dimension: 384, current: true, documents: 95, chunks: 1078 },
    ...{ max_document_bytes: 1000, max_archive_bytes: 2000, rebuild: { status: "idle", ...rebuild } },
    ...more,
  };
}

export function usage(more: Partial<UsageReport> = {}): UsageReport {
  return {
    ...{
      month: "2026-11",
      calls: 850,
      input_tokens: 10,
      output_tokens: 20,
      embedding_tokens: 30,
      search_units: 4,
    },
    ...{
      limit: 1000,
      left: 150,
      token_limit: null,
      rerank: false,
      condensing: true,
      document_embedding: true,
    },
    ...{ generation: true, query_embedding: true },
    ...more,
  };
}
