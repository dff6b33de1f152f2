/** Do `work` when the page has nothing else to do; where the browser cannot say so, after a while. */
export function whenIdle(work: () => unknown): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(work);
  else setTimeout(work, 1_000);
}
