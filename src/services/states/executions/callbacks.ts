/**
 * Task tokens: who waits for SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat. A token lives as long as the state
 * that waits; after a restart that state starts anew with a token of its own, and the old one is of a task that is gone.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
 */
import type { Json } from "../../../config/json.js";
import { statesError } from "../errors.js";
import { StatesError, type Failure } from "../interpreter/states-error.js";

interface Waiter {
  readonly heartbeat: () => void;
  readonly succeed: (output: Json) => void;
  readonly fail: (error: Error) => void;
}

/** Tokens are base64; what cannot be one was never given out. */
const TOKEN = /^[A-Za-z0-9+/_=-]{16,}$/;

export class Callbacks {
  readonly #waiters = new Map<string, Waiter>();

  /** Resolves with what SendTaskSuccess brings; rejects with what SendTaskFailure says, or when nobody wants it any more. */
  wait(token: string, progress: { heartbeat(): void }, signal: AbortSignal): Promise<Json> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiters.delete(token);
        signal.removeEventListener("abort", abort);
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const abort = (): void => fail(reasonOf(signal));
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      this.#waiters.set(token, {
        heartbeat: () => progress.heartbeat(),
        succeed: (output) => {
          end();
          resolve(output);
        },
        fail,
      });
    });
  }

  succeed(token: string, output: Json): void {
    this.#required(token).succeed(output);
  }

  fail(token: string, { error, cause }: Failure): void {
    this.#required(token).fail(new StatesError(error, cause));
  }

  heartbeat(token: string): void {
    this.#required(token).heartbeat();
  }

  #required(token: string): Waiter {
    const waiter = this.#waiters.get(token);
    if (waiter !== undefined) return waiter;
    throw TOKEN.test(token) ? statesError.taskGone() : statesError.invalidToken();
  }
}

/** What an abort rejects with; a reason need not be an error. */
export const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error("the work was aborted", { cause: signal.reason });
