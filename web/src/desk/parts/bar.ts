/** A small bar beside a number that says the same. */
import { svg, type TemplateResult } from "lit";

/** `share` is from 0 to 1; what is outside is cut. */
export function bar(share: number): TemplateResult {
  const width = Number.isFinite(share) ? Math.min(Math.max(share, 0), 1) * 100 : 0;
  return svg`<svg class="bar" width="100%" height="8" aria-hidden="true">
    <rect width="100%" height="8" rx="2" fill="var(--line)"></rect>
    <rect width="${width}%" height="8" rx="2" fill="var(--accent)"></rect>
  </svg>`;
}
