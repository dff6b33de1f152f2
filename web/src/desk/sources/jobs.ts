/** An ingestion job followed live, through lost connections, until it has ended. */
import { ProblemError } from "../../client/problem";
import type { DeskApi } from "../api";
import { type Pause, pauseFor } from "../parts/pause";
import type { IngestionJob, JobCounts, JobProgress, JobStatus } from "../wire";

const AGAIN_MS = 2000;

/**
 * Follow a job and tell each state of it; resolves to the whole job once it has ended. A stream that breaks off is
 * opened again. Raises what the server refuses for good, or what `signal` was aborted with.
 */
export async function followJob(
  api: Pick<DeskApi, "jobEvents">,
  id: string,
  onProgress: (job: JobProgress) => void,
  signal: AbortSignal,
  pause: Pause = pauseFor,
): Promise<IngestionJob> {
  for (;;) {
    try {
      for await (const event of api.jobEvents(id, signal)) {
        if (event.type === "job-end") return event.job;
        onProgress(event.job);
      }
    } catch (error) {
      if (signal.aborted || (error instanceof ProblemError && !error.retryable)) throw error;
    }
    await pause(AGAIN_MS, signal);
    signal.throwIfAborted();
  }
}

export function isUnfinished(status: JobStatus): boolean {
  return status === "queued" || status === "running";
}

/** How many of the pages found are done with; `found` may still grow while lists are read. */
export function settled({ unchanged, embedded, removed, failed, found }: JobCounts): number {
  return Math.min(unchanged + embedded + removed + failed, found);
}

/** Group failures by their reason, the most frequent first. */
export function byReason<T extends { reason: string }>(failures: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const failure of failures) {
    groups.set(failure.reason, [...(groups.get(failure.reason) ?? []), failure]);
  }
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}
