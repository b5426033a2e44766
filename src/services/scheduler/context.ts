/** What the operations of the Scheduler share. */
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { GroupRow, SchedulerStore, ScheduleRow } from "./store.js";
import { schedulerError } from "./errors.js";

export interface SchedulerContext {
  readonly store: SchedulerStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly bus: Bus;
  /** Why a universal target cannot be called here, by its service and action; undefined when it can. */
  readonly refusal: (service: string, action: string) => string | undefined;
}

/** A request, its members gathered from path, query and body under the names of the API model. */
export interface Call {
  readonly input: JsonObject;
  /** Of members that may come more than once in a query. */
  readonly query: URLSearchParams;
}

export type Operation = (call: Call) => JsonObject | Promise<JsonObject>;

export const scheduleArn = ({ realm }: Pick<SchedulerContext, "realm">, groupName: string, name: string): string =>
  arnOf.schedule(realm, groupName, name);

export const groupArn = ({ realm }: Pick<SchedulerContext, "realm">, name: string): string =>
  `arn:aws:scheduler:${realm.region}:${realm.accountId}:schedule-group/${name}`;

/** Timestamps of rest-json. */
export const seconds = (ms: number): number => ms / 1000;

export function requireGroup({ store }: SchedulerContext, name: string): GroupRow {
  const group = store.group(name);
  if (group === undefined) throw schedulerError.noGroup(name);
  return group;
}

export function requireSchedule(context: SchedulerContext, groupName: string, name: string): ScheduleRow {
  requireGroup(context, groupName);
  const schedule = context.store.schedule(groupName, name);
  if (schedule === undefined) throw schedulerError.noSchedule(name);
  return schedule;
}

/** To be called inside the transaction that changes it. */
export function changed({ bus }: SchedulerContext, { groupName, name }: Pick<ScheduleRow, "groupName" | "name">): void {
  bus.emit("ScheduleChanged", { groupName, name });
}

const DEFAULT_PAGE = 100;

/** One page, and the token of the next: the base64 of the last key. */
export function page<T>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  token: string | undefined,
  limit = DEFAULT_PAGE,
): { readonly items: readonly T[]; readonly NextToken?: string } {
  let start = 0;
  if (token !== undefined) {
    const key = Buffer.from(token, "base64").toString("utf8");
    start = rows.findIndex((row) => keyOf(row) === key) + 1;
    if (start === 0) throw schedulerError.validation("Invalid NextToken.");
  }
  const items = rows.slice(start, start + limit);
  const last = items.at(-1);
  return last === undefined || start + limit >= rows.length
    ? { items }
    : { items, NextToken: Buffer.from(keyOf(last)).toString("base64") };
}
