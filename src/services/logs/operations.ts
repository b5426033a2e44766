/** Operations on groups, streams, retention, tags and subscription filters, and the table of all operations. */
import { arnOf, parseArn, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import {
  booleanMember,
  numberMember,
  objectMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import type { FunctionCaller } from "../service.js";
import {
  filterNotFound,
  groupNotFound,
  invalidParameter,
  limitExceeded,
  undeliverable,
  VALIDATION_CODE,
} from "./errors.js";
import { checkBatch, filterLogEvents, getLogEvents } from "./events.js";
import { compileFilterPattern } from "./filter-pattern.js";
import { groupNameFrom, groupNameOf, groupOf, pageAfter, requiredName, streamNameOf } from "./input.js";
import type { GroupRow, LogStore, NewEvent, StreamRow } from "./store.js";

const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
const MAX_PAGE = 50;
const MAX_SUBSCRIPTIONS = 2;
const MAX_TAGS = 50;

export interface LogsContext {
  readonly store: LogStore;
  readonly clock: Clock;
  readonly realm: Realm;
  /** Stores events and tells everyone who listens. */
  readonly put: (groupName: string, streamName: string, events: readonly NewEvent[]) => Promise<void>;
  readonly functions: FunctionCaller | undefined;
}

export function logsOperations(context: LogsContext): Record<string, JsonOperation> {
  const { store, realm } = context;
  return {
    CreateLogGroup: (input) => createLogGroup(store, input),
    DeleteLogGroup: (input) => changeGroup(store, groupNameOf(input), (group) => store.deleteGroup(group)),
    DescribeLogGroups: (input) => describeLogGroups(store, realm, input),
    CreateLogStream: (input) => createLogStream(store, input),
    DeleteLogStream: (input) => deleteLogStream(store, input),
    DescribeLogStreams: (input) => describeLogStreams(store, realm, input),
    PutLogEvents: (input) => putLogEvents(context, input),
    GetLogEvents: (input) => getLogEvents(store, input),
    FilterLogEvents: (input) => filterLogEvents(store, input),
    PutRetentionPolicy: (input) => putRetentionPolicy(store, input),
    DeleteRetentionPolicy: (input) =>
      changeGroup(store, groupNameOf(input), ({ retentionDays: _days, ...group }) => store.putGroup(group)),
    PutSubscriptionFilter: (input) => putSubscriptionFilter(context, input),
    DescribeSubscriptionFilters: (input) => describeSubscriptionFilters(store, input),
    DeleteSubscriptionFilter: (input) => deleteSubscriptionFilter(store, input),
    TagResource: (input) => tagGroup(store, resourceOf(input), input),
    UntagResource: (input) => untagGroup(store, resourceOf(input), stringListMember(input, "tagKeys")),
    ListTagsForResource: (input) => ({ tags: store.requireGroup(resourceOf(input)).tags }),
    TagLogGroup: (input) => tagGroup(store, groupNameOf(input), input),
    UntagLogGroup: (input) => untagGroup(store, groupNameOf(input), stringListMember(input, "tags")),
    ListTagsLogGroup: (input) => ({ tags: store.requireGroup(groupNameOf(input)).tags }),
  };
}

async function changeGroup(store: LogStore, name: string, change: (group: GroupRow) => void): Promise<JsonObject> {
  await store.write(() => change(store.requireGroup(name)));
  return {};
}

async function createLogGroup(store: LogStore, input: JsonObject): Promise<JsonObject> {
  const name = groupNameOf(input);
  const tags = tagsOf(input);
  const kmsKeyId = stringMember(input, "kmsKeyId");
  const logGroupClass = stringMember(input, "logGroupClass");
  const violations = new Violations();
  violations.oneOf(logGroupClass, "logGroupClass", ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]);
  violations.check(VALIDATION_CODE);
  await store.write(() =>
    store.createGroup(name, {
      tags,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      ...(logGroupClass === undefined ? {} : { logGroupClass }),
    }),
  );
  return {};
}

function describeLogGroups(store: LogStore, realm: Realm, input: JsonObject): JsonObject {
  const prefix = stringMember(input, "logGroupNamePrefix");
  const pattern = stringMember(input, "logGroupNamePattern");
  if (prefix !== undefined && pattern !== undefined) {
    throw invalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  const lowerPattern = pattern?.toLowerCase();
  const { items, nextToken } = pageAfter(
    filtered(store.groups(prefix), (group) =>
      lowerPattern === undefined
        ? group.name.startsWith(prefix ?? "")
        : group.name.toLowerCase().includes(lowerPattern),
    ),
    (group) => group.name,
    stringMember(input, "nextToken"),
    pageSizeOf(input),
  );
  return { logGroups: items.map((group) => describeGroup(group, realm)), ...tokenMember(nextToken) };
}

function describeGroup(group: GroupRow, realm: Realm): JsonObject {
  const arn = arnOf.logGroup(realm, group.name);
  return {
    logGroupName: group.name,
    creationTime: group.createdMs,
    ...(group.retentionDays === undefined ? {} : { retentionInDays: group.retentionDays }),
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: group.storedBytes,
    ...(group.kmsKeyId === undefined ? {} : { kmsKeyId: group.kmsKeyId }),
    logGroupClass: group.logGroupClass,
    logGroupArn: arn,
  };
}

async function createLogStream(store: LogStore, input: JsonObject): Promise<JsonObject> {
  const groupName = groupNameOf(input);
  const streamName = streamNameOf(input);
  return changeGroup(store, groupName, (group) => store.createStream(group, streamName));
}

async function deleteLogStream(store: LogStore, input: JsonObject): Promise<JsonObject> {
  const groupName = groupNameOf(input);
  const streamName = streamNameOf(input);
  return changeGroup(store, groupName, (group) => store.deleteStream(store.requireStream(group, streamName)));
}

function describeLogStreams(store: LogStore, realm: Realm, input: JsonObject): JsonObject {
  const group = store.requireGroup(groupOf(input));
  const prefix = stringMember(input, "logStreamNamePrefix");
  const orderBy = stringMember(input, "orderBy") ?? "LogStreamName";
  const violations = new Violations();
  violations.oneOf(orderBy, "orderBy", ["LogStreamName", "LastEventTime"]);
  violations.check(VALIDATION_CODE);
  if (prefix !== undefined && orderBy === "LastEventTime") {
    throw invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const streams = [...filtered(store.streams(group), (stream) => stream.name.startsWith(prefix ?? ""))];
  if (orderBy === "LastEventTime") streams.sort((one, other) => (one.lastEventMs ?? 0) - (other.lastEventMs ?? 0));
  if (booleanMember(input, "descending") ?? false) streams.reverse();
  const { items, nextToken } = pageAfter(
    streams,
    (stream) => stream.name,
    stringMember(input, "nextToken"),
    pageSizeOf(input),
  );
  return { logStreams: items.map((stream) => describeStream(group, stream, realm)), ...tokenMember(nextToken) };
}

function describeStream(group: GroupRow, stream: StreamRow, realm: Realm): JsonObject {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdMs,
    ...(stream.firstEventMs === undefined ? {} : { firstEventTimestamp: stream.firstEventMs }),
    ...(stream.lastEventMs === undefined ? {} : { lastEventTimestamp: stream.lastEventMs }),
    ...(stream.lastIngestionMs === undefined ? {} : { lastIngestionTime: stream.lastIngestionMs }),
    uploadSequenceToken: sequenceToken(stream.nextSequence),
    arn: `${arnOf.logGroup(realm, group.name)}:log-stream:${stream.name}`,
    storedBytes: 0,
  };
}

async function putLogEvents({ store, clock, put }: LogsContext, input: JsonObject): Promise<JsonObject> {
  const { groupName, streamName, accepted, rejected } = checkBatch(store, clock, input);
  if (accepted.length > 0) await put(groupName, streamName, accepted);
  const stream = store.requireStream(store.requireGroup(groupName), streamName);
  return {
    nextSequenceToken: sequenceToken(stream.nextSequence),
    ...(rejected === undefined ? {} : { rejectedLogEventsInfo: rejected }),
  };
}

/** AWS still hands sequence tokens out and no longer looks at them. */
function sequenceToken(sequence: number): string {
  return `49${`${sequence}`.padStart(54, "0")}`;
}

function putRetentionPolicy(store: LogStore, input: JsonObject): Promise<JsonObject> {
  const name = groupNameOf(input);
  const days = numberMember(input, "retentionInDays");
  const violations = new Violations();
  violations.required(days, "retentionInDays");
  if (days !== undefined && !RETENTION_DAYS.includes(days)) {
    violations.add(
      String(days),
      "retentionInDays",
      `Member must satisfy enum value set: [${RETENTION_DAYS.join(", ")}]`,
    );
  }
  violations.check(VALIDATION_CODE);
  return changeGroup(store, name, (group) => store.putGroup({ ...group, retentionDays: days ?? 1 }));
}

function putSubscriptionFilter({ store, clock, functions }: LogsContext, input: JsonObject): Promise<JsonObject> {
  const groupName = groupNameOf(input);
  const filterName = filterNameOf(input);
  const filterPattern = stringMember(input, "filterPattern");
  const destinationArn = stringMember(input, "destinationArn");
  const roleArn = stringMember(input, "roleArn");
  const distribution = stringMember(input, "distribution") ?? "ByLogStream";
  const violations = new Violations();
  violations.required(filterPattern, "filterPattern");
  violations.length(filterPattern, "filterPattern", 0, 1024);
  violations.required(destinationArn, "destinationArn");
  violations.length(destinationArn, "destinationArn", 1, 2048);
  violations.oneOf(distribution, "distribution", ["Random", "ByLogStream"]);
  violations.check(VALIDATION_CODE);
  compileFilterPattern(filterPattern ?? "");
  store.requireGroup(groupName);
  const service = parseArn(destinationArn ?? "")?.service;
  if (functions !== undefined && (service !== "lambda" || !functions.exists(destinationArn ?? "")))
    throw undeliverable(service);
  return changeGroup(store, groupName, (group) => {
    const others = group.subscriptions.filter((filter) => filter.filterName !== filterName);
    if (others.length >= MAX_SUBSCRIPTIONS) throw limitExceeded();
    const filter = {
      filterName,
      filterPattern: filterPattern ?? "",
      destinationArn: destinationArn ?? "",
      ...(roleArn === undefined ? {} : { roleArn }),
      distribution,
      creationTime: clock.now(),
    };
    store.putGroup({ ...group, subscriptions: [...others, filter] });
  });
}

function describeSubscriptionFilters(store: LogStore, input: JsonObject): JsonObject {
  const group = store.requireGroup(groupNameOf(input));
  const prefix = stringMember(input, "filterNamePrefix") ?? "";
  const filters = group.subscriptions
    .filter((filter) => filter.filterName.startsWith(prefix))
    .map(({ declared: _declared, ...filter }) => ({ ...filter, logGroupName: group.name }));
  return { subscriptionFilters: filters };
}

function deleteSubscriptionFilter(store: LogStore, input: JsonObject): Promise<JsonObject> {
  const groupName = groupNameOf(input);
  const filterName = filterNameOf(input);
  return changeGroup(store, groupName, (group) => {
    const subscriptions = group.subscriptions.filter((filter) => filter.filterName !== filterName);
    if (subscriptions.length === group.subscriptions.length) throw filterNotFound();
    store.putGroup({ ...group, subscriptions });
  });
}

function filterNameOf(input: JsonObject): string {
  return requiredName(input, "filterName", /^[^:*]*$/, "[^:*]*");
}

function resourceOf(input: JsonObject): string {
  const arn = requiredName(input, "resourceArn", /^[\w+=/:,.@\-*#]*$/, "[\\w+=/:,.@\\-*#]*");
  const name = groupNameFrom(arn);
  if (name === arn) throw groupNotFound();
  return name;
}

function tagGroup(store: LogStore, name: string, input: JsonObject): Promise<JsonObject> {
  const tags = tagsOf(input);
  return changeGroup(store, name, (group) => {
    const merged = { ...group.tags, ...tags };
    if (Object.keys(merged).length > MAX_TAGS) throw limitExceeded();
    store.putGroup({ ...group, tags: merged });
  });
}

function untagGroup(store: LogStore, name: string, keys: readonly string[] = []): Promise<JsonObject> {
  return changeGroup(store, name, (group) => {
    store.putGroup({
      ...group,
      tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))),
    });
  });
}

function tagsOf(input: JsonObject): Readonly<Record<string, string>> {
  const tags = objectMember(input, "tags") ?? {};
  return Object.fromEntries(Object.keys(tags).map((key) => [key, stringMember(tags, key) ?? ""]));
}

function pageSizeOf(input: JsonObject): number {
  const limit = numberMember(input, "limit");
  const violations = new Violations();
  violations.range(limit, "limit", 1, MAX_PAGE);
  violations.check(VALIDATION_CODE);
  return limit ?? MAX_PAGE;
}

function tokenMember(nextToken: string | undefined): JsonObject {
  return nextToken === undefined ? {} : { nextToken };
}

function* filtered<T>(items: Iterable<T>, keep: (item: T) => boolean): Generator<T> {
  for (const item of items) if (keep(item)) yield item;
}
