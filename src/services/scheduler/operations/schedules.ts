/** CreateSchedule and its kin. https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html */
import { numberMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { checkListing, checkNames } from "../constraints.js";
import {
  changed,
  page,
  requireGroup,
  requireSchedule,
  scheduleArn,
  seconds,
  type Operation,
  type SchedulerContext,
} from "../context.js";
import { schedulerError } from "../errors.js";
import { readSettings, shownSchedule, stateOf } from "../settings.js";
import { DEFAULT_GROUP, type ScheduleRow } from "../store.js";

type Place = Pick<ScheduleRow, "groupName" | "name">;

export function scheduleOperations(context: SchedulerContext): Readonly<Record<string, Operation>> {
  return {
    CreateSchedule: ({ input }) => createSchedule(context, input),
    UpdateSchedule: ({ input }) => updateSchedule(context, input),
    GetSchedule: ({ input }) => {
      checkNames(input);
      const { groupName, name } = placeOf(input);
      return shownSchedule(requireSchedule(context, groupName, name), context);
    },
    DeleteSchedule: ({ input }) => {
      checkNames(input);
      const { groupName, name } = placeOf(input);
      return context.store.write(() => {
        const row = requireSchedule(context, groupName, name);
        context.store.removeSchedule(row);
        changed(context, row);
        return {};
      });
    },
    ListSchedules: ({ input }) => listSchedules(context, input),
  };
}

const placeOf = (input: JsonObject): Place => ({
  groupName: stringMember(input, "GroupName") ?? DEFAULT_GROUP,
  name: stringMember(input, "Name") ?? "",
});

function createSchedule(context: SchedulerContext, input: JsonObject): Promise<JsonObject> {
  const settings = readSettings(input, context, context.clock.now());
  const { groupName, name } = placeOf(input);
  const clientToken = stringMember(input, "ClientToken");
  const creation = JSON.stringify(input);
  return context.store.write(() => {
    requireGroup(context, groupName);
    const existing = context.store.schedule(groupName, name);
    // A client that had no answer asks again with the same token.
    const isRepeated = clientToken !== undefined && existing?.creation === creation;
    if (existing !== undefined && !isRepeated) throw schedulerError.scheduleExists(name);
    if (existing === undefined) {
      const nowMs = context.clock.now();
      const row: ScheduleRow = {
        groupName,
        name,
        createdMs: nowMs,
        modifiedMs: nowMs,
        creation,
        firedMs: undefined,
        declared: false,
        ...settings,
      };
      context.store.putSchedule(row);
      changed(context, row);
    }
    return { ScheduleArn: scheduleArn(context, groupName, name) };
  });
}

/** Everything that is not given goes back to its default. */
function updateSchedule(context: SchedulerContext, input: JsonObject): Promise<JsonObject> {
  const settings = readSettings(input, context, context.clock.now());
  const { groupName, name } = placeOf(input);
  return context.store.write(() => {
    const { createdMs, creation, declared } = requireSchedule(context, groupName, name);
    const row: ScheduleRow = {
      groupName,
      name,
      createdMs,
      modifiedMs: context.clock.now(),
      creation,
      firedMs: undefined,
      declared,
      ...settings,
    };
    context.store.putSchedule(row);
    changed(context, row);
    return { ScheduleArn: scheduleArn(context, groupName, name) };
  });
}

function listSchedules(context: SchedulerContext, input: JsonObject): JsonObject {
  checkListing(input);
  const groupName = stringMember(input, "GroupName");
  const prefix = stringMember(input, "NamePrefix") ?? "";
  const state = stringMember(input, "State");
  if (groupName !== undefined) requireGroup(context, groupName);
  const rows = groupName === undefined ? context.store.schedules() : context.store.schedulesOf(groupName);
  const wanted = rows
    .filter((row) => row.name.startsWith(prefix) && (state === undefined || stateOf(row) === state))
    // The newest first.
    .sort((a, b) => b.createdMs - a.createdMs);
  const { items, NextToken } = page(
    wanted,
    (row) => `${row.groupName}/${row.name}`,
    stringMember(input, "NextToken"),
    numberMember(input, "MaxResults"),
  );
  return {
    NextToken,
    Schedules: items.map((row) => ({
      Arn: scheduleArn(context, row.groupName, row.name),
      CreationDate: seconds(row.createdMs),
      GroupName: row.groupName,
      LastModificationDate: seconds(row.modifiedMs),
      Name: row.name,
      State: stateOf(row),
      Target: { Arn: row.target.Arn },
    })),
  };
}
