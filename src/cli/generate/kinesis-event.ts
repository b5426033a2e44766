/** The event of one record of a Kinesis stream, by the builder that makes it when a stream fires. */
import { sequenceText, shardIdOf } from "../../services/kinesis/index.js";
import { kinesisRecord, streamEvent } from "../../sources/streams/event.js";
import { arnOf, type Realm } from "../../shared/arn.js";

export interface KinesisEventSettings {
  readonly realm: Realm;
  readonly nowMs: number;
  readonly stream: string;
  readonly partitionKey: string;
  readonly data: Buffer;
}

export function kinesisEvent({ realm, nowMs, stream, partitionKey, data }: KinesisEventSettings): unknown {
  const atSeconds = Math.floor(nowMs / 1000);
  const sequenceNumber = sequenceText({ shardBeganSeconds: atSeconds, shardNumber: 0, position: 1n, atSeconds });
  const source = {
    eventSourceArn: arnOf.stream(realm, stream),
    shardId: shardIdOf(0),
    region: realm.region,
    roleArn: arnOf.role(realm, "my-role"),
  };
  return streamEvent([kinesisRecord({ sequenceNumber, partitionKey, data, atMs: nowMs }, source)]);
}
