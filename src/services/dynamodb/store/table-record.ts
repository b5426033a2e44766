/** A table as it is stored, and as the API describes it. */
import { arnOf, type Realm } from "../../../shared/arn.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { KeyType } from "../values/attribute-value.js";

export interface Keys {
  readonly hash: string;
  readonly range?: string | undefined;
}

export interface Projection {
  readonly ProjectionType: "ALL" | "KEYS_ONLY" | "INCLUDE";
  readonly NonKeyAttributes?: readonly string[];
}

export interface Throughput {
  readonly ReadCapacityUnits: number;
  readonly WriteCapacityUnits: number;
}

export interface IndexRecord {
  /** Part of the row keys; 0 is the table itself. */
  readonly id: number;
  readonly name: string;
  readonly local: boolean;
  readonly keys: Keys;
  readonly projection: Projection;
  readonly throughput: Throughput;
}

export type StreamViewType = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

export interface TableRecord {
  /** Part of the row keys; never used twice, so that a table made again under the same name starts empty. */
  readonly id: number;
  /** As told to clients. */
  readonly uuid: string;
  readonly name: string;
  readonly keys: Keys;
  readonly types: Readonly<Record<string, KeyType>>;
  readonly indexes: readonly IndexRecord[];
  readonly nextIndexId: number;
  readonly createdMs: number;
  readonly onDemand: boolean;
  /** When the table became on-demand. */
  readonly onDemandSinceMs?: number;
  readonly throughput: Throughput;
  readonly stream?: {
    readonly id: number;
    readonly arn: string;
    readonly label: string;
    readonly viewType: StreamViewType;
  };
  /** The newest stream, which DescribeTable goes on naming after it was switched off. */
  readonly latestStream?: { readonly arn: string; readonly label: string };
  readonly ttlAttribute?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly deletionProtection: boolean;
  readonly tableClass?: string;
  readonly sse?: boolean;
}

export interface Totals {
  readonly items: number;
  readonly bytes: number;
}

export function indexArn(realm: Realm, table: string, index: string): string {
  return `${arnOf.table(realm, table)}/index/${index}`;
}

/** Every attribute that is part of a key: of the table, and of an index. */
export function keyNames(keys: Keys): string[] {
  return keys.range === undefined ? [keys.hash] : [keys.hash, keys.range];
}

/** TableDescription: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html */
export function describeTable(
  realm: Realm,
  table: TableRecord,
  totals: (indexId: number) => Totals,
  status = "ACTIVE",
): JsonObject {
  const { items, bytes } = totals(0);
  const local = table.indexes.filter((index) => index.local);
  const global = table.indexes.filter((index) => !index.local);
  const describeIndex = (index: IndexRecord): JsonObject => {
    const counted = totals(index.id);
    return {
      IndexName: index.name,
      KeySchema: keySchemaOf(index.keys),
      Projection: index.projection,
      ...(index.local
        ? {}
        : { IndexStatus: status, ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...index.throughput } }),
      IndexSizeBytes: counted.bytes,
      ItemCount: counted.items,
      IndexArn: indexArn(realm, table.name, index.name),
    };
  };
  return {
    AttributeDefinitions: Object.entries(table.types).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    TableName: table.name,
    KeySchema: keySchemaOf(table.keys),
    TableStatus: status,
    CreationDateTime: table.createdMs / 1000,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...table.throughput },
    TableSizeBytes: bytes,
    ItemCount: items,
    TableArn: arnOf.table(realm, table.name),
    TableId: table.uuid,
    ...(table.onDemandSinceMs === undefined ? {} : { BillingModeSummary: billing(table) }),
    ...(local.length > 0 ? { LocalSecondaryIndexes: local.map(describeIndex) } : {}),
    ...(global.length > 0 ? { GlobalSecondaryIndexes: global.map(describeIndex) } : {}),
    ...(table.stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream.viewType } } : {}),
    ...(table.latestStream
      ? { LatestStreamLabel: table.latestStream.label, LatestStreamArn: table.latestStream.arn }
      : {}),
    ...(table.tableClass === undefined ? {} : { TableClassSummary: { TableClass: table.tableClass } }),
    ...(table.sse ? { SSEDescription: { Status: "ENABLED", SSEType: "KMS" } } : {}),
    DeletionProtectionEnabled: table.deletionProtection,
  };
}

function billing(table: TableRecord): JsonObject {
  const mode = table.onDemand ? "PAY_PER_REQUEST" : "PROVISIONED";
  return { BillingMode: mode, LastUpdateToPayPerRequestDateTime: (table.onDemandSinceMs ?? 0) / 1000 };
}

function keySchemaOf(keys: Keys): JsonObject[] {
  return keyNames(keys).map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" }));
}
