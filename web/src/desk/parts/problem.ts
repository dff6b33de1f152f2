/** How a refusal is shown: what went wrong, what to do, and the id it has in the logs. */
import { html, nothing, type TemplateResult } from "lit";
import { ProblemError } from "../../client/http";
import { deskTexts } from "../../texts/desk";
import { seconds } from "../format";

const words = () => deskTexts.problems;

/** Return what is wrong in one sentence. */
export function said(error: unknown): string {
  if (!(error instanceof ProblemError)) return words().unknown;
  if (error.code === "network") return words().network;
  const fields = (error.problem.errors ?? []).map(({ field, message }) => `${field}: ${message}`);
  return fields.length ? fields.join("; ") : error.message;
}

/** Return what can be done about it; empty where nothing better can be said than what is wrong. */
export function advice(error: unknown): string {
  if (!(error instanceof ProblemError)) return "";
  if (error.retryAfterMs) return words().after(seconds(Math.ceil(error.retryAfterMs / 1000)));
  const known: Record<string, string> = words().advice;
  return known[error.code] ?? (error.retryable ? words().again : "");
}

export function problemNote(error: unknown, retry?: () => void): TemplateResult | typeof nothing {
  if (error === undefined) return nothing;
  const id = error instanceof ProblemError ? error.problem.request_id : "";
  return html`<div class="note bad" role="alert">
    <p><strong>${said(error)}</strong> ${advice(error)}</p>
    ${id ? html`<p class="faint">${words().requestId} <code>${id}</code></p>` : nothing}
    ${retry ? html`<button type="button" @click=${retry}>${words().retry}</button>` : nothing}
  </div>`;
}
