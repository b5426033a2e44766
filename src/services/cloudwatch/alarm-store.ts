/** Alarms and their history in the state store. */
import type { Database } from "lmdb";
import type { AlarmState, TreatMissingData } from "../../observe/alarm-state.js";
import type { StateStore } from "../kit/state-store.js";
import type { MetricQuery } from "./queries.js";

export const MAX_NAME_LENGTH = 255;

export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const;
export type Comparison = keyof typeof COMPARISONS;

/** An alarm on one metric, or on metric math when it has several queries. */
export interface AlarmRow {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly configuredMs: number;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  readonly queries: readonly MetricQuery[];
  /** The `Metrics` of the request, as they came; undefined for an alarm on one metric. */
  readonly metrics?: readonly Readonly<Record<string, unknown>>[];
  readonly periodMs: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  /** False when the request left M to its default: then answers leave it out, too. */
  readonly namesDatapoints: boolean;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly treatMissingData: TreatMissingData;
  readonly namesTreatment: boolean;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly state: AlarmState;
  readonly stateReason: string;
  readonly stateReasonData?: string;
  readonly stateUpdatedMs: number;
  /** When the state last became another one. */
  readonly stateChangedMs: number;
}

export interface HistoryRow {
  readonly alarmName: string;
  readonly timestampMs: number;
  readonly type: "ConfigurationUpdate" | "StateUpdate" | "Action";
  readonly summary: string;
  readonly data: string;
}

type HistoryKey = [alarmName: string, timestampMs: number, sequence: number];
/** AWS keeps an alarm's history for two weeks. */
const HISTORY_MS = 14 * 86_400_000;

export class AlarmStore {
  readonly #state: StateStore;
  readonly #alarms: Database<AlarmRow, string>;
  readonly #history: Database<HistoryRow, HistoryKey>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#alarms = state.table<AlarmRow, string>("cloudwatch-alarms");
    this.#history = state.table<HistoryRow, HistoryKey>("cloudwatch-alarm-history");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  get(name: string): AlarmRow | undefined {
    // A longer one is nobody's, and no key.
    return name.length > MAX_NAME_LENGTH ? undefined : this.#alarms.get(name);
  }

  /** In order of their names. */
  all(): AlarmRow[] {
    return [...this.#alarms.getRange()].map(({ value }) => value);
  }

  put(alarm: AlarmRow): void {
    this.#alarms.putSync(alarm.name, alarm);
  }

  remove(name: string): void {
    this.#alarms.removeSync(name);
  }

  addHistory(row: HistoryRow): void {
    let sequence = 0;
    while (this.#history.get([row.alarmName, row.timestampMs, sequence]) !== undefined) sequence += 1;
    this.#history.putSync([row.alarmName, row.timestampMs, sequence], row);
    const range = this.#history.getKeys({
      start: [row.alarmName, 0, 0],
      end: [row.alarmName, row.timestampMs - HISTORY_MS, 0],
    });
    const old = [...range];
    for (const key of old) this.#history.removeSync(key);
  }

  /** Oldest first. */
  history(): HistoryRow[] {
    const rows = [...this.#history.getRange()].map(({ value }) => value);
    return rows.sort((one, other) => one.timestampMs - other.timestampMs);
  }

  reset(): Promise<void> {
    return this.write(() => {
      this.#alarms.clearSync();
      this.#history.clearSync();
    });
  }
}
