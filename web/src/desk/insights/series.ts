/** How many questions came to what in each part of a time: one small call for each part. */
import type { DeskApi } from "../api";
import type { Counts } from "../wire";
import { partsOf, type Span } from "./periods";

const AT_ONCE = 4;

export interface Point extends Span {
  counts: Counts;
}

export async function countsOver(
  api: Pick<DeskApi, "questions">,
  span: Span,
  pageUrl: string,
  signal: AbortSignal,
): Promise<Point[]> {
  const parts = partsOf(span);
  const points: Point[] = [];
  const left = [...parts.entries()];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [place, part] = next;
      const query = { ...part, limit: 1, ...(pageUrl && { page_url: pageUrl }) };
      points[place] = { ...part, counts: (await api.questions(query, signal)).counts };
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, parts.length) }, work));
  return points;
}
