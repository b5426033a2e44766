/**
 * Streams: made, shown, changed and deleted. What AWS does in the background is done when the call returns.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html
 */
import { arnOf } from "../../shared/arn.js";
import {
  booleanMember,
  numberMember,
  objectMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { change } from "./change-stream.js";
import type { KinesisContext, Operations } from "./context.js";
import { invalidArgument, resourceInUse, validation } from "./errors.js";
import { enumMember, nameMember, rangeMember, refuseMembers, requiredName, requireStream } from "./input.js";
import { firstShards, livingShards, openShards, shardView } from "./shards.js";
import { shardNumberOf } from "./sequence.js";
import type { StreamRow } from "./store.js";
import { checkedTags, tagsMember } from "./tags.js";

const MODES = ["PROVISIONED", "ON_DEMAND"] as const;
const ON_DEMAND_SHARDS = 4;
const RECORD_KIB = { min: 1024, max: 10_240 } as const;
const RETENTION_HOURS = { min: 24, max: 8760 } as const;
const MAX_LISTED = 10_000;
const DEFAULT_LISTED = 100;
export const SHARD_LIMIT = 20_000;
const METRICS = [
  "IncomingBytes",
  "IncomingRecords",
  "OutgoingBytes",
  "OutgoingRecords",
  "WriteProvisionedThroughputExceeded",
  "ReadProvisionedThroughputExceeded",
  "IteratorAgeMilliseconds",
] as const;

export function streamOperations(context: KinesisContext): Operations {
  return {
    CreateStream: (input) => createStream(context, input),
    DeleteStream: (input) => deleteStream(context, input),
    DescribeStream: (input) => describeStream(context, input),
    DescribeStreamSummary: (input) => {
      const stream = requireStream(context, input);
      return {
        StreamDescriptionSummary: {
          ...common(stream),
          OpenShardCount: openShards(stream).length,
          ConsumerCount: stream.consumers.length,
          MaxRecordSizeInKiB: stream.maxRecordKiB,
        },
      };
    },
    ListStreams: (input) => listStreams(context, input),
    DescribeLimits: () => {
      const all = context.store.all();
      const open = all.reduce((sum, stream) => sum + openShards(stream).length, 0);
      const onDemand = all.filter(({ mode }) => mode === "ON_DEMAND").length;
      return {
        ShardLimit: SHARD_LIMIT,
        OpenShardCount: open,
        OnDemandStreamCount: onDemand,
        OnDemandStreamCountLimit: 50,
      };
    },
    IncreaseStreamRetentionPeriod: (input) => setRetention(context, input, "longer"),
    DecreaseStreamRetentionPeriod: (input) => setRetention(context, input, "shorter"),
    UpdateStreamMode: (input) => {
      const violations = new Violations();
      const mode = modeMember(input, violations);
      violations.required(input["StreamModeDetails"], "streamModeDetails");
      return change(context, input, violations, (stream) => ({ ...stream, mode: mode ?? stream.mode }));
    },
    UpdateMaxRecordSize: (input) => {
      const violations = new Violations();
      const size = rangeMember(input, "MaxRecordSizeInKiB", RECORD_KIB.min, RECORD_KIB.max, violations);
      violations.required(size, "maxRecordSizeInKiB");
      return change(context, input, violations, (stream) => ({ ...stream, maxRecordKiB: size ?? stream.maxRecordKiB }));
    },
    StartStreamEncryption: (input) => {
      const keyId = keyMember(input);
      return change(context, input, new Violations(), (stream) => ({ ...stream, keyId }));
    },
    StopStreamEncryption: (input) => {
      keyMember(input);
      return change(context, input, new Violations(), (stream) => ({ ...stream, keyId: undefined }));
    },
    EnableEnhancedMonitoring: (input) => monitor(context, input, (now, named) => new Set([...now, ...named])),
    DisableEnhancedMonitoring: (input) =>
      monitor(context, input, (now, named) => new Set(now.filter((metric) => !named.includes(metric)))),
  };
}

function modeMember(input: JsonObject, violations: Violations): StreamRow["mode"] | undefined {
  const details = objectMember(input, "StreamModeDetails");
  const mode = details === undefined ? undefined : stringMember(details, "StreamMode");
  if (details !== undefined) violations.required(mode, "streamModeDetails.streamMode");
  violations.oneOf(mode, "streamModeDetails.streamMode", MODES);
  return mode as StreamRow["mode"] | undefined;
}

function keyMember(input: JsonObject): string {
  const violations = new Violations();
  const type = enumMember(input, "EncryptionType", ["NONE", "KMS"], violations);
  const keyId = stringMember(input, "KeyId");
  violations.required(type, "encryptionType");
  violations.required(keyId, "keyId");
  violations.length(keyId, "keyId", 1, 2048);
  violations.check();
  if (type !== "KMS") throw invalidArgument("EncryptionType must be KMS.");
  return keyId ?? "";
}

async function createStream(context: KinesisContext, input: JsonObject): Promise<JsonObject> {
  const violations = new Violations();
  const name = requiredName(input, "StreamName", violations);
  const shardCount = rangeMember(input, "ShardCount", 1, SHARD_LIMIT, violations);
  const maxRecordKiB = rangeMember(input, "MaxRecordSizeInKiB", RECORD_KIB.min, RECORD_KIB.max, violations);
  const mode = modeMember(input, violations) ?? "PROVISIONED";
  const given = tagsMember(input, violations);
  violations.check();
  refuseMembers(input, ["WarmThroughputMiBps"]);
  if (stringMember(input, "RecordDistributionStrategy") === "AUTO")
    throw invalidArgument("RecordDistributionStrategy AUTO is not emulated by lambda-run: use USER_PARTITION_KEY.");
  if (mode === "PROVISIONED" && shardCount === undefined)
    throw validation("ShardCount must be specified for a stream in PROVISIONED mode.");
  if (mode === "ON_DEMAND" && shardCount !== undefined)
    throw validation("ShardCount is not expected when StreamMode=ON_DEMAND");
  const tags = checkedTags(given, {}, name, context.realm.accountId);
  await makeStream(context, { name, mode, shardCount, maxRecordKiB, tags });
  return {};
}

export interface NewStream {
  readonly name: string;
  readonly mode: StreamRow["mode"];
  readonly shardCount: number | undefined;
  readonly maxRecordKiB?: number | undefined;
  readonly retentionHours?: number | undefined;
  readonly keyId?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export async function makeStream(context: KinesisContext, wanted: NewStream): Promise<void> {
  const { store, clock, realm, bus } = context;
  const { name, mode, tags } = wanted;
  const nowMs = clock.now();
  const arn = arnOf.stream(realm, name);
  await store.write(() => {
    if (store.find(name) !== undefined)
      throw resourceInUse(`Stream ${name} under account ${realm.accountId} already exists.`);
    store.put({
      id: store.nextStreamId(),
      name,
      arn,
      mode,
      createdMs: nowMs,
      retentionHours: wanted.retentionHours ?? RETENTION_HOURS.min,
      maxRecordKiB: wanted.maxRecordKiB ?? RECORD_KIB.min,
      ...(wanted.keyId === undefined ? {} : { keyId: wanted.keyId }),
      metrics: [],
      tags,
      shards: firstShards(wanted.shardCount ?? ON_DEMAND_SHARDS, nowMs),
      consumers: [],
    });
  });
  bus.emit("StreamChanged", { streamArn: arn });
}

async function deleteStream(context: KinesisContext, input: JsonObject): Promise<JsonObject> {
  const { store, realm, bus } = context;
  const enforced = booleanMember(input, "EnforceConsumerDeletion") === true;
  const arn = await store.write(() => {
    const stream = requireStream(context, input);
    if (stream.consumers.length > 0 && !enforced)
      throw resourceInUse(
        `Stream ${stream.name} under account ${realm.accountId} has registered consumers. Deregister them, or set EnforceConsumerDeletion.`,
      );
    store.remove(stream);
    return stream.arn;
  });
  context.wakeHousekeeping();
  bus.emit("StreamChanged", { streamArn: arn });
  return {};
}

function common(stream: StreamRow): JsonObject {
  const { name, arn, mode, createdMs, retentionHours, metrics, keyId } = stream;
  return {
    StreamName: name,
    StreamARN: arn,
    StreamStatus: "ACTIVE",
    StreamModeDetails: { StreamMode: mode },
    RetentionPeriodHours: retentionHours,
    StreamCreationTimestamp: createdMs / 1000,
    EnhancedMonitoring: [{ ShardLevelMetrics: metrics }],
    EncryptionType: keyId === undefined ? "NONE" : "KMS",
    ...(keyId === undefined ? {} : { KeyId: keyId }),
  };
}

function describeStream(context: KinesisContext, input: JsonObject): JsonObject {
  const violations = new Violations();
  const limit = rangeMember(input, "Limit", 1, MAX_LISTED, violations) ?? DEFAULT_LISTED;
  const start = nameMember(input, "ExclusiveStartShardId", violations);
  const stream = requireStream(context, input, violations);
  const after = start === undefined ? -1 : (shardNumberOf(start) ?? -1);
  const rest = livingShards(stream, context.clock.now()).filter(({ number }) => number > after);
  return {
    StreamDescription: {
      ...common(stream),
      Shards: rest.slice(0, limit).map(shardView),
      HasMoreShards: rest.length > limit,
    },
  };
}

function listStreams(context: KinesisContext, input: JsonObject): JsonObject {
  const violations = new Violations();
  const limit = rangeMember(input, "Limit", 1, MAX_LISTED, violations) ?? DEFAULT_LISTED;
  const start = nameMember(input, "ExclusiveStartStreamName", violations);
  violations.check();
  const token = stringMember(input, "NextToken");
  if (token !== undefined && start !== undefined)
    throw invalidArgument("NextToken and ExclusiveStartStreamName cannot be provided together.");
  const after = token === undefined ? start : Buffer.from(token, "base64").toString();
  const rest = context.store.all().filter(({ name }) => after === undefined || name > after);
  const page = rest.slice(0, limit);
  const more = rest.length > page.length;
  return {
    StreamNames: page.map(({ name }) => name),
    HasMoreStreams: more,
    ...(more ? { NextToken: Buffer.from(page.at(-1)?.name ?? "").toString("base64") } : {}),
    StreamSummaries: page.map(({ name, arn, mode, createdMs }) => ({
      StreamName: name,
      StreamARN: arn,
      StreamStatus: "ACTIVE",
      StreamModeDetails: { StreamMode: mode },
      StreamCreationTimestamp: createdMs / 1000,
    })),
  };
}

function setRetention(context: KinesisContext, input: JsonObject, way: "longer" | "shorter"): Promise<JsonObject> {
  const hours = numberMember(input, "RetentionPeriodHours");
  const violations = new Violations();
  violations.required(hours, "retentionPeriodHours");
  return change(context, input, violations, (stream) => {
    const wanted = hours ?? 0;
    const now = stream.retentionHours;
    if (wanted < RETENTION_HOURS.min)
      throw invalidArgument(
        `Minimum allowed retention period is ${RETENTION_HOURS.min} hours. Requested retention period (${wanted} hours) is too short.`,
      );
    if (wanted > RETENTION_HOURS.max)
      throw invalidArgument(
        `Maximum allowed retention period is ${RETENTION_HOURS.max} hours. Requested retention period (${wanted} hours) is too long.`,
      );
    if (way === "longer" ? now > wanted : now < wanted)
      throw invalidArgument(
        `Requested retention period (${wanted} hours) for stream ${stream.name} can not be ${way === "longer" ? "shorter" : "longer"} than existing retention period (${now} hours). Use ${way === "longer" ? "Decrease" : "Increase"}RetentionPeriod API.`,
      );
    return { ...stream, retentionHours: wanted };
  });
}

async function monitor(
  context: KinesisContext,
  input: JsonObject,
  desired: (now: readonly string[], named: readonly string[]) => ReadonlySet<string>,
): Promise<JsonObject> {
  const given = stringListMember(input, "ShardLevelMetrics");
  const violations = new Violations();
  violations.required(given, "shardLevelMetrics");
  violations.length(given, "shardLevelMetrics", 1, METRICS.length);
  for (const [i, metric] of (given ?? []).entries())
    violations.oneOf(metric, `shardLevelMetrics.${i + 1}.member`, [...METRICS, "ALL"]);
  const named = given?.includes("ALL") === true ? METRICS : (given ?? []);
  return context.store.write(() => {
    const stream = requireStream(context, input, violations);
    const metrics = [...desired(stream.metrics, named)];
    context.store.put({ ...stream, metrics });
    return {
      StreamName: stream.name,
      StreamARN: stream.arn,
      CurrentShardLevelMetrics: stream.metrics,
      DesiredShardLevelMetrics: metrics,
    };
  });
}
