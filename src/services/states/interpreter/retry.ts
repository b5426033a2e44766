/**
 * The retriers of a state. Each counts its own attempts; all begin anew when the state is entered again.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
 */
import type { Retrier, State } from "./definition.js";
import { takes } from "./error-names.js";
import type { StatesError } from "./states-error.js";

const DEFAULT_INTERVAL_SECONDS = 1;
const DEFAULT_MAX_ATTEMPTS = 3;
const DEFAULT_BACKOFF_RATE = 2;

export interface Retry {
  readonly retrierIndex: number;
  readonly delaySeconds: number;
}

/** Before the wait number `attempt`, counted from 0. */
function delayOf(retrier: Retrier, attempt: number): number {
  const {
    IntervalSeconds: interval = DEFAULT_INTERVAL_SECONDS,
    BackoffRate: rate = DEFAULT_BACKOFF_RATE,
    MaxDelaySeconds: longest = Infinity,
  } = retrier;
  const delay = Math.min(interval * rate ** attempt, longest);
  return retrier.JitterStrategy === "FULL" ? Math.random() * delay : delay;
}

export class Retries {
  readonly #retriers: readonly Retrier[];
  readonly #attempts: number[];

  constructor(state: State, done = 0) {
    this.#retriers = (state["Retry"] ?? []) as unknown as readonly Retrier[];
    this.#attempts = this.#retriers.map(() => done);
  }

  /** Only the first retrier that takes the failure is asked; when its attempts are used up, there is no retry. */
  next(thrown: StatesError): Retry | undefined {
    const retrierIndex = this.#retriers.findIndex((retrier) => takes(retrier.ErrorEquals, thrown));
    const retrier = this.#retriers[retrierIndex];
    const attempt = this.#attempts[retrierIndex] ?? 0;
    if (retrier === undefined || attempt >= (retrier.MaxAttempts ?? DEFAULT_MAX_ATTEMPTS)) return undefined;
    this.#attempts[retrierIndex] = attempt + 1;
    return { retrierIndex, delaySeconds: delayOf(retrier, attempt) };
  }
}
