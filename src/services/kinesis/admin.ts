/** The service without HTTP: what the stack makes from a template, what an event source reads, and what other services put. */
import { AwsError } from "../kit/aws-error.js";
import type { KinesisContext } from "./context.js";
import { streamNotFound } from "./errors.js";
import { streamNameOfArn } from "./input.js";
import { put, tell, type NewRecord } from "./put-records.js";
import { readPage } from "./get-records.js";
import { parseSequence, shardIdOf, shardNumberOf } from "./sequence.js";
import { isOpen, livingShards, recordSequence } from "./shards.js";
import type { ConsumerRow, ShardRow, StreamRow } from "./store.js";
import { makeStream, type NewStream } from "./streams.js";

export interface KinesisShard {
  readonly shardId: string;
  readonly parents: readonly string[];
  /** A closed shard gets no more records. */
  readonly closed: boolean;
}

export interface KinesisRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly atMs: number;
}

export interface KinesisAdmin {
  /** Makes a stream and the consumers of a template, unless they are there; their ARNs are known before. */
  ensureStream(stream: NewStream, consumers?: readonly Pick<ConsumerRow, "name" | "arn">[]): Promise<void>;
  /** Enforces what a shard takes and gives in a second, or no longer. */
  limitShards(enforced: boolean): void;
  streamExists(streamArn: string): boolean;
  /** Throws AwsError when there is no such stream, or no room in it. */
  putRecord(streamArn: string, record: NewRecord): Promise<void>;
  /** Shards that have something to give, parents first; undefined when there is no such stream, or no such consumer of it. */
  shardsOf(sourceArn: string): { readonly streamId: string; readonly shards: readonly KinesisShard[] } | undefined;
  /** It gets no more records; nor does one that is not there. */
  isClosed(sourceArn: string, shardId: string): boolean;
  /** Records behind a sequence number, oldest first; without one from the oldest that is kept. */
  recordsBehind(sourceArn: string, shardId: string, after: string | undefined, limit: number): readonly KinesisRecord[];
  /** The sequence number that all records from then on are behind. */
  sequenceBefore(sourceArn: string, shardId: string, when: "LATEST" | number): string | undefined;
}

export function adminOf(context: KinesisContext): KinesisAdmin {
  const { store, clock, realm, bus, meter } = context;
  const find = (arn: string): StreamRow | undefined => {
    const stream = store.find(streamNameOfArn(arn) ?? "");
    const known = stream !== undefined && (stream.arn === arn || stream.consumers.some((one) => one.arn === arn));
    return known ? stream : undefined;
  };
  const shardOf = (arn: string, shardId: string): { stream: StreamRow; shard: ShardRow } | undefined => {
    const stream = find(arn);
    const wanted = shardNumberOf(shardId);
    const shard = stream?.shards.find(({ number }) => number === wanted);
    return stream === undefined || shard === undefined ? undefined : { stream, shard };
  };
  return {
    async ensureStream(wanted, consumers = []) {
      if (store.find(wanted.name) === undefined) await makeStream(context, wanted);
      const streamArn = await store.write(() => {
        const stream = store.find(wanted.name);
        const missing = consumers.filter(({ name }) => stream?.consumers.every((one) => one.name !== name));
        if (stream === undefined || missing.length === 0) return undefined;
        const added = missing.map(({ name, arn }) => ({ name, arn, createdMs: stream.createdMs, tags: {} }));
        store.put({ ...stream, consumers: [...stream.consumers, ...added] });
        return stream.arn;
      });
      if (streamArn !== undefined) bus.emit("StreamChanged", { streamArn });
    },
    limitShards: (enforced) => meter.enforce(enforced),
    streamExists: (arn) => find(arn) !== undefined,
    async putRecord(streamArn, record) {
      const { stream, written } = await store.write(() => {
        const found = find(streamArn);
        if (found === undefined) throw streamNotFound(streamNameOfArn(streamArn) ?? streamArn, realm.accountId);
        return { stream: found, written: put(context, found, record) };
      });
      if (written instanceof AwsError) throw written;
      tell(context, stream, [written]);
    },
    shardsOf(sourceArn) {
      const stream = find(sourceArn);
      if (stream === undefined) return undefined;
      const shards = livingShards(stream, clock.now()).map(({ number, parents, closedMs }) => ({
        shardId: shardIdOf(number),
        parents: parents.map(shardIdOf),
        closed: closedMs !== undefined,
      }));
      return { streamId: `${stream.name}/${stream.id}`, shards };
    },
    isClosed(sourceArn, shardId) {
      const found = shardOf(sourceArn, shardId);
      return found === undefined || !isOpen(found.shard);
    },
    recordsBehind(sourceArn, shardId, after, limit) {
      const found = shardOf(sourceArn, shardId);
      if (found === undefined) return [];
      const { stream, shard } = found;
      const from = after === undefined ? 0n : (parseSequence(after)?.position ?? -1n) + 1n;
      return readPage(context, stream, shard, from, limit).records.map(({ position, partitionKey, data, atMs }) => ({
        sequenceNumber: recordSequence(shard, position, atMs),
        partitionKey,
        data,
        atMs,
      }));
    },
    sequenceBefore(sourceArn, shardId, when) {
      const found = shardOf(sourceArn, shardId);
      if (found === undefined) return undefined;
      const { stream, shard } = found;
      const next =
        when === "LATEST" ? store.nextPosition(stream, shard.number) : store.positionAt(stream, shard.number, when);
      return recordSequence(shard, next - 1n, clock.now());
    },
  };
}
