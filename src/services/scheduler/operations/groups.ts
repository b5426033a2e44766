/** Schedule groups and their tags. https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html */
import { numberMember, objectListMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { checkGroupInput, checkListing, checkNames, checkTagging } from "../constraints.js";
import { changed, groupArn, page, requireGroup, seconds, type Operation, type SchedulerContext } from "../context.js";
import { schedulerError } from "../errors.js";
import { DEFAULT_GROUP, type GroupRow } from "../store.js";

export function groupOperations(context: SchedulerContext): Readonly<Record<string, Operation>> {
  const { store, clock } = context;
  return {
    CreateScheduleGroup: ({ input }) => createGroup(context, input),
    GetScheduleGroup: ({ input }) => {
      checkNames(input);
      return shownGroup(requireGroup(context, stringMember(input, "Name") ?? ""), context);
    },
    DeleteScheduleGroup: ({ input }) => {
      checkNames(input);
      const name = stringMember(input, "Name") ?? "";
      return store.write(() => {
        requireGroup(context, name);
        if (name === DEFAULT_GROUP) throw schedulerError.validation("The default schedule group cannot be deleted.");
        removeGroup(context, name);
        return {};
      });
    },
    ListScheduleGroups: ({ input }) => listGroups(context, input),
    ListTagsForResource: ({ input }) => ({ Tags: shownTags(taggedGroup(context, input)) }),
    TagResource: ({ input }) => {
      const added = tagsIn(input);
      return store.write(() => {
        const group = taggedGroup(context, input);
        store.putGroup({ ...group, tags: { ...group.tags, ...added }, modifiedMs: clock.now() });
        return {};
      });
    },
    UntagResource: ({ input, query }) => {
      const keys = new Set(query.getAll("TagKeys"));
      return store.write(() => {
        const group = taggedGroup(context, input);
        const tags = Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.has(key)));
        store.putGroup({ ...group, tags, modifiedMs: clock.now() });
        return {};
      });
    },
  };
}

/** With its schedules. To be called inside a transaction. */
export function removeGroup(context: SchedulerContext, name: string): void {
  const { store } = context;
  for (const row of store.schedulesOf(name)) {
    store.removeSchedule(row);
    changed(context, row);
  }
  store.removeGroup(name);
}

function createGroup(context: SchedulerContext, input: JsonObject): Promise<JsonObject> {
  const { store, clock } = context;
  checkGroupInput(input, objectListMember(input, "Tags"));
  const name = stringMember(input, "Name") ?? "";
  const clientToken = stringMember(input, "ClientToken");
  return store.write(() => {
    const existing = store.group(name);
    if (existing !== undefined && (clientToken === undefined || existing.clientToken !== clientToken))
      throw schedulerError.groupExists(name);
    if (existing === undefined) {
      const nowMs = clock.now();
      store.putGroup({ name, createdMs: nowMs, modifiedMs: nowMs, tags: tagsIn(input), clientToken, declared: false });
    }
    return { ScheduleGroupArn: groupArn(context, name) };
  });
}

function listGroups(context: SchedulerContext, input: JsonObject): JsonObject {
  checkListing(input);
  const prefix = stringMember(input, "NamePrefix") ?? "";
  const groups = context.store
    .groups()
    .filter(({ name }) => name.startsWith(prefix))
    // The default group, then the newest first.
    .sort((a, b) => Number(b.name === DEFAULT_GROUP) - Number(a.name === DEFAULT_GROUP) || b.createdMs - a.createdMs);
  const { items, NextToken } = page(
    groups,
    ({ name }) => name,
    stringMember(input, "NextToken"),
    numberMember(input, "MaxResults"),
  );
  return { NextToken, ScheduleGroups: items.map((group) => shownGroup(group, context)) };
}

const shownGroup = ({ name, createdMs, modifiedMs }: GroupRow, context: SchedulerContext): JsonObject => ({
  Arn: groupArn(context, name),
  CreationDate: seconds(createdMs),
  LastModificationDate: seconds(modifiedMs),
  Name: name,
  State: "ACTIVE",
});

const tagsIn = (input: JsonObject): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (objectListMember(input, "Tags") ?? []).map((tag) => [
      stringMember(tag, "Key") ?? "",
      stringMember(tag, "Value") ?? "",
    ]),
  );

const shownTags = ({ tags }: GroupRow): readonly JsonObject[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** The group of an ARN: schedules have no tags. */
function taggedGroup(context: SchedulerContext, input: JsonObject): GroupRow {
  const arn = stringMember(input, "ResourceArn") ?? "";
  checkTagging(arn, objectListMember(input, "Tags"));
  return requireGroup(context, arn.slice(arn.lastIndexOf("/") + 1));
}
