/**
 * What a function gets of a stream.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
import type { JsonObject } from "../../services/kit/json-protocol.js";

/** A record of the Streams API of DynamoDB. */
export const changeOf = (record: JsonObject, eventSourceARN: string): JsonObject =>
  Object.assign({}, record, { eventSourceARN });

export interface KinesisSource {
  readonly eventSourceArn: string;
  readonly shardId: string;
  readonly region: string;
  /** Of the function. */
  readonly roleArn: string;
}

export interface KinesisContent {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly atMs: number;
}

export const kinesisRecord = (
  { sequenceNumber, partitionKey, data, atMs }: KinesisContent,
  { eventSourceArn, shardId, region, roleArn }: KinesisSource,
): JsonObject => ({
  kinesis: {
    kinesisSchemaVersion: "1.0",
    partitionKey,
    sequenceNumber,
    data: data.toString("base64"),
    approximateArrivalTimestamp: atMs / 1000,
  },
  eventSource: "aws:kinesis",
  eventVersion: "1.0",
  eventID: `${shardId}:${sequenceNumber}`,
  eventName: "aws:kinesis:record",
  invokeIdentityArn: roleArn,
  awsRegion: region,
  eventSourceARN: eventSourceArn,
});

export const streamEvent = (records: readonly JsonObject[]): JsonObject => ({ Records: records });
