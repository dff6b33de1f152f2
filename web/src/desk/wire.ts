/** What the owner's part of the HTTP API takes and answers, as docs/api.md has it. Types only. */
import type { Filters, Passage, Rating } from "../protocol";

export interface DocumentSummary {
  id: string;
  title: string;
  url: string;
  media_type: string;
  metadata: Record<string, unknown>;
  content_hash: string;
  characters: number;
  chunk_count: number;
  created_at: string;
  updated_at: string;
}

export interface Chunk {
  id: string;
  ordinal: number;
  heading_path: string[];
  anchor: string;
  start: number;
  end: number;
  text: string;
}

export interface DocumentWhole extends DocumentSummary {
  chunks: Chunk[];
}

export type SourceKind = "sitemap" | "urls" | "llms_txt" | "feed" | "archive";
export type JobStatus = "queued" | "running" | "completed" | "failed" | "cancelled";

export interface DataSourceRequest {
  kind: SourceKind;
  url?: string;
  urls?: string[];
  include?: string[];
  exclude?: string[];
  hosts?: string[];
  interval_s?: number;
  max_pages?: number;
  url_template?: string;
}

export interface JobCounts {
  found: number;
  passed_over: number;
  fetched: number;
  unchanged: number;
  embedded: number;
  removed: number;
  failed: number;
}

export interface PageFailure {
  url: string;
  reason: string;
}

export interface PageChange {
  url: string;
  document_id: string;
  change: "added" | "replaced" | "removed";
}

export interface JobProgress {
  id: string;
  status: JobStatus;
  counts: JobCounts;
}

export interface IngestionJob extends JobProgress {
  data_source_id: string;
  trigger: "request" | "schedule";
  full: boolean;
  reason: string;
  /** At most 1000 of each. */
  changes: PageChange[];
  failures: PageFailure[];
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export interface DataSource {
  id: string;
  kind: SourceKind;
  url: string | null;
  urls: string[];
  include: string[];
  exclude: string[];
  hosts: string[];
  interval_s: number | null;
  max_pages: number;
  url_template: string | null;
  archive: { bytes: number; sha256: string; received_at: string } | null;
  created_at: string;
  updated_at: string;
  /** Without its changes and failures. */
  last_job: IngestionJob | null;
  next_sync_at: string | null;
}

export interface SearchRequest {
  query: string;
  limit: number;
  rerank: boolean;
  explain: boolean;
  filters: Filters;
}

export interface SearchAnswer {
  passages: Passage[];
  index_version: string;
  degraded: string[];
  timing_ms: Record<string, number>;
}

export type Status = "ok" | "degraded" | "down";

export interface ServiceHealth {
  status: Status;
  latency_ms: number;
  checks: Record<string, { status: Status; detail: string }>;
  detail: string;
}

export interface OverallHealth {
  status: Status;
  version: string;
  uptime_s: number;
  services: Record<string, ServiceHealth>;
}

export interface IndexReport {
  embedding_model: string | null;
  dimension: number | null;
  current: boolean;
  documents: number;
  chunks: number;
  max_document_bytes: number | null;
  max_archive_bytes: number | null;
  rebuild: {
    status: "idle" | "running" | "waiting";
    done: number;
    total: number;
    reason: string;
    started_at: string | null;
    finished_at: string | null;
  };
}

export interface UsageReport {
  month: string;
  calls: number;
  input_tokens: number;
  output_tokens: number;
  embedding_tokens: number;
  search_units: number;
  limit: number | null;
  left: number | null;
  token_limit: number | null;
  rerank: boolean;
  condensing: boolean;
  document_embedding: boolean;
  generation: boolean;
  query_embedding: boolean;
}

export type Outcome = "answered" | "weak" | "unanswered" | "failed" | "running";
export type Gap = "unanswered" | "weak" | "down_voted";

export interface AskedQuestion {
  id: string;
  question: string;
  asked_at: string;
  outcome: Outcome;
  degraded: string[];
  rating: Rating | null;
  comment: string | null;
  page_url: string;
  page_title: string;
}

export type Counts = Record<Outcome | "asked" | "down_voted", number>;

export interface PageCount {
  page_url: string;
  count: number;
}

export interface Questions {
  items: AskedQuestion[];
  next_cursor: string | null;
  since: string;
  until: string;
  counts: Counts;
}

export interface GapGroup {
  question: string;
  count: number;
  kinds: Partial<Record<Gap, number>>;
  last_asked_at: string;
  pages: PageCount[];
  examples: AskedQuestion[];
}

export interface Gaps {
  items: GapGroup[];
  next_cursor: string | null;
  since: string;
  until: string;
  questions: number;
  truncated: boolean;
  pages: PageCount[];
  degraded: string[];
}
