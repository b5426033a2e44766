/** Shapes of the calls on tables, tags, time to live and streams. Members stand in the order of the service's reports. */
import { NAME_PATTERN } from "./item-shapes.js";
import type { Members, Shape } from "./shapes.js";

const string: Shape = { kind: "string" };
const boolean: Shape = { kind: "boolean" };
const requiredString: Shape = { kind: "string", notNull: true };

/** Checked with texts of its own, before the other members. */
const ownTableName: Shape = { kind: "tableName", required: true, pattern: NAME_PATTERN };
const indexName: Shape = { kind: "string", notNull: true, pattern: NAME_PATTERN, minLength: 3, maxLength: 255 };

const struct = (javaType: string, members: Members, place: "value" | "field" = "value"): Shape => ({
  kind: "struct",
  javaType,
  place,
  members,
});

const units: Shape = { kind: "long", notNull: true, min: 1 };
const throughput = struct("ProvisionedThroughput", { WriteCapacityUnits: units, ReadCapacityUnits: units }, "field");
const billingMode: Shape = { kind: "string", enum: ["PROVISIONED", "PAY_PER_REQUEST"] };

const attributeDefinitions: Shape = {
  kind: "list",
  of: struct("AttributeDefinition", {
    AttributeName: requiredString,
    AttributeType: { kind: "string", notNull: true, enum: ["B", "N", "S"] },
  }),
};

const keySchema = (keyTypes?: readonly string[]): Shape => ({
  kind: "list",
  notNull: true,
  minLength: 1,
  maxLength: 2,
  of: struct("KeySchemaElement", {
    AttributeName: requiredString,
    KeyType: keyTypes === undefined ? requiredString : { kind: "string", notNull: true, enum: keyTypes },
  }),
});

const projection: Shape = {
  ...struct(
    "Projection",
    {
      ProjectionType: { kind: "string", enum: ["ALL", "INCLUDE", "KEYS_ONLY"] },
      NonKeyAttributes: { kind: "list", minLength: 1, of: string },
    },
    "field",
  ),
  notNull: true,
};

const streamSpecification = struct(
  "StreamSpecification",
  {
    StreamEnabled: { kind: "boolean", notNull: true },
    StreamViewType: { kind: "string", enum: ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"] },
  },
  "field",
);

const sse = struct("SSESpecification", { Enabled: boolean, SSEType: string, KMSMasterKeyId: string }, "field");
const tags: Shape = { kind: "list", of: struct("Tag", { Key: string, Value: string }) };

export const createTableShape: Members = {
  AttributeDefinitions: { ...attributeDefinitions, notNull: true },
  TableName: ownTableName,
  BillingMode: billingMode,
  ProvisionedThroughput: throughput,
  KeySchema: keySchema(["HASH", "RANGE"]),
  LocalSecondaryIndexes: {
    kind: "list",
    of: struct("LocalSecondaryIndex", { IndexName: indexName, KeySchema: keySchema(), Projection: projection }),
  },
  GlobalSecondaryIndexes: {
    kind: "list",
    of: struct("GlobalSecondaryIndex", {
      IndexName: indexName,
      KeySchema: keySchema(),
      Projection: projection,
      ProvisionedThroughput: throughput,
    }),
  },
  StreamSpecification: streamSpecification,
  SSESpecification: sse,
  TableClass: { kind: "string", enum: ["STANDARD", "STANDARD_INFREQUENT_ACCESS"] },
  DeletionProtectionEnabled: boolean,
  Tags: tags,
};

export const updateTableShape: Members = {
  TableName: ownTableName,
  AttributeDefinitions: attributeDefinitions,
  ProvisionedThroughput: throughput,
  BillingMode: billingMode,
  GlobalSecondaryIndexUpdates: {
    kind: "list",
    of: struct("GlobalSecondaryIndexUpdate", {
      Update: struct(
        "UpdateGlobalSecondaryIndexAction",
        { IndexName: indexName, ProvisionedThroughput: { ...throughput, notNull: true } },
        "field",
      ),
      Create: struct(
        "CreateGlobalSecondaryIndexAction",
        { Projection: projection, IndexName: indexName, ProvisionedThroughput: throughput, KeySchema: keySchema() },
        "field",
      ),
      Delete: struct("DeleteGlobalSecondaryIndexAction", { IndexName: indexName }, "field"),
    }),
  },
  StreamSpecification: streamSpecification,
  SSESpecification: sse,
  TableClass: { kind: "string", enum: ["STANDARD", "STANDARD_INFREQUENT_ACCESS"] },
  DeletionProtectionEnabled: boolean,
};

export const tableNameShape: Members = { TableName: ownTableName };

export const listTablesShape: Members = {
  Limit: { kind: "integer", min: 1, max: 100 },
  ExclusiveStartTableName: { kind: "string", pattern: NAME_PATTERN, minLength: 3, maxLength: 255 },
};

export const tagShape: Members = { ResourceArn: string, Tags: tags };
export const untagShape: Members = { ResourceArn: string, TagKeys: { kind: "list", of: string } };
export const listTagsShape: Members = { ResourceArn: string, NextToken: string };

export const updateTimeToLiveShape: Members = {
  TableName: ownTableName,
  TimeToLiveSpecification: {
    ...struct(
      "TimeToLiveSpecification",
      {
        Enabled: { kind: "boolean", notNull: true },
        AttributeName: { kind: "string", notNull: true, minLength: 1, maxLength: 255 },
      },
      "field",
    ),
    notNull: true,
  },
};

const streamArn: Shape = { kind: "string", notNull: true, minLength: 37, maxLength: 1024 };
const shardId: Shape = { kind: "string", minLength: 28, maxLength: 65 };

export const listStreamsShape: Members = {
  TableName: { kind: "tableName", pattern: NAME_PATTERN, minLength: 3, maxLength: 255 },
  Limit: { kind: "integer", min: 1, max: 100 },
  ExclusiveStartStreamArn: { kind: "string", minLength: 37, maxLength: 1024 },
};
export const describeStreamShape: Members = {
  StreamArn: streamArn,
  Limit: { kind: "integer", min: 1, max: 100 },
  ExclusiveStartShardId: shardId,
};
export const getShardIteratorShape: Members = {
  StreamArn: streamArn,
  ShardId: { ...shardId, notNull: true },
  ShardIteratorType: {
    kind: "string",
    notNull: true,
    enum: ["AT_SEQUENCE_NUMBER", "TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER", "LATEST"],
  },
  SequenceNumber: { kind: "string", minLength: 21, maxLength: 40 },
};
export const getRecordsShape: Members = {
  ShardIterator: { kind: "string", notNull: true, minLength: 1, maxLength: 2048 },
  Limit: { kind: "integer", min: 1, max: 1000 },
};
