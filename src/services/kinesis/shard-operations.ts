/** Operations on the shards of a stream. https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html */
import { objectMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { KinesisContext, Operations } from "./context.js";
import { expiredToken, invalidArgument, limitExceeded, noSuchShard, onDemand } from "./errors.js";
import {
  enumMember,
  nameMember,
  hashKeyMember,
  rangeMember,
  requiredName,
  requireStream,
  streamNameIn,
  streamNamed,
  timeMember,
} from "./input.js";
import { isOpen, livingShards, merge, openShards, rangeOf, scale, shardView, split } from "./shards.js";
import { shardIdOf, shardNumberOf } from "./sequence.js";
import { horizonOf, type ShardRow, type StreamRow } from "./store.js";
import { SHARD_LIMIT } from "./streams.js";

const MAX_LISTED = 10_000;
const DEFAULT_LISTED = 1000;
const TOKEN_LIFE_MS = 300_000;
const FILTERS = [
  "AFTER_SHARD_ID",
  "AT_TRIM_HORIZON",
  "FROM_TRIM_HORIZON",
  "AT_LATEST",
  "AT_TIMESTAMP",
  "FROM_TIMESTAMP",
] as const;

export function shardOperations(context: KinesisContext): Operations {
  return {
    ListShards: (input) => listShards(context, input),
    SplitShard: async (input) => {
      const violations = new Violations();
      const shardId = requiredName(input, "ShardToSplit", violations);
      const hashKey = hashKeyMember(input, "NewStartingHashKey", "newStartingHashKey", violations);
      violations.required(input["NewStartingHashKey"], "newStartingHashKey");
      await reshard(context, input, violations, (stream, nowMs) => {
        const shard = shardNamed(context, stream, shardId);
        const { start, end } = rangeOf(shard);
        const at = hashKey ?? 0n;
        if (at <= start + 1n || at >= end)
          throw invalidArgument(
            `NewStartingHashKey ${at} used in SplitShard() on shard ${shardIdOf(shard.number)} in stream ${stream.name} under account ${context.realm.accountId} is not both greater than one plus the shard's StartingHashKey ${start} and less than the shard's EndingHashKey ${end}.`,
          );
        return split(stream.shards, shard, at, nowMs);
      });
      return {};
    },
    MergeShards: async (input) => {
      const violations = new Violations();
      const shardId = requiredName(input, "ShardToMerge", violations);
      const adjacentId = requiredName(input, "AdjacentShardToMerge", violations);
      await reshard(context, input, violations, (stream, nowMs) => {
        const shard = shardNamed(context, stream, shardId);
        const adjacent = shardNamed(context, stream, adjacentId);
        const [lower, upper] = rangeOf(shard).start < rangeOf(adjacent).start ? [shard, adjacent] : [adjacent, shard];
        if (rangeOf(lower).end + 1n !== rangeOf(upper).start)
          throw invalidArgument(
            `Shards ${shardIdOf(shard.number)} and ${shardIdOf(adjacent.number)} in stream ${stream.name} under account ${context.realm.accountId} are not an adjacent pair of shards eligible for merging`,
          );
        return merge(stream.shards, lower, upper, nowMs);
      });
      return {};
    },
    UpdateShardCount: async (input) => {
      const violations = new Violations();
      const target = rangeMember(input, "TargetShardCount", 1, SHARD_LIMIT, violations);
      const type = enumMember(input, "ScalingType", ["UNIFORM_SCALING"], violations);
      violations.required(target, "targetShardCount");
      violations.required(type, "scalingType");
      const wanted = target ?? 1;
      let before = 0;
      const { name, arn } = await reshard(context, input, violations, (stream, nowMs) => {
        before = openShards(stream).length;
        const way = wanted > before * 2 ? "up over double" : wanted * 2 < before ? "down below half" : undefined;
        if (way !== undefined)
          throw limitExceeded(
            `UpdateShardCount cannot scale ${way} your current open shard count. Current open shard count: ${before} Target open shard count: ${wanted}`,
          );
        return scale(stream.shards, wanted, nowMs);
      });
      return { StreamName: name, StreamARN: arn, CurrentShardCount: before, TargetShardCount: wanted };
    },
  };
}

/** Exchanges the shards of a stream in PROVISIONED mode, and tells whoever reads them. */
async function reshard(
  context: KinesisContext,
  input: JsonObject,
  violations: Violations,
  work: (stream: StreamRow, nowMs: number) => readonly ShardRow[],
): Promise<StreamRow> {
  const { store, clock, bus, realm } = context;
  const changed = await store.write(() => {
    const stream = requireStream(context, input, violations);
    if (stream.mode === "ON_DEMAND") throw onDemand(stream.name, realm.accountId);
    const row = { ...stream, shards: work(stream, clock.now()) };
    store.put(row);
    return row;
  });
  bus.emit("StreamChanged", { streamArn: changed.arn });
  return changed;
}

/** An open shard. */
function shardNamed({ realm }: KinesisContext, stream: StreamRow, shardId: string): ShardRow {
  const number = shardNumberOf(shardId);
  const shard = stream.shards.find((one) => one.number === number);
  if (shard === undefined)
    throw noSuchShard(number === undefined ? shardId : shardIdOf(number), stream.name, realm.accountId);
  if (!isOpen(shard))
    throw invalidArgument(
      `Shard ${shardIdOf(shard.number)} in stream ${stream.name} under account ${realm.accountId} is closed.`,
    );
  return shard;
}

interface Token {
  readonly name: string;
  readonly after: number;
  readonly filter: JsonObject | undefined;
  readonly madeMs: number;
}

function listShards(context: KinesisContext, input: JsonObject): JsonObject {
  const violations = new Violations();
  const limit = rangeMember(input, "MaxResults", 1, MAX_LISTED, violations) ?? DEFAULT_LISTED;
  const start = nameMember(input, "ExclusiveStartShardId", violations);
  const name = streamNameIn(input, violations);
  const text = stringMember(input, "NextToken");
  violations.check();
  const nowMs = context.clock.now();
  if (text === undefined && name === undefined)
    throw invalidArgument("Either NextToken or StreamName should be provided.");
  if (text !== undefined)
    for (const member of ["StreamName", "StreamARN", "ExclusiveStartShardId", "StreamCreationTimestamp", "ShardFilter"])
      if (input[member] !== undefined) throw invalidArgument(`NextToken and ${member} cannot be provided together.`);
  const token = text === undefined ? undefined : readToken(text);
  if (token !== undefined && nowMs - token.madeMs > TOKEN_LIFE_MS) throw expiredToken();
  const stream = streamNamed(context, token?.name ?? name ?? "");
  const filter = token === undefined ? objectMember(input, "ShardFilter") : token.filter;
  const after = token?.after ?? (start === undefined ? -1 : (shardNumberOf(start) ?? -1));
  const passes = filter === undefined ? () => true : filterOf(filter, stream, nowMs);
  const rest = livingShards(stream, nowMs).filter((shard) => shard.number > after && passes(shard));
  const page = rest.slice(0, limit);
  const next: Token = { name: stream.name, after: page.at(-1)?.number ?? after, filter, madeMs: nowMs };
  return {
    Shards: page.map(shardView),
    ...(rest.length > page.length ? { NextToken: Buffer.from(JSON.stringify(next)).toString("base64") } : {}),
  };
}

function readToken(text: string): Token {
  try {
    const token = JSON.parse(Buffer.from(text, "base64").toString()) as Partial<Token>;
    const { name, after, madeMs, filter } = token;
    if (typeof name === "string" && typeof after === "number" && typeof madeMs === "number")
      return { name, after, madeMs, filter };
  } catch {
    // Told below, with everything else that is no token.
  }
  throw invalidArgument("The provided NextToken is invalid.");
}

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html */
function filterOf(filter: JsonObject, stream: StreamRow, nowMs: number): (shard: ShardRow) => boolean {
  const violations = new Violations();
  const type = enumMember(filter, "Type", FILTERS, violations);
  violations.required(type, "shardFilter.type");
  violations.check();
  const shardId = stringMember(filter, "ShardId");
  const atMs = timeMember(filter, "Timestamp");
  if ((type === "AFTER_SHARD_ID") !== (shardId !== undefined))
    throw invalidArgument("ShardId must be specified with ShardFilter type AFTER_SHARD_ID, and with no other.");
  if ((type === "AT_TIMESTAMP" || type === "FROM_TIMESTAMP") !== (atMs !== undefined))
    throw invalidArgument(
      "Timestamp must be specified with the types AT_TIMESTAMP and FROM_TIMESTAMP, and with no other.",
    );
  const horizonMs = Math.max(horizonOf(stream, nowMs), stream.createdMs);
  const openAt =
    (ms: number) =>
    ({ createdMs, closedMs }: ShardRow): boolean =>
      createdMs <= ms && (closedMs === undefined || closedMs >= ms);
  switch (type) {
    case "AFTER_SHARD_ID": {
      const after = shardNumberOf(shardId ?? "") ?? -1;
      return ({ number }) => number > after;
    }
    case "AT_TRIM_HORIZON":
      return openAt(horizonMs);
    case "AT_LATEST":
      return isOpen;
    case "AT_TIMESTAMP":
      return openAt(atMs ?? nowMs);
    case "FROM_TIMESTAMP":
      return ({ closedMs }) => closedMs === undefined || closedMs >= (atMs ?? nowMs);
    default:
      return () => true;
  }
}
