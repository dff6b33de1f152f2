/** How long to wait before trying again. Pure. */

export const BASE_MS = 500;
export const MOST_MS = 15_000;
const LEAST_MS = 100;

/**
 * Return the wait before try number `attempt` (0 for the first that follows a failure): exponential with full
 * jitter, so that many clients of one server that went away do not come back together. What the server asked for
 * (`after`, ms) is waited for in any case. `random` is in [0, 1).
 */
export function backoff(attempt: number, random: number, after = 0): number {
  const most = Math.min(MOST_MS, BASE_MS * 2 ** Math.min(attempt, 10));
  return Math.round(after + Math.max(LEAST_MS, random * most));
}
