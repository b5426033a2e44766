/**
 * Schedules and their groups in the state store.
 *
 *     scheduler-groups       name
 *     scheduler-schedules    [group name, schedule name]
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";

export interface GroupRow {
  readonly name: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly clientToken: string | undefined;
  /** The template declares it: it goes when the template says so no more. */
  readonly declared: boolean;
}

/** What CreateSchedule and UpdateSchedule put. */
export interface ScheduleSettings {
  readonly expression: string;
  readonly timezone: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly description: string | undefined;
  readonly enabled: boolean;
  readonly kmsKeyArn: string | undefined;
  /** As CreateSchedule takes it, checked. */
  readonly target: ScheduleTarget;
  /** Undefined = at the scheduled time. */
  readonly windowMinutes: number | undefined;
  readonly deleteAfterCompletion: boolean;
}

export interface ScheduleTarget {
  readonly Arn: string;
  readonly RoleArn: string;
  readonly Input?: string;
  readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number; readonly MaximumRetryAttempts: number };
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly KinesisParameters?: { readonly PartitionKey?: string };
  readonly EventBridgeParameters?: { readonly DetailType: string; readonly Source: string };
}

export interface ScheduleRow extends ScheduleSettings {
  readonly groupName: string;
  readonly name: string;
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** JSON text of what made it: saying the same again is no conflict, and a template that says the same changes nothing. */
  readonly creation: string;
  /** The scheduled time that was last, since it was modified. */
  readonly firedMs: number | undefined;
  readonly declared: boolean;
}

export const DEFAULT_GROUP = "default";

/** Nothing sorts after the highest code point, and names are ASCII. */
const LAST = "\uffff";

export class SchedulerStore {
  readonly #state: StateStore;
  readonly #groups: Database<GroupRow, string>;
  readonly #schedules: Database<ScheduleRow, [string, string]>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#groups = state.table("scheduler-groups");
    this.#schedules = state.table("scheduler-schedules");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  group(name: string): GroupRow | undefined {
    return this.#groups.get(name);
  }

  groups(): GroupRow[] {
    return Array.from(this.#groups.getRange({}), ({ value }) => value);
  }

  putGroup(row: GroupRow): void {
    this.#groups.putSync(row.name, row);
  }

  removeGroup(name: string): void {
    this.#groups.removeSync(name);
  }

  schedule(groupName: string, name: string): ScheduleRow | undefined {
    return this.#schedules.get([groupName, name]);
  }

  schedulesOf(groupName: string): ScheduleRow[] {
    const range = this.#schedules.getRange({ start: [groupName, ""], end: [groupName, LAST] });
    return Array.from(range, ({ value }) => value);
  }

  schedules(): ScheduleRow[] {
    return Array.from(this.#schedules.getRange({}), ({ value }) => value);
  }

  putSchedule(row: ScheduleRow): void {
    this.#schedules.putSync([row.groupName, row.name], row);
  }

  removeSchedule({ groupName, name }: Pick<ScheduleRow, "groupName" | "name">): void {
    this.#schedules.removeSync([groupName, name]);
  }

  async clear(): Promise<void> {
    await Promise.all([this.#groups.clearAsync(), this.#schedules.clearAsync()]);
  }
}
