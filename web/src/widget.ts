/**
 * The script that other sites' pages load. It stays small: the chat itself comes when it is wanted.
 *
 * It puts one `<carrel-widget>` on the page, dressed as its own script element says, unless the page has one.
 */
import { CarrelWidget } from "./widget/carrel-widget";
import { attributesOf, scriptOf } from "./widget/script";

// The directive keeps the build from taking the address for a file's.
CarrelWidget.base ??= new URL(/* @vite-ignore */ ".", import.meta.url).href;
const script = scriptOf(document, import.meta.url);

if (!customElements.get("carrel-widget")) customElements.define("carrel-widget", CarrelWidget);

function mount(): void {
  if (document.querySelector("carrel-widget")) return;
  const widget = document.createElement("carrel-widget");
  for (const [name, value] of Object.entries(attributesOf(script))) widget.setAttribute(name, value);
  document.body.append(widget);
}

if (script && document.body) mount();
else if (script) document.addEventListener("DOMContentLoaded", mount, { once: true });
