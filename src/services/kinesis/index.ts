/**
 * # Kinesis
 *
 * Mimics: JSON 1.1 (what the SDK for JavaScript 3.1143, boto3 and the CLI send) and CBOR 1.1 (the SDKs for Java), API
 * version 2013-12-02; from the API reference, the developer guide and botocore's model, read in November 2026. Refusals and
 * the form of sequence numbers compared with kinesalite 3, which recorded them from the service.
 *
 * Gaps:
 * - channels, queues, resource policies, account settings and UpdateStreamWarmThroughput: UnknownOperationException by name
 * - StartStreamEncryption is kept and told in every answer; nothing is encrypted and no key is looked at
 * - RecordDistributionStrategy AUTO and WarmThroughputMiBps are refused by name
 * - streams in ON_DEMAND mode have four shards for ever
 * - on another server (`backends.kinesis`) streams of the template are not made, and mappings, rules and subscription filters do not
 *   reach them; functions and state machines do
 * - enhanced monitoring is kept and shown; there are no metrics of AWS/Kinesis
 * - UpdateShardCount is not counted by the day, calls that change streams are not counted by the second
 *
 * By design:
 * - a stream is ACTIVE, and a change of its shards done, when the call returns; a deleted stream is gone
 * - a shard takes and gives as much as it can; `limits.shardThroughput` of the config enforces AWS's 1,000 records and 1 MiB
 *   in, 5 reads and 2 MiB out a second
 *
 * Client quirks:
 * - timestamps of CBOR 1.1 are milliseconds under tag 1, which RFC 8949 has for seconds
 * - StreamARN or StreamName, or both; StreamId has no effect here as on AWS
 *
 * Unverified:
 * - texts for a request without stream, for a record beyond MaxRecordSizeInKiB, for UpdateShardCount beyond its bounds, for
 *   consumers, for DryRun, and for closed shards that are to be split
 * - events of SubscribeToShard in CBOR, which no client here could judge; an event comes at least every five seconds
 * - the shards that UpdateShardCount makes on the way to a number that is neither double nor half
 * - a closed shard says that it is at its end in the first answer without records
 */
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleCborTarget, isCborTarget, type CborTargetOptions } from "../kit/cbor-target-protocol.js";
import { handleJson, type JsonProtocolOptions } from "../kit/json-protocol.js";
import type { EmbeddedService, ServiceContext } from "../service.js";
import { adminOf, type KinesisAdmin } from "./admin.js";
import type { KinesisContext } from "./context.js";
import { Housekeeping } from "./housekeeping.js";
import { operations } from "./operations.js";
import { ShardMeter } from "./shard-meter.js";
import { KinesisStore } from "./store.js";
import { Subscriptions } from "./subscriptions.js";

export type { KinesisAdmin, KinesisRecord, KinesisShard } from "./admin.js";
export { sequenceText, shardIdOf } from "./sequence.js";

/** 10 MiB of records in base64, and what stands around them. */
const MAX_BODY_BYTES = 16 * MEBIBYTE;

export type KinesisService = EmbeddedService & KinesisAdmin;

export function createKinesisService({ store: state, clock, bus, realm, log }: ServiceContext): KinesisService {
  const store = new KinesisStore(state);
  const housekeeping = new Housekeeping(store, clock, log);
  const meter = new ShardMeter(clock);
  const context: KinesisContext = { store, meter, clock, bus, realm, wakeHousekeeping: () => housekeeping.wake() };
  if (store.hasRecords) housekeeping.wake();
  const subscriptions = new Subscriptions(context);
  const protocol: JsonProtocolOptions & CborTargetOptions = {
    version: "1.1",
    errorNamespace: "",
    operations: operations(context),
    streams: { SubscribeToShard: (input, from, to, encode) => subscriptions.start(input, from, to, encode) },
    blobs: new Set(["Data"]),
    timestamps: new Set(["ApproximateArrivalTimestamp", "ConsumerCreationTimestamp", "StreamCreationTimestamp"]),
    maxBodyBytes: MAX_BODY_BYTES,
    log,
  };
  return {
    ...adminOf(context),
    handle: (request, response) =>
      isCborTarget(request) ? handleCborTarget(request, response, protocol) : handleJson(request, response, protocol),
    reset: () => store.write(() => store.clear()),
    close: () => {
      subscriptions.close();
      return housekeeping.close();
    },
  };
}
