/**
 * Token buckets: a steady rate and a burst.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
import type { Throttle } from "../../config/api-config.js";
import type { Clock } from "../../shared/clock.js";

interface Bucket {
  tokens: number;
  atMs: number;
}

interface Rated {
  readonly name: string;
  readonly throttle: Throttle | undefined;
}

export class Throttles {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a route may be used: by its own rate, else by the one that its stage has for all. */
  takeOfRoute(stage: Rated, route: Rated): boolean {
    if (route.throttle !== undefined) return this.take(`${stage.name} ${route.name}`, route.throttle);
    return stage.throttle === undefined || this.take(stage.name, stage.throttle);
  }

  /** Takes a token from the bucket of that name; false when it is empty. */
  take(name: string, { rateLimit, burstLimit }: Throttle): boolean {
    const nowMs = this.#clock.now();
    const bucket = this.#buckets.get(name) ?? { tokens: burstLimit, atMs: nowMs };
    this.#buckets.set(name, bucket);
    bucket.tokens = Math.min(burstLimit, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * rateLimit);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
