/** The time that insights are of, and its parts for a chart. Pure, in the owner's time zone. */

/** `until` is behind the last instant; RFC 3339. */
export interface Span {
  since: string;
  until: string;
}

export const PERIODS = ["7", "30", "90"] as const;
export type Period = (typeof PERIODS)[number] | "custom";

const MAX_PARTS = 31;

/** Return the last so many days, today among them, up to now. */
export function lastDays(days: number, now: Date): Span {
  return { since: addDays(startOfDay(now), 1 - days).toISOString(), until: now.toISOString() };
}

/** Return the days from one to another (`YYYY-MM-DD`), both within; undefined where that is no time. */
export function fromDays(first: string, last: string): Span | undefined {
  const since = new Date(`${first}T00:00`);
  const end = new Date(`${last}T00:00`);
  if (Number.isNaN(since.getTime()) || Number.isNaN(end.getTime()) || since > end) return undefined;
  return { since: since.toISOString(), until: addDays(end, 1).toISOString() };
}

/** Return the parts of a span: days, or as many days each as make at most 31 parts. */
export function partsOf({ since, until }: Span): Span[] {
  const end = new Date(until);
  const days = Math.ceil((end.getTime() - Date.parse(since)) / 86_400_000);
  const size = Math.max(Math.ceil(days / MAX_PARTS), 1);
  const parts: Span[] = [];
  for (let from = new Date(since); from < end; ) {
    const next = addDays(from, size);
    const to = next < end ? next : end;
    parts.push({ since: from.toISOString(), until: to.toISOString() });
    from = to;
  }
  return parts;
}

function startOfDay(time: Date): Date {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate());
}

/** By the calendar: a day with a change of clocks has 23 or 25 hours. */
function addDays(time: Date, days: number): Date {
  const moved = new Date(time);
  moved.setDate(moved.getDate() + days);
  return moved;
}
