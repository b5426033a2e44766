/**
 * One call of the external API for one row. What may go well another time is tried again with back-off; a row that the API
 * does not take is the row's fault. The key in the request lets the API know a row that it has seen already.
 */
import { createHash } from "node:crypto";

export interface ApiOptions {
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly retryBaseMs: number;
}

/** The API is away, busy or slow. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
}

/** The API has looked at the row and does not take it. */
export class RowRejected extends Error {
  override readonly name = "RowRejected";
}

const MAX_BACKOFF_MS = 30_000;
/** Statuses below 500 that say "later". */
const LATER = new Set([408, 425, 429]);

/** `signal` ends all waiting: there is no time left. */
export async function callApi(
  row: Readonly<Record<string, string>>,
  id: string,
  { endpoint, timeoutMs, maxAttempts, retryBaseMs }: ApiOptions,
  signal: AbortSignal,
): Promise<void> {
  const request = {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": createHash("sha256").update(id).digest("hex") },
    body: JSON.stringify(row),
  };
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(endpoint, {
      ...request,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    if (answer instanceof Response) {
      // Read in any case: the connection is free for the next row only then.
      await answer.arrayBuffer().catch(() => undefined);
      if (answer.ok) return;
      if (answer.status < 500 && !LATER.has(answer.status)) throw new RowRejected(`the API answers ${answer.status}`);
    }
    const reason =
      answer instanceof Response ? `the API answers ${answer.status}` : `the API does not answer: ${answer.name}`;
    if (attempt >= maxAttempts || signal.aborted) throw new RetryableError(reason);
    await pause(delayMs(attempt, retryBaseMs, answer), signal, reason);
  }
}

/** Doubled each time, and spread: rows that failed together shall not come back together. */
function delayMs(attempt: number, baseMs: number, answer: Response | Error): number {
  const asked = answer instanceof Response ? Number(answer.headers.get("retry-after") ?? 0) * 1000 : 0;
  const backoffMs = Math.random() * baseMs * 2 ** (attempt - 1);
  return Math.min(MAX_BACKOFF_MS, Math.max(backoffMs, Number.isFinite(asked) ? asked : 0));
}

function pause(ms: number, signal: AbortSignal, reason: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new RetryableError(reason));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
