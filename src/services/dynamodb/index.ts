/**
 * # DynamoDB
 *
 * Mimics: JSON 1.0, `DynamoDB_20120810` and `DynamoDBStreams_20120810`, from the API reference and developer guide
 * (2026) and the SDK for JavaScript's models; validation texts and expression rules compared with dynalite 4, which
 * recorded them from the service.
 *
 * Gaps:
 * - PartiQL (ExecuteStatement, BatchExecuteStatement, ExecuteTransaction), backups, exports and imports, global tables,
 *   resource policies, Kinesis destinations, Contributor Insights, warm throughput: refused by name with
 *   UnknownOperationException
 * - one shard per stream; shards never split
 * - a local index fetches attributes it lacks for the projection, not for the filter
 * - global indexes have keys of one attribute for partition and one for sort (AWS takes up to four of each since 2025)
 * - partition throttling (`limits.partitionUnits` of the config) covers the table's own partitions and single-partition queries, not
 *   scans and not hot keys of an index; there is no burst credit and no adaptive capacity
 * - SSE, table class and tags are stored and told, without effect
 *
 * By design:
 * - a table is ACTIVE when the call that makes or changes it returns; the answer itself says CREATING or UPDATING
 * - global indexes are consistent at once
 * - ItemCount and TableSizeBytes are exact, where AWS counts about every six hours
 * - expired items go within ten seconds, where AWS takes up to days
 * - time to live may be switched on and off without the hour's wait between changes
 * - transactions never meet TransactionConflict: writes are done one after the other
 * - items within one index key come in an order of their own
 * - provisioned throughput is stored and never throttles; only `limits.partitionUnits` does
 *
 * Client quirks:
 * - answers carry `x-amz-crc32`, which the SDK for Java and old clients check
 * - the .NET and Java SDKs and some tools still send Expected, AttributeUpdates and the old filters: all are understood
 * - TableName may be an ARN
 *
 * Unverified:
 * - texts for a wrong `Select`, for IdempotentParameterMismatchException, for a too deep document, for an attribute that a
 *   global index does not project, and for a doubled stream switch are from memory
 * - the exact byte at which a page of 1 MB ends: items are counted by their plain size here
 * - iterators and shard identifiers have AWS's form, not its content
 */
import { crc32 } from "node:zlib";
import type { EmbeddedService, ServiceContext } from "../service.js";
import { handleJson } from "../kit/json-protocol.js";
import { adminOf, type DynamoDbAdmin } from "./admin.js";
import type { Engine } from "./engine.js";
import { errorNamespace } from "./errors.js";
import { DEFAULT_TTL_SWEEP_MS, Housekeeping } from "./housekeeping.js";
import { operations } from "./operations.js";
import { PartitionMeter, type PartitionLimits } from "./partition-meter.js";
import { Counters } from "./store/counters.js";
import { ItemStore } from "./store/item-store.js";
import { StreamLog } from "./store/stream-log.js";
import { TableStore } from "./store/table-store.js";
import { TokenStore } from "./store/token-store.js";
import { WriteQueue } from "./store/write-queue.js";

export type { DynamoDbAdmin, StreamPage, StreamShard } from "./admin.js";
export type { PartitionLimits } from "./partition-meter.js";
export { streamRecordOf } from "./store/stream-log.js";
export type { Item } from "./values/attribute-value.js";

export interface DynamoDbOptions {
  /** Throttles each partition key beyond these units a second (AWS: 1,000 write, 3,000 read). Off without it. */
  readonly partitionLimits?: PartitionLimits;
  /** How often expired items are looked for. */
  readonly ttlSweepMs?: number;
}

/** 16 MB is the largest request AWS takes. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export function createDynamoDbService(
  context: ServiceContext,
  options: DynamoDbOptions = {},
): EmbeddedService & DynamoDbAdmin {
  const { store, clock, bus, realm, log } = context;
  const counters = new Counters(store);
  const streams = new StreamLog(store, counters);
  const items = new ItemStore(store, counters, streams);
  const tables = new TableStore(store);
  const tokens = new TokenStore(store);
  const meter = new PartitionMeter(options.partitionLimits, clock);
  const engine: Engine = {
    clock,
    realm,
    bus,
    log,
    store,
    writes: new WriteQueue(store),
    tables,
    items,
    streams,
    counters,
    meter,
    wakeHousekeeping: () => housekeeping.wake(),
  };
  const housekeeping = new Housekeeping(engine, tokens, options.ttlSweepMs ?? DEFAULT_TTL_SWEEP_MS);
  housekeeping.wake();
  const protocol = {
    version: "1.0",
    errorNamespace,
    operations: operations(engine, tokens),
    maxBodyBytes: MAX_REQUEST_BYTES,
    bodyHeaders: (body: string) => ({ "x-amz-crc32": String(crc32(body)) }),
    log,
  } as const;
  return {
    ...adminOf(engine),
    handle: (request, response) => handleJson(request, response, protocol),
    reset: () =>
      store.write(() => {
        for (const part of [items, streams, tables, tokens]) part.clear();
        counters.clearTotals();
      }),
    close: () => housekeeping.close(),
  };
}
