/**
 * API keys and usage plans: a key that a route asks for, and the rate, burst and quota of the plan that it belongs to.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html
 */
import type { UsagePlan } from "../../../config/api-config.js";
import type { Clock } from "../../../shared/clock.js";
import type { RefusalName } from "../refusals.js";
import { Throttles } from "../throttle.js";

export type KeyOutcome =
  | { readonly refused: RefusalName }
  | { readonly refused?: undefined; readonly keyId: string; readonly key: string };

/** What is asked for, as plans name it. */
export interface UsagePlace {
  readonly stage: string;
  /** `/items/{id}/GET` */
  readonly method: string;
}

const DAY_MS = 24 * 3_600_000;

export class UsagePlans {
  readonly #clock: Clock;
  readonly #throttles: Throttles;
  /** Requests of a key in the current period of its plan. */
  readonly #used = new Map<string, { period: number; count: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#throttles = new Throttles(clock);
  }

  /** Judges one request. A key that no plan of this API knows is as bad as none. */
  check(plans: readonly UsagePlan[], sent: string | undefined, place: UsagePlace): KeyOutcome {
    if (sent === undefined || sent === "") return { refused: "forbidden" };
    for (const plan of plans) {
      const key = plan.keys.find(({ value, enabled }) => enabled && value === sent);
      if (key === undefined || (plan.stages.length > 0 && !plan.stages.includes(place.stage))) continue;
      const ofMethod = plan.methodThrottles[place.method];
      if (ofMethod !== undefined && !this.#throttles.take(`${plan.id} ${key.id} ${place.method}`, ofMethod))
        return { refused: "throttled" };
      if (plan.throttle !== undefined && !this.#throttles.take(`${plan.id} ${key.id}`, plan.throttle))
        return { refused: "throttled" };
      if (!this.#withinQuota(plan, key.id)) return { refused: "quota" };
      return { keyId: key.id, key: sent };
    }
    return { refused: "forbidden" };
  }

  #withinQuota({ id, quota }: UsagePlan, keyId: string): boolean {
    if (quota === undefined) return true;
    const period = periodOf(quota.period, this.#clock.now());
    const key = `${id} ${keyId}`;
    const used = this.#used.get(key);
    const count = used?.period === period ? used.count : 0;
    if (count >= quota.limit) return false;
    this.#used.set(key, { period, count: count + 1 });
    return true;
  }
}

/** A number that changes when a new period begins (in UTC). */
function periodOf(period: "DAY" | "WEEK" | "MONTH", nowMs: number): number {
  const date = new Date(nowMs);
  switch (period) {
    case "DAY":
      return Math.floor(nowMs / DAY_MS);
    case "WEEK":
      // 1970 began on a Thursday; weeks begin on Sunday.
      return Math.floor((nowMs / DAY_MS + 4) / 7);
    case "MONTH":
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
  }
}
