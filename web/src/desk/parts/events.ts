/** What views tell the desk around them. */

/** Have `text` read out by screen readers. */
export function say(from: EventTarget, text: string): void {
  from.dispatchEvent(new CustomEvent("desk-say", { detail: text, bubbles: true, composed: true }));
}

/** Go to another view. */
export function go(address: string): void {
  location.hash = address;
}
