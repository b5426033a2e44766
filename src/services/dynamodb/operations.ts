/** Every operation by its name on the wire; both targets (DynamoDB_20120810, DynamoDBStreams_20120810) share the table. */
import type { JsonOperation } from "../kit/json-protocol.js";
import type { Engine } from "./engine.js";
import { batchGetItem, batchWriteItem } from "./operations/batch.js";
import { query } from "./operations/query.js";
import { scan } from "./operations/scan.js";
import { deleteItem, getItem, putItem, updateItem } from "./operations/single-item.js";
import { describeStream, getRecords, getShardIterator, listStreams } from "./operations/streams.js";
import {
  describeContinuousBackups,
  describeEndpoints,
  describeLimits,
  describeTimeToLive,
  listTagsOfResource,
  tagResource,
  untagResource,
  updateTimeToLive,
} from "./operations/table-settings.js";
import { createTable, deleteTable, describeTableOperation, listTables } from "./operations/tables.js";
import { transactGetItems, transactWriteItems } from "./operations/transactions.js";
import { updateTable } from "./operations/update-table.js";
import type { TokenStore } from "./store/token-store.js";

export function operations(engine: Engine, tokens: TokenStore): Readonly<Record<string, JsonOperation>> {
  return {
    CreateTable: (input) => createTable(engine, input),
    UpdateTable: (input) => updateTable(engine, input),
    DescribeTable: (input) => describeTableOperation(engine, input),
    ListTables: (input) => listTables(engine, input),
    DeleteTable: (input) => deleteTable(engine, input),
    GetItem: (input) => getItem(engine, input),
    PutItem: (input) => putItem(engine, input),
    UpdateItem: (input) => updateItem(engine, input),
    DeleteItem: (input) => deleteItem(engine, input),
    BatchGetItem: (input) => batchGetItem(engine, input),
    BatchWriteItem: (input) => batchWriteItem(engine, input),
    TransactGetItems: (input) => transactGetItems(engine, input),
    TransactWriteItems: (input) => transactWriteItems(engine, tokens, input),
    Query: (input) => query(engine, input),
    Scan: (input) => scan(engine, input),
    TagResource: (input) => tagResource(engine, input),
    UntagResource: (input) => untagResource(engine, input),
    ListTagsOfResource: (input) => listTagsOfResource(engine, input),
    UpdateTimeToLive: (input) => updateTimeToLive(engine, input),
    DescribeTimeToLive: (input) => describeTimeToLive(engine, input),
    DescribeContinuousBackups: (input) => describeContinuousBackups(engine, input),
    DescribeLimits: () => describeLimits(),
    DescribeEndpoints: (_input, request) => describeEndpoints(request.endpoint),
    ListStreams: (input) => listStreams(engine, input),
    DescribeStream: (input) => describeStream(engine, input),
    GetShardIterator: (input) => getShardIterator(engine, input),
    GetRecords: (input) => getRecords(engine, input),
  };
}
