/**
 * Fires the rules of EventBridge that have a schedule. A rule fires from when this begins: minutes in which nothing ran
 * are not made up for, as AWS has no such minutes and says nothing of them.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
 */
import type { Database } from "lmdb";
import type { EventsAdmin, ScheduledRule } from "../../services/events/admin.js";
import type { StateStore } from "../../services/kit/state-store.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import { nextFiring, parseSchedule } from "../../shared/schedule/expression.js";
import { Timetable } from "./timetable.js";

export interface ScheduledRulesOptions {
  readonly events: Pick<EventsAdmin, "scheduledRules" | "fire">;
  readonly store: StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Since when a rate counts: "the countdown begins when you create the rule". */
interface Beginning {
  readonly expression: string;
  readonly sinceMs: number;
}

export class ScheduledRules {
  readonly #options: ScheduledRulesOptions;
  readonly #timetable: Timetable;
  readonly #beginnings: Database<Beginning, string>;
  /** By ARN: the expression that is in the timetable. */
  readonly #known = new Map<string, string>();
  readonly #unsubscribe: () => void;
  #looking = Promise.resolve();
  #closed = false;

  constructor(options: ScheduledRulesOptions) {
    this.#options = options;
    this.#timetable = new Timetable(options.clock);
    this.#beginnings = options.store.table("scheduled-rules");
    this.#unsubscribe = options.bus.on("ScheduledRuleChanged", () => this.#look());
    this.#look();
  }

  /** Resolves when all changes so far are in the timetable. */
  idle(): Promise<void> {
    return this.#looking;
  }

  async reset(): Promise<void> {
    this.#timetable.clear();
    this.#known.clear();
    await this.#beginnings.clearAsync();
    this.#look();
    await this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    this.#timetable.close();
    await this.#looking;
  }

  /** Looks at the rules once the transaction is through that has changed one. */
  #look(): void {
    this.#looking = this.#looking.then(async () => {
      await this.#options.store.settled();
      if (!this.#closed) this.#compare();
    });
  }

  #compare(): void {
    const rules = new Map(this.#options.events.scheduledRules().map((rule) => [rule.arn, rule]));
    for (const arn of this.#known.keys())
      if (!rules.has(arn)) {
        this.#timetable.remove(arn);
        this.#known.delete(arn);
      }
    for (const arn of Array.from(this.#beginnings.getKeys({}))) if (!rules.has(arn)) this.#beginnings.removeSync(arn);
    for (const rule of rules.values()) if (this.#known.get(rule.arn) !== rule.scheduleExpression) this.#begin(rule);
  }

  #begin(rule: ScheduledRule): void {
    const { clock } = this.#options;
    const { arn, scheduleExpression: expression } = rule;
    const schedule = parseSchedule(expression, "rule");
    if (schedule === undefined) return;
    this.#known.set(arn, expression);
    const nowMs = clock.now();
    const before = this.#beginnings.get(arn);
    const sinceMs = before?.expression === expression ? before.sinceMs : nowMs;
    this.#beginnings.putSync(arn, { expression, sinceMs });
    const firstMs = schedule.kind === "rate" ? sinceMs + schedule.periodMs : sinceMs;
    this.#timetable.set(
      arn,
      {
        makesUp: false,
        next: (afterMs) => nextFiring(schedule, Math.max(afterMs, nowMs), { timezone: "UTC", anchorMs: firstMs }),
        fire: (timeMs) => this.#fire(rule, timeMs),
      },
      nowMs,
    );
  }

  #fire(rule: ScheduledRule, timeMs: number): void {
    const { store, events, log } = this.#options;
    void store
      .write(() => events.fire(rule, timeMs))
      .catch((error: unknown) => log.error({ err: error, rule: rule.arn }, "a scheduled rule could not be fired"));
  }
}
