/**
 * Alarms by the clock: once a minute (every ten seconds when an alarm has a short period) each alarm looks back over
 * its range and takes the state that observe/alarm-state.ts says. Nothing ticks while there is no alarm.
 */
import { evaluationRange, nextAlarmState, type AlarmPoint, type AlarmState } from "../../observe/alarm-state.js";
import type { Bus } from "../../shared/bus.js";
import type { Cancel, Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { Realm } from "../../shared/arn.js";
import { COMPARISONS, type AlarmRow, type AlarmStore } from "./alarm-store.js";
import { awsDate, shortDate } from "./dates.js";
import { dueActions } from "./due-actions.js";
import { evaluateQueries } from "./queries.js";
import { floorTo, type MetricStore } from "./store.js";

const MINUTE_MS = 60_000;
const SHORT_TICK_MS = 10_000;

const COMPARISON_TEXTS = {
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  GreaterThanThreshold: "greater than",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
} as const;

interface Evaluated {
  readonly startMs: number;
  readonly value: number | undefined;
}

export class AlarmEvaluator {
  readonly #alarms: AlarmStore;
  readonly #metrics: MetricStore;
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #realm: Realm;
  readonly #log: Logger;
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(
    alarms: AlarmStore,
    metrics: MetricStore,
    context: { readonly clock: Clock; readonly bus: Bus; readonly realm: Realm; readonly log: Logger },
  ) {
    this.#alarms = alarms;
    this.#metrics = metrics;
    this.#clock = context.clock;
    this.#bus = context.bus;
    this.#realm = context.realm;
    this.#log = context.log;
  }

  /** Sets the timer anew; call it when alarms were added, changed or removed. */
  schedule(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const alarms = this.#alarms.all();
    if (this.#closed || alarms.length === 0) return;
    const tickMs = alarms.some((alarm) => alarm.periodMs < MINUTE_MS) ? SHORT_TICK_MS : MINUTE_MS;
    const nowMs = this.#clock.now();
    this.#cancel = this.#clock.after(floorTo(nowMs, tickMs) + tickMs - nowMs, () => void this.#tick());
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #tick(): Promise<void> {
    try {
      for (const alarm of this.#alarms.all()) await this.#evaluate(alarm);
    } catch (err) {
      this.#log.error({ err }, "an alarm could not be evaluated");
    }
    this.schedule();
  }

  async #evaluate(alarm: AlarmRow): Promise<void> {
    const nowMs = this.#clock.now();
    const endMs = floorTo(nowMs, Math.min(alarm.periodMs, MINUTE_MS));
    const points = this.#read(alarm, endMs);
    const breaches = COMPARISONS[alarm.comparison];
    const range = points.map(({ value }): AlarmPoint => {
      if (value === undefined) return "missing";
      return breaches(value, alarm.threshold) ? "breaching" : "ok";
    });
    const state = nextAlarmState(alarm, range, alarm.state);
    if (state === alarm.state) return;
    await this.setState(alarm.name, state, reasonOf(alarm, points, range, state), reasonDataOf(alarm, points, nowMs));
  }

  /** Values of the periods in the evaluation range, oldest first. */
  #read(alarm: AlarmRow, endMs: number): readonly Evaluated[] {
    const length = evaluationRange(alarm.evaluationPeriods);
    const startMs = endMs - length * alarm.periodMs;
    const [result] = evaluateQueries(this.#metrics, alarm.queries, startMs, endMs, endMs);
    return Array.from({ length }, (_, index) => {
      const periodMs = startMs + index * alarm.periodMs;
      return { startMs: periodMs, value: result?.series.get(periodMs) };
    });
  }

  /**
   * Changes a state, writes history and tells the bus; actions hang on a change, not on a state. What is to be done is
   * told inside the transaction: whoever does it keeps it together with the change.
   */
  async setState(name: string, state: AlarmState, reason: string, reasonData?: string): Promise<void> {
    const timestampMs = this.#clock.now();
    const former = await this.#alarms.write(() => {
      const alarm = this.#alarms.get(name);
      if (alarm === undefined) return undefined;
      const { stateReasonData: formerData, ...rest } = alarm;
      const changed: AlarmRow = {
        ...rest,
        state,
        stateReason: reason,
        stateUpdatedMs: timestampMs,
        stateChangedMs: alarm.state === state ? alarm.stateChangedMs : timestampMs,
        ...(reasonData === undefined ? {} : { stateReasonData: reasonData }),
      };
      this.#alarms.put(changed);
      if (alarm.state !== state) {
        const shape = (stateValue: AlarmState, stateReason: string, data: string | undefined): object => ({
          stateValue,
          stateReason,
          ...(data === undefined ? {} : { stateReasonData: parsed(data) }),
        });
        this.#alarms.addHistory({
          alarmName: name,
          timestampMs,
          type: "StateUpdate",
          summary: `Alarm updated from ${alarm.state} to ${state}`,
          data: JSON.stringify({
            version: "1.0",
            oldState: shape(alarm.state, alarm.stateReason, formerData),
            newState: shape(state, reason, reasonData),
          }),
        });
        for (const action of dueActions(changed, alarm.state, this.#realm)) this.#bus.emit("AlarmActionDue", action);
      }
      return alarm;
    });
    if (former === undefined || former.state === state) return;
    this.#bus.emit("AlarmChanged", { alarmName: name, state, reason });
  }
}

/** Reason data of SetAlarmState is the client's: any JSON text, as far as it is one. */
function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return data;
  }
}

function reasonOf(
  alarm: AlarmRow,
  points: readonly Evaluated[],
  range: readonly AlarmPoint[],
  state: AlarmState,
): string {
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  const real = points.filter(({ value }) => value !== undefined).slice(-alarm.evaluationPeriods);
  const gaps = alarm.evaluationPeriods - real.length;
  if (state === "INSUFFICIENT_DATA") {
    return `Insufficient Data: ${count(alarm.evaluationPeriods, "datapoint")} ${alarm.evaluationPeriods === 1 ? "was" : "were"} unknown.`;
  }
  if (real.length === 0) {
    const treatment = alarm.treatMissingData === "breaching" ? "Breaching" : "NonBreaching";
    return `Threshold Crossed: no datapoints were received for ${count(gaps, "period")} and ${count(gaps, "missing datapoint")} ${gaps === 1 ? "was" : "were"} treated as [${treatment}].`;
  }
  const breaching = range.filter((point) => point !== "missing").slice(-alarm.evaluationPeriods);
  const crossing = real.filter((_, index) => (breaching[index] === "breaching") === (state === "ALARM"));
  const shown = crossing.map(({ startMs, value }) => `${decimal(value ?? 0)} (${shortDate(startMs)})`).join(", ");
  const verb = crossing.length === 1 ? "was" : "were";
  const not = state === "OK" ? "not " : "";
  const needed = state === "ALARM" ? alarm.datapointsToAlarm : alarm.evaluationPeriods - alarm.datapointsToAlarm + 1;
  return `Threshold Crossed: ${crossing.length} out of the last ${count(real.length, "datapoint")} [${shown}] ${verb} ${not}${COMPARISON_TEXTS[alarm.comparison]} the threshold (${decimal(alarm.threshold)}) (minimum ${count(needed, "datapoint")} for ${state === "ALARM" ? "OK -> ALARM" : "ALARM -> OK"} transition).`;
}

function reasonDataOf(alarm: AlarmRow, points: readonly Evaluated[], nowMs: number): string {
  const real = points.filter(({ value }) => value !== undefined).slice(-alarm.evaluationPeriods);
  return JSON.stringify({
    version: "1.0",
    queryDate: awsDate(nowMs),
    ...(real[0] === undefined ? {} : { startDate: awsDate(real[0].startMs) }),
    ...(alarm.metrics === undefined ? { statistic: alarm.queries[0]?.stat?.name } : {}),
    period: alarm.periodMs / 1000,
    recentDatapoints: real.map(({ value }) => value),
    threshold: alarm.threshold,
    evaluatedDatapoints: [...real].reverse().map(({ startMs, value }) => ({ timestamp: awsDate(startMs), value })),
  });
}

/** `5` is written `5.0`, as Java does. */
function decimal(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}
