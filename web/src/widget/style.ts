/** How the widget looks. Nothing of the page's own style comes in but the custom properties, and nothing goes out. */

export const STYLE = `
:host {
  all: initial;
  color-scheme: light dark;
  --ground: var(--carrel-ground, light-dark(#fbfaf7, #15171a));
  --ink: var(--carrel-ink, light-dark(#1f2328, #e6e6e3));
  --line: var(--carrel-line, light-dark(#dcdad3, #363a40));
  --accent: var(--carrel-accent, light-dark(#1c5d99, #7db7e8));
  --accent-ink: var(--carrel-accent-ink, light-dark(#ffffff, #10202e));
  --away: var(--carrel-widget-offset, 1rem);
  display: contents;
  font: 1rem / 1.5 var(--carrel-font, system-ui, sans-serif);
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]) { display: none; }
@media print { :host { display: none !important; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button {
  font: inherit;
  color: var(--accent-ink);
  background: var(--accent);
  border: 1px solid transparent;
  border-radius: 2rem;
  cursor: pointer;
}
.launcher, .about, .panel { position: fixed; z-index: var(--carrel-z-index, 2147483000); }
.launcher {
  inset-block-end: calc(var(--away) + env(safe-area-inset-bottom));
  inset-inline-end: var(--away);
  display: flex;
  align-items: center;
  gap: 0.5rem;
  min-block-size: 3rem;
  min-inline-size: 3rem;
  padding-block: 0.5rem;
  padding-inline: 0.75rem 1rem;
  justify-content: center;
  box-shadow: 0 2px 12px rgb(0 0 0 / 25%);
}
:host([position="start"]) .launcher, :host([position="start"]) .panel { inset-inline: var(--away) auto; }
svg { display: block; inline-size: 1.5rem; block-size: 1.5rem; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.launcher[aria-expanded="true"] { padding: 0.5rem; }
.launcher[aria-expanded="true"] :is(.open, .label), .launcher[aria-expanded="false"] .shut { display: none; }
.about { padding: 0.375rem 0.875rem; min-block-size: 2rem; font-size: 0.9375rem; box-shadow: 0 2px 8px rgb(0 0 0 / 25%); }
.panel {
  inset-block: auto calc(var(--away) + env(safe-area-inset-bottom) + 3.75rem);
  inset-inline: auto var(--away);
  inline-size: min(26rem, 100vw - 2 * var(--away));
  block-size: min(42rem, 100dvh - 2 * var(--away) - 4rem);
  max-inline-size: none;
  max-block-size: none;
  margin: 0;
  padding: 0;
  overflow: hidden;
  overscroll-behavior: contain;
  color: var(--ink);
  background: var(--ground);
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  box-shadow: 0 8px 32px rgb(0 0 0 / 25%);
}
.panel:focus { outline: none; }
.panel.full { inset: 0; inline-size: 100vw; block-size: 100dvh; border: 0; border-radius: 0; }
.panel:not([open]) { display: none; }
.waits { display: grid; place-content: center; justify-items: center; gap: 1rem; block-size: 100%; padding: 1rem; text-align: center; }
.waits button { min-block-size: 2.5rem; padding: 0 1rem; }
carrel-chat { display: block; block-size: 100%; }
@media (width <= 30rem) {
  .launcher { padding: 0.5rem; }
  .launcher .label { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
}
@media (forced-colors: active) { button { border-color: ButtonText; } }
`;

let sheet: CSSStyleSheet | undefined;

/** The style as a sheet that no policy on inline styles has to allow; all widgets of a page share it. */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  return sheet;
}
