/** A refusal of the HTTP API, as something to throw. */
import type { Problem } from "../protocol";

/** Thrown for every answer that is not 2xx, and with code "network" (status 0) where there was no answer. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  get retryable(): boolean {
    return this.problem.retryable;
  }

  get retryAfterMs(): number | undefined {
    return this.problem.retry_after_ms ?? undefined;
  }
}

/** Return `error` as a ProblemError: no answer at all is code "network", which may be tried again. */
export function asProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError(made(0, "network", String(error), true));
}

/** Return what the body of a refused `response` says; a body that is no problem document is made one. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retry = Number.isFinite(after) ? { retry_after_ms: after * 1000 } : {};
  const server = response.status >= 500 || response.status === 429;
  const code = response.status === 401 ? "unauthorized" : response.status === 403 ? "forbidden" : "internal";
  const problem = made(response.status, code, response.statusText, server);
  const said: unknown = await response.json().catch(() => undefined);
  return new ProblemError({ ...problem, ...retry, ...(isProblem(said) ? said : {}) });
}

function isProblem(said: unknown): said is Problem {
  return typeof said === "object" && said !== null && "code" in said && typeof said.code === "string";
}

function made(status: number, code: string, detail: string, retryable: boolean): Problem {
  return { type: "about:blank", title: code, status, detail, code, retryable, request_id: "" };
}
