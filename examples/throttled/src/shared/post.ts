/**
 * Posts to a sink; tries again what the sink calls temporary. What cannot be delivered is thrown: the invocation fails, is tried
 * again twice, and its event goes to the queue of the forwarders' failures.
 */

import type { Token } from "./token.js";

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | string;
}

export interface SinkAnswer {
  readonly status: number;
  readonly text: string;
}

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;
const TEMPORARY = new Set([429, 500, 503]);

/** A token that is not known may have been exchanged since this environment was started: it is read anew, once. */
export async function postWithToken(
  token: Token,
  posting: (token: string) => Posting,
  retryBaseMs: number,
): Promise<SinkAnswer> {
  const answer = await post(posting(await token.value()), retryBaseMs);
  if (answer.status !== 401 && answer.status !== 403) return answer;
  token.forget();
  return post(posting(await token.value()), retryBaseMs);
}

/** Resolves with every answer that is not temporary. */
async function post({ url, headers, body }: Posting, retryBaseMs: number): Promise<SinkAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
      (error: unknown) => error,
    );
    if (answer instanceof Response && !TEMPORARY.has(answer.status))
      return { status: answer.status, text: await answer.text() };
    const reason = answer instanceof Response ? `answers ${answer.status}` : `does not answer: ${String(answer)}`;
    if (attempt >= ATTEMPTS) throw new Error(`the sink ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, retryBaseMs * 2 ** (attempt - 1)));
  }
}
