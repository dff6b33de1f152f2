/** The desk's icons: lines of 24 by 24, in the colour of the text, not read out. */
import { svg, type TemplateResult } from "lit";
import type { View } from "../routes";

const PATHS: Record<View, string> = {
  documents: "M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5",
  sources:
    "M4 7c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 7v10c0 1.7 3.6 3 8 3s8-1.3 8-3V7M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20 20",
  health: "M3 12h4l3-7 4 14 3-7h4",
  usage: "M4 18a8.5 8.5 0 1 1 16 0M12 15l4-5",
  insights: "M5 20v-7M12 20V5M19 20v-11",
};

export function icon(view: View): TemplateResult {
  return svg`<svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" stroke-width="1.7"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${PATHS[view]}></path></svg>`;
}
