/**
 * Shapes of the calls that read and write items. Members stand in the order in which the service reports them.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
 */
import type { Members, Shape } from "./shapes.js";

export const NAME_PATTERN = "[a-zA-Z0-9_.-]+";
const NAME = { pattern: NAME_PATTERN, minLength: 3, maxLength: 255 } as const;

const string: Shape = { kind: "string" };
const boolean: Shape = { kind: "boolean" };
const oneOf = (...values: string[]): Shape => ({ kind: "string", enum: values });

const tableName: Shape = { kind: "tableName", notNull: true, ...NAME };
const indexName: Shape = { kind: "string", ...NAME };
const item: Shape = { kind: "map", javaType: "AttributeValue", of: { kind: "attributeValue", place: "value" } };
const requiredItem: Shape = { ...item, notNull: true };
const names: Shape = { kind: "map", javaType: "java.lang.String", of: string };
const attributesToGet: Shape = { kind: "list", of: string, minLength: 1, maxLength: 255 };
const valueList: Shape = { kind: "list", of: { kind: "attributeValue", place: "value" } };

const returnConsumedCapacity = oneOf("INDEXES", "TOTAL", "NONE");
const returnItemCollectionMetrics = oneOf("SIZE", "NONE");
const returnValues = oneOf("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW");
const returnOnFailure = oneOf("ALL_OLD", "NONE");
const conditionalOperator = oneOf("OR", "AND");
const select = oneOf("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES");
const comparisonOperator = oneOf(
  "IN",
  "NULL",
  "BETWEEN",
  "LT",
  "NOT_CONTAINS",
  "EQ",
  "GT",
  "NOT_NULL",
  "NE",
  "LE",
  "BEGINS_WITH",
  "GE",
  "CONTAINS",
);

const struct = (javaType: string, members: Members, place: "value" | "field" = "value"): Shape => ({
  kind: "struct",
  javaType,
  place,
  members,
});

const expected: Shape = {
  kind: "map",
  javaType: "ExpectedAttributeValue",
  of: struct("ExpectedAttributeValue", {
    AttributeValueList: valueList,
    ComparisonOperator: comparisonOperator,
    Exists: boolean,
    Value: { kind: "attributeValue", place: "field" },
  }),
};

const conditions: Shape = {
  kind: "map",
  javaType: "Condition",
  of: struct("Condition", {
    AttributeValueList: valueList,
    ComparisonOperator: { ...comparisonOperator, notNull: true },
  }),
};

export const getItemShape: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  AttributesToGet: attributesToGet,
  TableName: tableName,
  Key: requiredItem,
  ConsistentRead: boolean,
  ProjectionExpression: string,
  ExpressionAttributeNames: names,
};

export const putItemShape: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  Item: requiredItem,
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValuesOnConditionCheckFailure: returnOnFailure,
  ConditionExpression: string,
  ExpressionAttributeValues: item,
  ExpressionAttributeNames: names,
};

export const deleteItemShape: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  Key: requiredItem,
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValuesOnConditionCheckFailure: returnOnFailure,
  ConditionExpression: string,
  ExpressionAttributeValues: item,
  ExpressionAttributeNames: names,
};

export const updateItemShape: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValues: returnValues,
  Key: requiredItem,
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  AttributeUpdates: {
    kind: "map",
    javaType: "AttributeValueUpdate",
    of: struct("AttributeValueUpdate", { Action: string, Value: { kind: "attributeValue", place: "field" } }),
  },
  ReturnValuesOnConditionCheckFailure: returnOnFailure,
  ConditionExpression: string,
  UpdateExpression: string,
  ExpressionAttributeValues: item,
  ExpressionAttributeNames: names,
};

export const queryShape: Members = {
  Select: select,
  IndexName: indexName,
  ReturnConsumedCapacity: returnConsumedCapacity,
  QueryFilter: conditions,
  TableName: tableName,
  ConditionalOperator: conditionalOperator,
  AttributesToGet: attributesToGet,
  Limit: { kind: "integer", min: 1 },
  KeyConditions: conditions,
  ExclusiveStartKey: item,
  ConsistentRead: boolean,
  ScanIndexForward: boolean,
  KeyConditionExpression: string,
  FilterExpression: string,
  ProjectionExpression: string,
  ExpressionAttributeValues: item,
  ExpressionAttributeNames: names,
};

export const scanShape: Members = {
  Select: select,
  IndexName: indexName,
  TotalSegments: { kind: "integer", min: 1, max: 1_000_000 },
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  ConditionalOperator: conditionalOperator,
  ScanFilter: conditions,
  Segment: { kind: "integer", min: 0 },
  Limit: { kind: "integer", min: 1 },
  AttributesToGet: attributesToGet,
  ExclusiveStartKey: item,
  ConsistentRead: boolean,
  FilterExpression: string,
  ProjectionExpression: string,
  ExpressionAttributeValues: item,
  ExpressionAttributeNames: names,
};

export const batchGetShape: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  RequestItems: {
    kind: "map",
    javaType: "KeysAndAttributes",
    notNull: true,
    minLength: 1,
    keys: NAME,
    of: struct("KeysAndAttributes", {
      Keys: {
        kind: "list",
        notNull: true,
        minLength: 1,
        maxLength: 100,
        of: {
          kind: "map",
          javaType: "AttributeValue",
          parameterized: true,
          of: { kind: "attributeValue", place: "value" },
        },
      },
      AttributesToGet: attributesToGet,
      ConsistentRead: boolean,
      ProjectionExpression: string,
      ExpressionAttributeNames: names,
    }),
  },
};

export const batchWriteShape: Members = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  RequestItems: {
    kind: "map",
    javaType: "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>",
    notNull: true,
    minLength: 1,
    keys: NAME,
    values: { minLength: 1, maxLength: 25 },
    of: {
      kind: "list",
      parameterized: true,
      of: struct("WriteRequest", {
        DeleteRequest: struct("DeleteRequest", { Key: requiredItem }, "field"),
        PutRequest: struct("PutRequest", { Item: requiredItem }, "field"),
      }),
    },
  },
};

const conditional = {
  ConditionExpression: string,
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: item,
  ReturnValuesOnConditionCheckFailure: returnOnFailure,
} as const;

export const transactWriteShape: Members = {
  TransactItems: {
    kind: "list",
    notNull: true,
    minLength: 1,
    maxLength: 100,
    of: struct("TransactWriteItem", {
      ConditionCheck: struct(
        "ConditionCheck",
        { Key: requiredItem, TableName: tableName, ...conditional, ConditionExpression: { ...string, notNull: true } },
        "field",
      ),
      Put: struct("Put", { Item: requiredItem, TableName: tableName, ...conditional }, "field"),
      Delete: struct("Delete", { Key: requiredItem, TableName: tableName, ...conditional }, "field"),
      Update: struct(
        "Update",
        { Key: requiredItem, UpdateExpression: { ...string, notNull: true }, TableName: tableName, ...conditional },
        "field",
      ),
    }),
  },
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ClientRequestToken: { kind: "string", minLength: 1, maxLength: 36 },
};

export const transactGetShape: Members = {
  TransactItems: {
    kind: "list",
    notNull: true,
    minLength: 1,
    maxLength: 100,
    of: struct("TransactGetItem", {
      Get: {
        ...struct(
          "Get",
          { Key: requiredItem, TableName: tableName, ProjectionExpression: string, ExpressionAttributeNames: names },
          "field",
        ),
        notNull: true,
      },
    }),
  },
  ReturnConsumedCapacity: returnConsumedCapacity,
};
