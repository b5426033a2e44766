/**
 * SubscribeToShard: the records of a shard as they come, for five minutes at a time, to a registered consumer.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html
 */
import type { ServerResponse } from "node:http";
import type { Cancel } from "../../shared/clock.js";
import { eventMessage, exceptionMessage, startEventStream } from "../kit/event-stream.js";
import { objectMember, Violations } from "../kit/json-input.js";
import type { EncodeEvent, JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import type { KinesisContext } from "./context.js";
import { consumerNotFound, resourceInUse, shardGone } from "./errors.js";
import { childrenOf, readPage, recordView, startOf, TYPES } from "./get-records.js";
import {
  consumerArnMember,
  enumMember,
  requiredName,
  sequenceMember,
  streamNamed,
  streamNameOfArn,
  timeMember,
} from "./input.js";
import { refuseDryRun } from "./put-records.js";
import { shardIdOf, shardNumberOf } from "./sequence.js";
import { recordSequence } from "./shards.js";
import type { ShardRow, StreamRow } from "./store.js";

const SESSION_MS = 300_000;
/** A call within this time is refused; a later one takes the subscription over. */
const TAKE_OVER_MS = 5000;
/** An event is sent at least so often, with or without records: clients take silence for a broken connection. */
const HEARTBEAT_MS = 5000;
const MAX_RECORDS = 1000;

interface Subscription {
  readonly sinceMs: number;
  readonly end: (reason?: string) => void;
}

export class Subscriptions {
  readonly #context: KinesisContext;
  readonly #open = new Map<string, Subscription>();

  constructor(context: KinesisContext) {
    this.#context = context;
  }

  start(input: JsonObject, request: ServiceRequest, response: ServerResponse, encode: EncodeEvent): void {
    const { clock, bus } = this.#context;
    const { stream, shard, consumerArn, position } = this.#read(input);
    const name = `${consumerArn} ${shard.number}`;
    const before = this.#open.get(name);
    if (before !== undefined && clock.now() - before.sinceMs < TAKE_OVER_MS)
      throw resourceInUse(
        `Another active subscription exists for this consumer: ${consumerArn} and shard: ${shardIdOf(shard.number)}`,
      );
    before?.end("Another subscription has taken over.");

    let from = position;
    let cancel: Cancel = () => undefined;
    const endsAtMs = clock.now() + SESSION_MS;
    const end = (reason?: string): void => {
      if (this.#open.get(name) === subscription) this.#open.delete(name);
      cancel();
      unsubscribe();
      if (reason !== undefined) {
        const { contentType, bytes } = encode({ message: reason });
        response.write(exceptionMessage("ResourceInUseException", contentType, bytes));
      }
      response.end();
    };
    const send = (event: JsonObject): void => {
      const { contentType, bytes } = encode(event);
      response.write(eventMessage("SubscribeToShardEvent", contentType, bytes));
    };
    /** Sends what is there; nothing only when it is time for a sign of life. */
    const push = (always: boolean): void => {
      cancel();
      // What the client has not taken yet fills the memory; "drain" goes on.
      while (!response.writableNeedDrain) {
        const now = this.#context.store.find(stream.name);
        const current = now?.id === stream.id ? now.shards.find(({ number }) => number === shard.number) : undefined;
        const isRegistered = now?.consumers.some(({ arn }) => arn === consumerArn) === true;
        if (now === undefined || current === undefined || !isRegistered) return end();
        const page = readPage(this.#context, now, current, from, MAX_RECORDS);
        const last = page.records.at(-1);
        from = last === undefined ? from : last.position + 1n;
        const ended = current.closedMs !== undefined && !page.more;
        if (last !== undefined || ended || always)
          send({
            Records: page.records.map((record) => recordView(current, record)),
            ...(ended
              ? { ChildShards: childrenOf(now, current) }
              : { ContinuationSequenceNumber: recordSequence(current, from > 0n ? from - 1n : 0n, clock.now()) }),
            MillisBehindLatest: page.more && last !== undefined ? Math.max(0, clock.now() - last.atMs) : 0,
          });
        if (ended) return end();
        if (!page.more) break;
      }
      if (clock.now() >= endsAtMs) return end();
      cancel = clock.after(Math.min(HEARTBEAT_MS, endsAtMs - clock.now()), () => push(true));
    };
    const subscription: Subscription = { sinceMs: clock.now(), end };
    const shardId = shardIdOf(shard.number);
    const unsubscribe = bus.on("StreamChanged", ({ streamArn, shardIds }) => {
      if (streamArn === stream.arn && shardIds?.has(shardId) !== false) push(false);
    });
    this.#open.set(name, subscription);
    response.once("close", () => end());
    response.on("drain", () => push(false));
    const { contentType, bytes } = encode({});
    startEventStream(response, request.requestId, contentType, bytes);
    push(true);
  }

  /** Ends every subscription. */
  close(): void {
    for (const { end } of this.#open.values()) end();
  }

  #read(input: JsonObject): {
    readonly stream: StreamRow;
    readonly shard: ShardRow;
    readonly consumerArn: string;
    readonly position: bigint;
  } {
    const { realm } = this.#context;
    const violations = new Violations();
    const consumerArn = consumerArnMember(input, "ConsumerARN", violations) ?? "";
    violations.required(input["ConsumerARN"], "consumerARN");
    const shardId = requiredName(input, "ShardId", violations);
    const starting = objectMember(input, "StartingPosition");
    violations.required(starting, "startingPosition");
    const type = enumMember(starting ?? {}, "Type", TYPES, violations);
    violations.required(type, "startingPosition.type");
    const sequence = sequenceMember(starting ?? {}, "SequenceNumber", violations);
    violations.check();
    const stream = streamNamed(this.#context, streamNameOfArn(consumerArn) ?? "");
    if (stream.consumers.every(({ arn }) => arn !== consumerArn)) throw consumerNotFound(consumerArn, realm.accountId);
    const shard = stream.shards.find(({ number }) => number === shardNumberOf(shardId));
    if (shard === undefined) throw shardGone(shardId, stream.name, realm.accountId);
    const atMs = timeMember(starting ?? {}, "Timestamp");
    const position = startOf(this.#context, stream, shard, { type: type ?? "LATEST", sequence, atMs });
    refuseDryRun(input);
    return { stream, shard, consumerArn, position };
  }
}
