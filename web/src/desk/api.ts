/** The owner's calls, one method each. Knows the paths; decides nothing. */
import type { Http, Query } from "../client/http";
import { readEvents } from "../client/sse";
import type { Page } from "../protocol";
import type * as wire from "./wire";

export type JobEvent =
  | { type: "job-progress"; job: wire.JobProgress }
  | { type: "job-end"; job: wire.IngestionJob };

export type InsightsQuery = {
  since?: string;
  until?: string;
  page_url?: string;
  limit?: number;
  cursor?: string;
};

export type QuestionsQuery = InsightsQuery & { rated?: "up" | "down" | "any" };

type Listing = { q?: string; cursor?: string; limit?: number };
const JOBS = "v1/ingestion-jobs";

export class DeskApi {
  /** `key` stays in this object and in headers. */
  constructor(
    readonly http: Pick<Http, "json" | "send" | "baseUrl">,
    readonly key: string,
    private readonly fetch: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init),
  ) {}

  documents(listing: Listing, signal?: AbortSignal): Promise<Page<wire.DocumentSummary>> {
    return this.#get("v1/documents", signal, listing);
  }

  document(id: string, signal?: AbortSignal): Promise<wire.DocumentWhole> {
    return this.#get(documentPath(id), signal);
  }

  removeDocument(id: string): Promise<void> {
    return this.http.json("DELETE", documentPath(id));
  }

  dataSources(listing: Listing, signal?: AbortSignal): Promise<Page<wire.DataSource>> {
    return this.#get("v1/data-sources", signal, listing);
  }

  dataSource(id: string, signal?: AbortSignal): Promise<wire.DataSource> {
    return this.#get(sourcePath(id), signal);
  }

  putDataSource(id: string, body: wire.DataSourceRequest): Promise<wire.DataSource> {
    return this.http.json("PUT", sourcePath(id), { json: body });
  }

  removeDataSource(id: string, keepDocuments: boolean): Promise<void> {
    return this.http.json("DELETE", sourcePath(id), { query: { keep_documents: keepDocuments } });
  }

  /** Begin a job, or be told the one that is going. */
  sync(id: string, full: boolean): Promise<wire.IngestionJob> {
    return this.http.json("POST", `${sourcePath(id)}/sync`, { json: { full } });
  }

  job(id: string, signal?: AbortSignal): Promise<wire.IngestionJob> {
    return this.#get(`${JOBS}/${encodeURIComponent(id)}`, signal);
  }

  cancelJob(id: string): Promise<wire.IngestionJob> {
    return this.http.json("DELETE", `${JOBS}/${encodeURIComponent(id)}`);
  }

  /** Yield what becomes of a job until it ends, or the connection does. */
  async *jobEvents(id: string, signal: AbortSignal): AsyncGenerator<JobEvent, void, void> {
    const headers = { Accept: "text/event-stream" };
    const response = await this.http.send("GET", `${JOBS}/${encodeURIComponent(id)}/events`, {
      signal,
      headers,
    });
    for await (const event of readEvents(response)) {
      if (event.type === "job-progress" || event.type === "job-end") {
        yield { type: event.type, job: JSON.parse(event.data) } as JobEvent;
      }
    }
  }

  search(body: wire.SearchRequest, signal?: AbortSignal): Promise<wire.SearchAnswer> {
    return this.http.json("POST", "v1/search", { json: body, ...(signal && { signal }) });
  }

  /** Return the health of the whole, also when it is down (503 with the same body). */
  async health(signal?: AbortSignal): Promise<wire.OverallHealth> {
    const url = new URL("health", this.http.baseUrl);
    const response = await this.fetch(url, { cache: "no-store", ...(signal && { signal }) });
    return (await response.json()) as wire.OverallHealth;
  }

  index(signal?: AbortSignal): Promise<wire.IndexReport> {
    return this.#get("v1/index", signal);
  }

  rebuild(): Promise<wire.IndexReport> {
    return this.http.json("POST", "v1/index/rebuild");
  }

  usage(signal?: AbortSignal): Promise<wire.UsageReport> {
    return this.#get("v1/usage", signal);
  }

  questions(query: QuestionsQuery, signal?: AbortSignal): Promise<wire.Questions> {
    return this.#get("v1/insights/questions", signal, query);
  }

  gaps(query: InsightsQuery, signal?: AbortSignal): Promise<wire.Gaps> {
    return this.#get("v1/insights/gaps", signal, query);
  }

  #get<T>(path: string, signal: AbortSignal | undefined, query: Query = {}): Promise<T> {
    return this.http.json<T>("GET", path, { query, ...(signal && { signal }) });
  }
}

/** A document's id may be a path: its slashes stand as they are. */
export function documentPath(id: string): string {
  return `v1/documents/${id.split("/").map(encodeURIComponent).join("/")}`;
}

export function sourcePath(id: string): string {
  return `v1/data-sources/${encodeURIComponent(id)}`;
}
