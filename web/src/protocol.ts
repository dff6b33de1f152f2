/**
 * What goes over the wire: frames of the chat protocol and bodies of the HTTP API, as docs/chat-protocol.md and
 * docs/api.md have them. Types only. Unknown types and fields are to be ignored by a client.
 */

export interface CitationSource {
  document_id: string;
  passage_id: string;
  title: string;
  /** Opens the very paragraph; empty when the document has no address. */
  url: string;
  quote: string;
  heading_path: string[];
}

/** `start` and `end` are offsets in Unicode code points into the answer; `text` is that slice. */
export interface Citation {
  start: number;
  end: number;
  text: string;
  sources: CitationSource[];
}

export interface Passage {
  id: string;
  document_id: string;
  title: string;
  url: string;
  anchor: string;
  heading_path: string[];
  text: string;
  score: number;
  score_parts?: ScoreParts | null;
}

export interface ScoreParts {
  text: number | null;
  title: number | null;
  dense: number | null;
  rerank?: number | null;
}

export interface PageContext {
  page_url?: string;
  page_title?: string;
  selected_text?: string;
  grounding?: "selection" | "page" | "all";
}

export type Scalar = string | number | boolean;
export type Filters = Record<
  string,
  Scalar | Scalar[] | { gt?: number; gte?: number; lt?: number; lte?: number }
>;

export interface MessageCreate {
  type: "message-create";
  client_message_id: string;
  conversation_id?: string;
  content: string;
  context?: PageContext;
  filters?: Filters;
}

export interface RunCancel {
  type: "run-cancel";
  run_id: string;
}

export interface RunResume {
  type: "run-resume";
  run_id: string;
  starting_after: number;
}

export interface RunRegenerate {
  type: "run-regenerate";
  message_id: string;
  client_message_id: string;
}

export interface Ping {
  type: "ping";
  nonce?: string | number;
}

export type ClientFrame = MessageCreate | RunCancel | RunResume | RunRegenerate | Ping;

export interface Limits {
  max_message_chars: number;
  max_frame_bytes: number;
  messages_per_minute: number | null;
}

export interface ConnectionReady {
  type: "connection-ready";
  protocol: number;
  connection_id: string;
  visitor_id: string;
  heartbeat_interval_ms: number;
  resume_window_ms: number;
  limits: Limits;
}

export interface MessageAck {
  type: "message-ack";
  client_message_id: string;
  message_id: string;
  conversation_id: string;
  run_id: string;
  duplicate: boolean;
}

export interface Heartbeat {
  type: "heartbeat";
}

export interface Pong {
  type: "pong";
  nonce?: string | number | null;
}

export interface ResumeGap {
  type: "resume-gap";
  conversation_id: string;
  run_id: string;
  message_id: string;
}

export interface ErrorFrame {
  type: "error";
  code: string;
  message: string;
  param?: string | null;
  retryable: boolean;
  retry_after_ms?: number | null;
  request_id?: string | null;
  client_message_id?: string | null;
  run_id?: string | null;
}

/** What every frame of a run carries; numbers are contiguous from 1 within the run. */
export interface OfRun {
  conversation_id: string;
  run_id: string;
  message_id: string;
  sequence_number: number;
  created_at: string;
}

export type RunStatus = "completed" | "cancelled" | "failed" | "incomplete";
export type FinishReason = "complete" | "max_tokens" | "refused" | "cancelled" | "error";

export interface RunError {
  code: string;
  message: string;
  retryable: boolean;
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  search_units: number;
}

export type RunFrame = OfRun &
  (
    | { type: "run-queued"; position: number }
    | { type: "run-start"; model: string; index_version: string }
    | { type: "search-queries"; queries: string[] }
    | { type: "search-results"; passages: Passage[] }
    | { type: "message-start" }
    | { type: "content-delta"; delta: { text: string } }
    | { type: "citation-start"; citation: Citation }
    | { type: "message-end"; finish_reason: FinishReason; usage: Usage }
    | { type: "run-end"; status: RunStatus; degraded: string[]; cached: boolean; error?: RunError | null }
  );

export type ServerFrame = ConnectionReady | MessageAck | Heartbeat | Pong | ResumeGap | ErrorFrame | RunFrame;

export interface Session {
  token: string;
  visitor_id: string;
  expires_at: string;
}

export interface Conversation {
  id: string;
  title: string;
  created_at: string;
  updated_at: string;
  message_count: number;
}

export type Rating = "up" | "down";

export interface Feedback {
  rating: Rating;
  comment?: string | null;
  updated_at: string;
}

/** One user or assistant turn, as stored. */
export interface Message {
  id: string;
  conversation_id: string;
  role: "user" | "assistant";
  content: string;
  citations: Citation[];
  created_at: string;
  run_id?: string | null;
  question_id?: string | null;
  status?: RunStatus | "running" | null;
  finish_reason?: FinishReason | null;
  degraded: string[];
  feedback?: Feedback | null;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** The body of every refusal (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  retryable: boolean;
  request_id: string;
  retry_after_ms?: number | null;
  param?: string | null;
  errors?: { field: string; message: string }[];
}
