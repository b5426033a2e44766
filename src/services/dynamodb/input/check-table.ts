/** The rules on a table's definition that go beyond single members, in AWS's order and words. */
import { invalidValues, validationError } from "../errors.js";
import type { Keys, Throughput } from "../store/table-record.js";
import type {
  AttributeDefinition,
  CreateTableInput,
  IndexInput,
  KeySchemaElement,
  StreamSpecification,
  UpdateTableInput,
} from "./table-inputs.js";

const MAX_UNITS = 1_000_000_000_000;
const MAX_LOCAL_INDEXES = 5;
const MAX_GLOBAL_INDEXES = 20;

export function checkCreateTable(input: CreateTableInput): void {
  checkBilling(input);
  const defined = input.AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  checkTableKeys(input, defined);
  const names = new Set<string>();
  if (input.LocalSecondaryIndexes !== undefined) checkLocalIndexes(input, input.LocalSecondaryIndexes, defined, names);
  if (input.GlobalSecondaryIndexes !== undefined)
    checkGlobalIndexes(input, input.GlobalSecondaryIndexes, defined, names);
  checkDefinitionsUsed(input);
  checkStream(input.StreamSpecification);
}

function checkBilling({ BillingMode, ProvisionedThroughput }: CreateTableInput): void {
  if (BillingMode === "PAY_PER_REQUEST") {
    if (ProvisionedThroughput === undefined) return;
    throw invalidValues(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  if (ProvisionedThroughput === undefined) {
    throw invalidValues(
      "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    );
  }
  checkUnits(ProvisionedThroughput);
}

export function checkUnits({ ReadCapacityUnits, WriteCapacityUnits }: Throughput): void {
  if (ReadCapacityUnits > MAX_UNITS)
    throw validationError(`Given value ${ReadCapacityUnits} for ReadCapacityUnits is out of bounds`);
  if (WriteCapacityUnits > MAX_UNITS)
    throw validationError(`Given value ${WriteCapacityUnits} for WriteCapacityUnits is out of bounds`);
}

function checkTableKeys(input: CreateTableInput, defined: readonly string[]): void {
  if (input.KeySchema.length > defined.length)
    throw validationError("Invalid KeySchema: Some index key attribute have no definition");
  checkKeySchema(input.KeySchema, defined);
  const indexed = input.LocalSecondaryIndexes !== undefined || input.GlobalSecondaryIndexes !== undefined;
  if (!indexed && input.KeySchema.length !== defined.length) {
    throw invalidValues(
      "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    );
  }
}

function checkKeySchema(schema: readonly KeySchemaElement[], defined: readonly string[]): void {
  const keys = schema.map(({ AttributeName }) => AttributeName);
  if (keys.some((key) => !defined.includes(key))) {
    throw invalidValues(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${keys.join(", ")}], AttributeDefinitions: [${defined.join(", ")}]`,
    );
  }
  if (keys[0] === keys[1])
    throw validationError("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  if (schema[0]?.KeyType !== "HASH")
    throw validationError("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (schema[1] !== undefined && schema[1].KeyType !== "RANGE") {
    throw validationError("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  }
}

function checkLocalIndexes(
  input: CreateTableInput,
  indexes: readonly IndexInput[],
  defined: readonly string[],
  names: Set<string>,
): void {
  if (indexes.length === 0) throw invalidValues("List of LocalSecondaryIndexes is empty");
  if (input.KeySchema.length !== 2) {
    throw invalidValues(
      "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    );
  }
  const tableHash = input.KeySchema[0]?.AttributeName;
  for (const index of indexes) {
    checkKeySchema(index.KeySchema, defined);
    if (index.KeySchema.length !== 2)
      throw invalidValues(`Index KeySchema does not have a range key for index: ${index.IndexName}`);
    const indexHash = index.KeySchema[0]?.AttributeName;
    if (indexHash !== tableHash) {
      throw invalidValues(
        `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${index.IndexName}. index hash key: ${indexHash}, table hash key: ${tableHash}`,
      );
    }
    checkProjection(index);
    checkIndexName(index.IndexName, names);
  }
  if (indexes.length > MAX_LOCAL_INDEXES) {
    throw invalidValues(`Number of LocalSecondaryIndexes exceeds per-table limit of ${MAX_LOCAL_INDEXES}`);
  }
}

function checkGlobalIndexes(
  input: CreateTableInput,
  indexes: readonly IndexInput[],
  defined: readonly string[],
  names: Set<string>,
): void {
  if (indexes.length === 0) throw invalidValues("List of GlobalSecondaryIndexes is empty");
  for (const index of indexes) {
    checkGlobalIndex(index, defined, input.BillingMode === "PAY_PER_REQUEST");
    checkIndexName(index.IndexName, names);
  }
  if (indexes.length > MAX_GLOBAL_INDEXES) {
    throw invalidValues(`GlobalSecondaryIndex count exceeds the per-table limit of ${MAX_GLOBAL_INDEXES}`);
  }
}

export function checkGlobalIndex(index: IndexInput, defined: readonly string[], onDemand: boolean): void {
  checkKeySchema(index.KeySchema, defined);
  checkProjection(index);
  if (onDemand && index.ProvisionedThroughput !== undefined) {
    throw invalidValues(
      `ProvisionedThroughput should not be specified for index: ${index.IndexName} when BillingMode is PAY_PER_REQUEST`,
    );
  }
  if (!onDemand && index.ProvisionedThroughput === undefined) {
    throw invalidValues(`ProvisionedThroughput must be specified for index: ${index.IndexName}`);
  }
}

function checkProjection({ Projection: { ProjectionType, NonKeyAttributes } }: IndexInput): void {
  if (ProjectionType === undefined) throw invalidValues("Unknown ProjectionType: null");
  if (NonKeyAttributes !== undefined && ProjectionType !== "INCLUDE") {
    throw invalidValues(`ProjectionType is ${ProjectionType}, but NonKeyAttributes is specified`);
  }
}

function checkIndexName(name: string, names: Set<string>): void {
  if (names.has(name)) throw invalidValues(`Duplicate index name: ${name}`);
  names.add(name);
}

/** A definition that no key uses is refused, once there are indexes too. */
function checkDefinitionsUsed(input: CreateTableInput): void {
  const schemas = [input, ...(input.LocalSecondaryIndexes ?? []), ...(input.GlobalSecondaryIndexes ?? [])];
  const used = [...new Set(schemas.flatMap(({ KeySchema }) => KeySchema.map(({ AttributeName }) => AttributeName)))];
  const defined = input.AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  if (defined.every((name) => used.includes(name))) return;
  throw invalidValues(
    `Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(", ")}], keys used: [${used.join(", ")}]`,
  );
}

function checkStream(stream: StreamSpecification | undefined): void {
  if (stream === undefined) return;
  if (stream.StreamEnabled && stream.StreamViewType === undefined) {
    throw invalidValues("StreamViewType must be specified when StreamEnabled is true");
  }
  if (!stream.StreamEnabled && stream.StreamViewType !== undefined) {
    throw invalidValues("StreamViewType must not be specified when StreamEnabled is false");
  }
}

const INDEX_UPDATE_KINDS = ["Update", "Create", "Delete"] as const;

export function checkUpdateTable(input: UpdateTableInput): void {
  const { ProvisionedThroughput, BillingMode, GlobalSecondaryIndexUpdates: updates = [] } = input;
  const changes = [
    ProvisionedThroughput,
    BillingMode,
    input.StreamSpecification,
    input.SSESpecification,
    input.TableClass,
  ];
  if (
    changes.every((change) => change === undefined) &&
    input.DeletionProtectionEnabled === undefined &&
    updates.length === 0
  ) {
    throw validationError(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    );
  }
  if (BillingMode === "PROVISIONED" && ProvisionedThroughput === undefined) {
    throw invalidValues("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  }
  if (ProvisionedThroughput !== undefined) checkUnits(ProvisionedThroughput);
  checkStream(input.StreamSpecification);
  const names = new Set<string>();
  for (const update of updates) {
    const name = INDEX_UPDATE_KINDS.map((kind) => update[kind]?.IndexName).find((given) => given !== undefined);
    if (name === undefined) {
      throw invalidValues(
        "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null",
      );
    }
    if (names.has(name))
      throw invalidValues(`Only one global secondary index update per index is allowed simultaneously. Index: ${name}`);
    names.add(name);
  }
}

export function keysOf(schema: readonly KeySchemaElement[]): Keys {
  const [hash, range] = schema.map(({ AttributeName }) => AttributeName) as [string, string | undefined];
  return range === undefined ? { hash } : { hash, range };
}

export function typesOf(
  definitions: readonly AttributeDefinition[],
): Record<string, AttributeDefinition["AttributeType"]> {
  return Object.fromEntries(definitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]));
}
