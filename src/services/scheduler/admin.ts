/** The Scheduler without HTTP: what the stack declares, and schedules whose time has come. */
import { AwsError } from "../kit/aws-error.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { changed, scheduleArn, type SchedulerContext } from "./context.js";
import { removeGroup } from "./operations/groups.js";
import { readSettings } from "./settings.js";
import { DEFAULT_GROUP, type ScheduleRow, type ScheduleSettings } from "./store.js";

export interface DeclaredSchedule {
  readonly name: string;
  readonly groupName: string;
  /** As CreateSchedule takes it. */
  readonly input: JsonObject;
}

/** A schedule that is enabled. */
export interface KnownSchedule extends ScheduleSettings {
  readonly groupName: string;
  readonly name: string;
  readonly arn: string;
  readonly modifiedMs: number;
  readonly firedMs: number | undefined;
}

export interface SchedulerAdmin {
  /**
   * Makes what a template declares, or changes what is there and differs; what an earlier template declared and this one
   * does not goes. Answers why AWS would refuse a schedule: it is left out.
   */
  declare(wanted: {
    readonly groups: readonly { readonly name: string; readonly tags?: Readonly<Record<string, string>> }[];
    readonly schedules: readonly DeclaredSchedule[];
  }): Promise<readonly string[]>;
  /** Enabled ones. `ScheduleChanged` on the bus says that one is another or gone. */
  schedules(): readonly KnownSchedule[];
  schedule(groupName: string, name: string): KnownSchedule | undefined;
  /**
   * Notes that the time of a schedule has come, and deletes it when that was its last and it says so. To be called inside
   * a write transaction of the state, so that it is kept together with the delivery. False: it is gone or another by now.
   */
  fired(
    schedule: Pick<KnownSchedule, "groupName" | "name" | "modifiedMs">,
    scheduledMs: number,
    isLast: boolean,
  ): boolean;
}

export function createSchedulerAdmin(context: SchedulerContext): SchedulerAdmin {
  const { store } = context;
  const known = (row: ScheduleRow): KnownSchedule => ({ arn: scheduleArn(context, row.groupName, row.name), ...row });
  return {
    declare: ({ groups, schedules }) =>
      store.write(() => {
        declareGroups(context, groups);
        return declareSchedules(context, schedules);
      }),
    schedules: () =>
      store
        .schedules()
        .filter(({ enabled }) => enabled)
        .map(known),
    schedule: (groupName, name) => {
      const row = store.schedule(groupName, name);
      return row?.enabled === true ? known(row) : undefined;
    },
    fired: ({ groupName, name, modifiedMs }, scheduledMs, isLast) => {
      const row = store.schedule(groupName, name);
      if (row?.enabled !== true || row.modifiedMs !== modifiedMs) return false;
      if (isLast && row.deleteAfterCompletion) store.removeSchedule(row);
      else store.putSchedule({ ...row, firedMs: scheduledMs });
      return true;
    },
  };
}

function declareGroups(
  context: SchedulerContext,
  wanted: readonly { readonly name: string; readonly tags?: Readonly<Record<string, string>> }[],
): void {
  const { store, clock } = context;
  const names = new Set(wanted.map(({ name }) => name));
  for (const { name, declared } of store.groups()) if (declared && !names.has(name)) removeGroup(context, name);
  const nowMs = clock.now();
  for (const { name, tags = {} } of wanted) {
    const { createdMs = nowMs, modifiedMs = nowMs } = store.group(name) ?? {};
    store.putGroup({ name, createdMs, modifiedMs, tags, clientToken: undefined, declared: true });
  }
}

function declareSchedules(context: SchedulerContext, wanted: readonly DeclaredSchedule[]): string[] {
  const { store, clock } = context;
  const keys = new Set(wanted.map(({ groupName, name }) => `${groupName}/${name}`));
  for (const row of store.schedules())
    if (row.declared && !keys.has(`${row.groupName}/${row.name}`)) {
      store.removeSchedule(row);
      changed(context, row);
    }
  const refusals: string[] = [];
  for (const { groupName, name, input } of wanted) {
    const existing = store.schedule(groupName, name);
    // As it was declared before: it goes on counting where it was, also when it has been changed over the API since.
    const creation = JSON.stringify(input);
    if (existing?.declared === true && existing.creation === creation) continue;
    try {
      const nowMs = clock.now();
      const { createdMs = nowMs } = existing ?? {};
      if (groupName !== DEFAULT_GROUP && store.group(groupName) === undefined)
        throw new AwsError("ResourceNotFoundException", `Schedule group ${groupName} does not exist.`);
      const row: ScheduleRow = {
        groupName,
        name,
        createdMs,
        modifiedMs: nowMs,
        creation,
        firedMs: undefined,
        declared: true,
        ...readSettings(input, context),
      };
      store.putSchedule(row);
      changed(context, row);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      refusals.push(`the schedule ${name} is left out: ${error.message}`);
    }
  }
  return refusals;
}
