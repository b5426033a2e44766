/** Event source mappings. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html */
import { isDeepStrictEqual } from "node:util";
import { arnOf, parseArn } from "../../../shared/arn.js";
import {
  booleanMember,
  numberMember,
  objectListMember,
  objectMember,
  stringListMember,
  stringMember,
} from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Mapping, MappingSettings } from "../collaborators.js";
import {
  functionArn,
  page,
  requireVersion,
  type Answer,
  type Call,
  type LambdaContext,
  type Route,
} from "../context.js";
import { conflict, invalidParameter, resourceNotFound } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import { keptAsSent, isSaid } from "../kept-as-sent.js";
import { tagsMember } from "../tags.js";
import { changedStream, checkStream, isStreamArn, newStreamSettings, streamView } from "./stream-mappings.js";

const BASE = "/2015-03-31/event-source-mappings";
const SQS_BATCH = { default: 10, fifo: 10, withoutWindow: 10 } as const;
const STREAM_BATCH = 100;

const MIN_POLLERS = 2;
/** Filtering developer guide: five for each source, more on request. */
const MAX_FILTERS = 5;
/** Members for streams, Kafka, queues of MQ and DocumentDB. */
const NOT_OF_QUEUES = [
  "AmazonManagedKafkaEventSourceConfig",
  "BisectBatchOnFunctionError",
  "DestinationConfig",
  "DocumentDBEventSourceConfig",
  "MaximumRecordAgeInSeconds",
  "MaximumRetryAttempts",
  "ParallelizationFactor",
  "Queues",
  "SelfManagedEventSource",
  "SelfManagedKafkaEventSourceConfig",
  "SourceAccessConfigurations",
  "StartingPositionTimestamp",
  "Topics",
  "TumblingWindowInSeconds",
] as const;
const KEPT_OF_MAPPINGS = ["KMSKeyArn", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig"] as const;

export const MAPPING_ROUTES: readonly Route[] = [
  { method: "POST", path: BASE, name: "CreateEventSourceMapping", run: create },
  { method: "GET", path: BASE, name: "ListEventSourceMappings", run: list },
  { method: "GET", path: `${BASE}/{UUID}`, name: "GetEventSourceMapping", run: get },
  { method: "PUT", path: `${BASE}/{UUID}`, name: "UpdateEventSourceMapping", run: update },
  { method: "DELETE", path: `${BASE}/{UUID}`, name: "DeleteEventSourceMapping", run: remove },
];

async function create({ context, input }: Call): Promise<Answer> {
  const eventSourceArn = sourceOf(input);
  const isStream = isStreamArn(eventSourceArn);
  const settings = read(context, input, {
    eventSourceArn,
    functionName: "",
    qualifier: undefined,
    enabled: true,
    batchSize: isStream ? STREAM_BATCH : SQS_BATCH.default,
    maximumBatchingWindowSeconds: 0,
    reportBatchItemFailures: false,
    filterPatterns: [],
    maximumConcurrency: undefined,
    stream: isStream ? newStreamSettings(input, eventSourceArn) : undefined,
  });
  const tags = tagsMember(input);
  const manager = await context.mappings();
  const same = manager
    .list()
    .find(
      (other) =>
        other.eventSourceArn === eventSourceArn &&
        other.functionName === settings.functionName &&
        other.qualifier === settings.qualifier,
    );
  if (same !== undefined) {
    const pair = `arn (" ${eventSourceArn} ") and function (" ${settings.functionName} ")`;
    const exists = isStream
      ? `The event source ${pair} provided mapping already exists.`
      : `An event source mapping with SQS ${pair} already exists.`;
    throw conflict(`${exists} Please update or delete the existing mapping with UUID ${same.uuid}`);
  }
  const made = await manager.create(settings);
  await keep(context, made.uuid, input);
  if (tags !== undefined) await context.rows.put("tags", arnOfMapping(context, made.uuid), "", tags, { durable: true });
  return { status: 202, body: view(context, made, settings.enabled ? "Creating" : "Disabled") };
}

/** What AWS refuses about sources that this emulates no mappings of is refused in AWS's words. */
function sourceOf(input: JsonObject): string {
  if (isSaid(input["SelfManagedEventSource"]) && !isSaid(input["SourceAccessConfigurations"]))
    throw invalidParameter("Required 'sourceAccessConfigurations' parameter is missing.");
  const arn = stringMember(input, "EventSourceArn");
  if (arn === undefined) throw invalidParameter("Unrecognized event source.");
  return arn;
}

async function keep({ rows }: LambdaContext, uuid: string, input: JsonObject): Promise<void> {
  const current = rows.get("mappingSent", uuid) ?? {};
  const kept = keptAsSent(KEPT_OF_MAPPINGS, input, current);
  if (!isDeepStrictEqual(kept, current)) await rows.put("mappingSent", uuid, "", kept, { durable: true });
}

/** What the request says, over `current`. */
function read(context: LambdaContext, input: JsonObject, current: MappingSettings): MappingSettings {
  const batchSize = numberMember(input, "BatchSize") ?? current.batchSize;
  const window = numberMember(input, "MaximumBatchingWindowInSeconds") ?? current.maximumBatchingWindowSeconds;
  const scaling = objectMember(input, "ScalingConfig");
  const maximumConcurrency =
    scaling === undefined ? current.maximumConcurrency : numberMember(scaling, "MaximumConcurrency");
  const responseTypes = stringListMember(input, "FunctionResponseTypes");
  if (parseArn(current.eventSourceArn)?.service === "sqs") {
    checkSqs(input, current.eventSourceArn, batchSize, window);
    checkPollers(objectMember(input, "ProvisionedPollerConfig") ?? {}, maximumConcurrency);
  }
  const { stream } = current;
  if (stream !== undefined) checkStream(input);
  const name = stringMember(input, "FunctionName");
  const reference =
    name === undefined
      ? { name: current.functionName, qualifier: current.qualifier }
      : parseFunctionName(name, undefined, context.realm);
  if (context.directory.latest(reference.name) === undefined) throw invalidParameter("Function does not exist");
  requireVersion(context, reference);
  return {
    eventSourceArn: current.eventSourceArn,
    functionName: reference.name,
    qualifier: reference.qualifier,
    enabled: booleanMember(input, "Enabled") ?? current.enabled,
    batchSize,
    maximumBatchingWindowSeconds: window,
    reportBatchItemFailures:
      responseTypes === undefined ? current.reportBatchItemFailures : responseTypes.includes("ReportBatchItemFailures"),
    filterPatterns: filtersOf(input) ?? current.filterPatterns,
    maximumConcurrency,
    stream: stream === undefined ? undefined : changedStream(input, stream),
  };
}

function checkSqs(input: JsonObject, arn: string, batchSize: number, window: number): void {
  if (isSaid(input["StartingPosition"])) throw invalidParameter("StartingPosition is not valid for SQS event sources.");
  const foreign = NOT_OF_QUEUES.find((member) => isSaid(input[member]) && input[member] !== false);
  if (foreign !== undefined)
    throw invalidParameter(`Unsupported ${foreign} parameter for given event source mapping type.`);
  const isFifo = arn.endsWith(".fifo");
  if (isFifo && window > 0) throw invalidParameter("Batching window is not supported for FIFO queues");
  if (isFifo && batchSize > SQS_BATCH.fifo)
    throw invalidParameter(`BatchSize must be less than or equal to ${SQS_BATCH.fifo} for FIFO queues`);
  if (batchSize > SQS_BATCH.withoutWindow && window === 0) {
    throw invalidParameter(
      `Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than ${SQS_BATCH.withoutWindow}`,
    );
  }
}

/** Lambda API reference, "ProvisionedPollerConfig": of queues at least two pollers, and no concurrency of their own beside them. */
function checkPollers(pollers: JsonObject, maximumConcurrency: number | undefined): void {
  const minimum = numberMember(pollers, "MinimumPollers");
  const maximum = numberMember(pollers, "MaximumPollers");
  if (isSaid(pollers["PollerGroupName"])) throw invalidParameter("PollerGroupName is not supported for SQS queues.");
  if (minimum === undefined && maximum === undefined) return;
  if (maximumConcurrency !== undefined)
    throw invalidParameter("MaximumConcurrency and ProvisionedPollerConfig cannot both be set.");
  if ((minimum ?? MIN_POLLERS) < MIN_POLLERS || (maximum ?? MIN_POLLERS) < MIN_POLLERS)
    throw invalidParameter(`MinimumPollers and MaximumPollers of an SQS queue must be at least ${MIN_POLLERS}.`);
  if ((minimum ?? MIN_POLLERS) > (maximum ?? Number.POSITIVE_INFINITY))
    throw invalidParameter("MinimumPollers must not be greater than MaximumPollers.");
}

function filtersOf(input: JsonObject): readonly string[] | undefined {
  const criteria = objectMember(input, "FilterCriteria");
  if (criteria === undefined) return undefined;
  const patterns = (objectListMember(criteria, "Filters") ?? []).map(
    (filter) => stringMember(filter, "Pattern") ?? "{}",
  );
  if (patterns.length > MAX_FILTERS) throw invalidParameter(`FilterCriteria takes at most ${MAX_FILTERS} filters.`);
  for (const pattern of patterns) {
    try {
      const value: unknown = JSON.parse(pattern);
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("not an object");
    } catch {
      throw invalidParameter("Invalid filter pattern definition.");
    }
  }
  return patterns;
}

const arnOfMapping = ({ realm }: LambdaContext, uuid: string): string =>
  `${arnOf.function(realm, "").replace(/function:$/, "event-source-mapping:")}${uuid}`;

function view(context: LambdaContext, mapping: Mapping, state = mapping.enabled ? "Enabled" : "Disabled"): JsonObject {
  return {
    UUID: mapping.uuid,
    EventSourceMappingArn: arnOfMapping(context, mapping.uuid),
    EventSourceArn: mapping.eventSourceArn,
    FunctionArn: functionArn(context, mapping.functionName, mapping.qualifier),
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.maximumBatchingWindowSeconds,
    LastModified: mapping.lastModifiedMs / 1000,
    State: state,
    // Each kind in its own words, as recorded on AWS.
    StateTransitionReason: mapping.stream === undefined ? "USER_INITIATED" : "User action",
    FunctionResponseTypes: mapping.reportBatchItemFailures ? ["ReportBatchItemFailures"] : [],
    ...(mapping.filterPatterns.length === 0
      ? {}
      : { FilterCriteria: { Filters: mapping.filterPatterns.map((Pattern) => ({ Pattern })) } }),
    ...(mapping.maximumConcurrency === undefined
      ? {}
      : { ScalingConfig: { MaximumConcurrency: mapping.maximumConcurrency } }),
    ...streamView(mapping),
    ...context.rows.get("mappingSent", mapping.uuid),
  };
}

async function requireMapping({ context, path }: Call): Promise<Mapping> {
  const found = (await context.mappings()).list().find(({ uuid }) => uuid === path["UUID"]);
  if (found === undefined) throw resourceNotFound("The resource you requested does not exist.");
  return found;
}

async function get(call: Call): Promise<Answer> {
  return { body: view(call.context, await requireMapping(call)) };
}

async function update(call: Call): Promise<Answer> {
  const mapping = await requireMapping(call);
  const settings = read(call.context, call.input, mapping);
  const updated = await (await call.context.mappings()).update(mapping.uuid, settings);
  await keep(call.context, mapping.uuid, call.input);
  const state = settings.enabled === mapping.enabled ? "Updating" : settings.enabled ? "Enabling" : "Disabling";
  return { status: 202, body: view(call.context, updated, state) };
}

async function remove(call: Call): Promise<Answer> {
  const mapping = await requireMapping(call);
  const body = view(call.context, mapping, "Deleting");
  await removeMapping(call.context, mapping.uuid);
  return { status: 202, body };
}

export async function removeMapping(context: LambdaContext, uuid: string): Promise<void> {
  await (await context.mappings()).remove(uuid);
  await context.rows.remove("mappingSent", uuid);
  await context.rows.remove("tags", arnOfMapping(context, uuid));
}

async function list({ context, query }: Call): Promise<Answer> {
  const source = query.get("EventSourceArn");
  const named = query.get("FunctionName");
  const wanted = named === null ? undefined : parseFunctionName(named, undefined, context.realm);
  if (wanted !== undefined) requireVersion(context, wanted);
  const all = (await context.mappings()).list().filter((mapping) => {
    if (source !== null && mapping.eventSourceArn !== source) return false;
    return (
      wanted === undefined ||
      (mapping.functionName === wanted.name &&
        (wanted.qualifier === undefined || wanted.qualifier === mapping.qualifier))
    );
  });
  const { rows, next } = page(all, query, 100);
  return { body: { EventSourceMappings: rows.map((mapping) => view(context, mapping)), ...next } };
}
