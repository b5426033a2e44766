/**
 * How many batches of one mapping may run at once. "Lambda starts with five concurrent batches with five functions at a
 * time. If messages are still available, Lambda increases the number of processes by up to 300 more per minute", to 1,250.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
import type { Clock } from "../../shared/clock.js";

export const FIRST_CONCURRENCY = 5;
export const MAX_CONCURRENCY = 1250;
export const GROWTH_PER_MINUTE = 300;
const MINUTE_MS = 60_000;
/** Time after which there is room for one batch more. */
export const GROWTH_STEP_MS = MINUTE_MS / GROWTH_PER_MINUTE;

export class Scaling {
  readonly #clock: Clock;
  readonly #cap: number;
  #backlogSinceMs: number | undefined;

  constructor(clock: Clock, cap: number = MAX_CONCURRENCY) {
    this.#clock = clock;
    this.#cap = Math.max(1, Math.min(cap, MAX_CONCURRENCY));
  }

  get limit(): number {
    const grownMs = this.#backlogSinceMs === undefined ? 0 : this.#clock.now() - this.#backlogSinceMs;
    return Math.min(this.#cap, FIRST_CONCURRENCY + Math.floor(grownMs / GROWTH_STEP_MS));
  }

  get atCap(): boolean {
    return this.limit >= this.#cap;
  }

  /** After each receive: whether more messages were waiting than it could take. */
  observe(backlog: boolean): void {
    if (!backlog) this.#backlogSinceMs = undefined;
    else this.#backlogSinceMs ??= this.#clock.now();
  }
}
