/** A stream of the embedded Kinesis, or a consumer of one. https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
import type { JsonObject } from "../../services/kit/json-protocol.js";
import type { KinesisAdmin } from "../../services/kinesis/index.js";
import type { Bus } from "../../shared/bus.js";
import { kinesisRecord } from "./event.js";
import type { StreamClient, StreamRecord } from "./stream-client.js";

export interface KinesisStreamOptions {
  readonly kinesis: KinesisAdmin;
  readonly bus: Bus;
  readonly region: string;
  /** Of the function as it is now. */
  readonly roleArn: () => string;
}

/** There need not be such a stream yet. */
export function kinesisStream(sourceArn: string, options: KinesisStreamOptions): StreamClient {
  const { kinesis, bus, region, roleArn } = options;
  const streamArn = sourceArn.replace(/\/consumer\/.*$/, "");
  return {
    streamArn: sourceArn,
    batchInfo: "KinesisBatchInfo",
    identity: () => kinesis.shardsOf(sourceArn)?.streamId,
    shards: () => kinesis.shardsOf(sourceArn)?.shards ?? [],
    isClosed: (shardId) => kinesis.isClosed(sourceArn, shardId),
    read: (shardId, after, limit) => {
      const source = { eventSourceArn: sourceArn, shardId, region, roleArn: roleArn() };
      return kinesis.recordsBehind(sourceArn, shardId, after, limit).map((content): StreamRecord => {
        const { sequenceNumber, partitionKey, atMs: arrivalMs } = content;
        return { sequenceNumber, partitionKey, arrivalMs, event: kinesisRecord(content, source) };
      });
    },
    sequenceBefore: (shardId, when) => kinesis.sequenceBefore(sourceArn, shardId, when),
    filterView,
    onChange: (listener) =>
      bus.on("StreamChanged", (change) => {
        if (change.streamArn === streamArn) listener(change.shardIds);
      }),
  };
}

/**
 * "If data is JSON and the pattern plain, or the other way round, Lambda drops the record"; what is no UTF-8 is dropped too.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
 */
function filterView({ event }: StreamRecord, wantsText: boolean | undefined): object | undefined {
  const content = event["kinesis"] as JsonObject;
  if (wantsText === undefined) return content;
  const data = decoded(String(content["data"]));
  if (data === undefined || wantsText !== (typeof data === "string")) return undefined;
  return Object.assign({}, content, { data });
}

/** The object or list that the data is in JSON, else its text; undefined when it is none. */
function decoded(base64: string): string | object | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(base64, "base64"));
  } catch {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : text;
  } catch {
    return text;
  }
}
