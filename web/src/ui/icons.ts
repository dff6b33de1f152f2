/** Line icons of 20 px, drawn in the colour of the text around them; what they mean is said in words beside. */
import { html, svg } from "lit";

const PATHS = {
  send: "M10 16V4M4.5 9.5 10 4l5.5 5.5",
  stop: "M6 6h8v8H6z",
  copy: "M7.5 7.5h8v8h-8zM12.5 4.5h-8v8",
  text: "M4 5h12M4 10h12M4 15h7",
  again: "M15.5 10a5.5 5.5 0 1 1-1.6-3.9M15.5 3.5v3.2h-3.2",
  up: "M7 9v7H4V9zM7 9l3-5.5c1.2 0 1.8.9 1.6 2L11.2 8H15a1.3 1.3 0 0 1 1.3 1.6l-1.2 5.3A1.5 1.5 0 0 1 13.6 16H7",
  down: "M7 11V4H4v7zM7 11l3 5.5c1.2 0 1.8-.9 1.6-2L11.2 12H15a1.3 1.3 0 0 0 1.3-1.6l-1.2-5.3A1.5 1.5 0 0 0 13.6 4H7",
  close: "M5 5l10 10M15 5 5 15",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  plus: "M10 4v12M4 10h12",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.8 12.8 16.5 16.5",
  before: "M12 5l-5 5 5 5",
  after: "M8 5l5 5-5 5",
  latest: "M10 4v12M4.5 10.5 10 16l5.5-5.5",
  open: "M8 5H5v10h10v-3M11 4.5h4.5V9M15 5l-6 6",
  keyboard: "M3 6h14v9H3zM6 9h.01M9 9h.01M12 9h.01M15 9h-.01M7 12h6",
  none: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM5.5 5.5l9 9",
  note: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 9v4M10 6.7h.01",
  person: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.5c.6-3 2.9-4.5 6-4.5s5.4 1.5 6 4.5",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName, size = 20) {
  return svg`<svg aria-hidden="true" width=${size} height=${size} viewBox="0 0 20 20" fill="none" stroke="currentColor"
    stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"><path d=${PATHS[name]}></path></svg>`;
}

/** A button that shows an icon only; `label` says what it does. */
export function iconButton(
  name: IconName,
  label: string,
  act: () => void,
  { disabled = false, size = 20 } = {},
) {
  return html`<button class="quiet" type="button" aria-label=${label} title=${label} ?disabled=${disabled} @click=${act}>${icon(name, size)}</button>`;
}
