/** Tags, time to live, and the small descriptions that clients and tools ask for. */
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Engine } from "../engine.js";
import { accessDenied, resourceNotFound, validationError } from "../errors.js";
import { readInput } from "../input/read-input.js";
import type { Tag } from "../input/table-inputs.js";
import { listTagsShape, tableNameShape, tagShape, untagShape, updateTimeToLiveShape } from "../input/table-shapes.js";
import type { TableRecord } from "../store/table-record.js";
import { tagRecord } from "./tables.js";

const ANY_ARN = /^.+:.+:.+:.+:.+:.+\/.+$/;
const TABLE_ARN = /^arn:aws[a-z-]*:dynamodb:.+:\d+:table\/([^/]{2}[^/]+)$/;

interface ArnInput {
  readonly ResourceArn?: string;
}

/** The members beside the ARN, as far as a refusal can be about them. */
interface Companion {
  readonly member: string;
  readonly list: readonly unknown[] | undefined;
  readonly word: string;
}

/** Checks the ARN, then what goes with it, then that the table is there: the order of the service's refusals. */
function taggedTable(
  engine: Engine,
  operation: string,
  { ResourceArn: arn }: ArnInput,
  companion?: Companion,
): TableRecord {
  if (arn === undefined) throw validationError("Invalid TableArn");
  if (!ANY_ARN.test(arn)) {
    throw accessDenied(
      `User: arn:aws:iam::${engine.realm.accountId}:root is not authorized to perform: dynamodb:${operation} on resource: ${arn === "" ? "*" : arn}`,
    );
  }
  if (companion !== undefined && companion.list === undefined) {
    throw validationError(
      `1 validation error detected: Value null at '${companion.member}' failed to satisfy constraint: Member must not be null`,
    );
  }
  const name = TABLE_ARN.exec(arn)?.[1];
  if (name === undefined) throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`);
  if (companion?.list?.length === 0)
    throw validationError(`Atleast one ${companion.word} needs to be provided as Input.`);
  const table = engine.tables.find(name);
  // "ResourcArn" is AWS's spelling.
  if (table === undefined) throw resourceNotFound(`ResourcArn: ${arn} not found`);
  return table;
}

export async function tagResource(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<ArnInput & { readonly Tags?: readonly Tag[] }>(tagShape, raw);
  await engine.store.write(() => {
    const table = taggedTable(engine, "TagResource", input, { member: "tags", list: input.Tags, word: "Tag" });
    engine.tables.put({ ...table, tags: { ...table.tags, ...tagRecord(input.Tags ?? []) } });
  });
  return {};
}

export async function untagResource(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  const input = readInput<ArnInput & { readonly TagKeys?: readonly string[] }>(untagShape, raw);
  await engine.store.write(() => {
    const table = taggedTable(engine, "UntagResource", input, {
      member: "tagKeys",
      list: input.TagKeys,
      word: "Tag Key",
    });
    const tags = Object.fromEntries(Object.entries(table.tags).filter(([key]) => !input.TagKeys?.includes(key)));
    engine.tables.put({ ...table, tags });
  });
  return {};
}

export function listTagsOfResource(engine: Engine, raw: JsonObject): JsonObject {
  const table = taggedTable(engine, "ListTagsOfResource", readInput<ArnInput>(listTagsShape, raw));
  return { Tags: Object.entries(table.tags).map(([Key, Value]) => ({ Key, Value })) };
}

export async function updateTimeToLive(engine: Engine, raw: JsonObject): Promise<JsonObject> {
  type Input = {
    readonly TableName: string;
    readonly TimeToLiveSpecification: { readonly Enabled: boolean; readonly AttributeName: string };
  };
  const { TableName, TimeToLiveSpecification: wanted } = readInput<Input>(updateTimeToLiveShape, raw);
  await engine.store.write(() => {
    const { ttlAttribute, ...rest } = engine.tables.getNamed(TableName);
    if (wanted.Enabled) {
      if (ttlAttribute === wanted.AttributeName) throw validationError("TimeToLive is already enabled");
      if (ttlAttribute !== undefined)
        throw validationError(
          "TimeToLive is active on a different AttributeName: current AttributeName is " + ttlAttribute,
        );
      engine.items.scheduleAll(rest, wanted.AttributeName);
      engine.tables.put({ ...rest, ttlAttribute: wanted.AttributeName });
      return;
    }
    if (ttlAttribute === undefined) throw validationError("TimeToLive is already disabled");
    if (ttlAttribute !== wanted.AttributeName)
      throw validationError(
        "TimeToLive is active on a different AttributeName: current AttributeName is " + ttlAttribute,
      );
    engine.items.unscheduleAll(rest.id);
    engine.tables.put(rest);
  });
  engine.wakeHousekeeping();
  return { TimeToLiveSpecification: { ...wanted } };
}

export function describeTimeToLive(engine: Engine, raw: JsonObject): JsonObject {
  const { TableName } = readInput<{ readonly TableName: string }>(tableNameShape, raw);
  const { ttlAttribute } = engine.tables.getNamed(TableName);
  const status = ttlAttribute === undefined ? "DISABLED" : "ENABLED";
  return {
    TimeToLiveDescription: {
      TimeToLiveStatus: status,
      ...(ttlAttribute === undefined ? {} : { AttributeName: ttlAttribute }),
    },
  };
}

/** AWS's default quotas. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
export function describeLimits(): JsonObject {
  return {
    AccountMaxReadCapacityUnits: 80_000,
    AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000,
    TableMaxWriteCapacityUnits: 40_000,
  };
}

const ENDPOINT_CACHE_MINUTES = 1440;

/** For clients with endpoint discovery: we are the endpoint. */
export function describeEndpoints(endpoint: string): JsonObject {
  return {
    Endpoints: [{ Address: endpoint.replace(/^https?:\/\//, ""), CachePeriodInMinutes: ENDPOINT_CACHE_MINUTES }],
  };
}

export function describeContinuousBackups(engine: Engine, raw: JsonObject): JsonObject {
  const { TableName } = readInput<{ readonly TableName: string }>(tableNameShape, raw);
  engine.tables.getNamed(TableName);
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
    },
  };
}
