/**
 * All shards of a mapping's stream: each is worked off when its parents are, in as many lanes as ParallelizationFactor says.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html, "Lambda ... processes the parent shards before the children"
 */
import type { Clock } from "../../shared/clock.js";
import type { Poller } from "../mappings/poller.js";
import { laneOf } from "./lane-of.js";
import { StreamPoller, type GivenUp, type StreamPollerOptions, type StreamSettings } from "./poller.js";
import type { LanePosition, Position, ShardPosition } from "./positions.js";
import type { StreamClient, StreamShard } from "./stream-client.js";

export interface ShardPollersOptions extends Pick<StreamPollerOptions, "log" | "invoke"> {
  readonly stream: StreamClient;
  readonly settings: StreamSettings;
  readonly parallelizationFactor: number;
  /** Where a stream is begun that this mapping has not read before; a number is milliseconds since the epoch. */
  readonly start: "TRIM_HORIZON" | "LATEST" | number;
  readonly clock: Clock;
  readonly position: Position | undefined;
  readonly save: (position: Position) => Promise<void>;
  readonly giveUp: (given: GivenUp, shardId: string) => Promise<void>;
}

export class ShardPollers implements Poller {
  readonly #options: ShardPollersOptions;
  readonly #lanes: number;
  readonly #running = new Map<string, readonly StreamPoller[]>();
  #position: Position | undefined;
  #unsubscribe: (() => void) | undefined;
  lastProcessingResult = "No records processed";

  constructor(options: ShardPollersOptions) {
    this.#options = options;
    this.#position = options.position;
    // The state of a window is that of its shard.
    this.#lanes = options.settings.tumblingWindowSeconds > 0 ? 1 : options.parallelizationFactor;
  }

  /** Notes where the stream is begun, for what comes between this process and the next is not to be left out. */
  async begin(): Promise<void> {
    const { stream, save } = this.#options;
    const identity = stream.identity();
    if (identity === undefined || this.#position?.identity === identity) return;
    this.#position = { identity, shards: Object.fromEntries(stream.shards().flatMap((shard) => this.#first(shard))) };
    await save(this.#position);
  }

  start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#unsubscribe = this.#options.stream.onChange((shardIds) => {
      if (shardIds === undefined) this.#told(this.#refresh());
    });
    this.#told(this.#refresh());
  }

  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.#stopAll();
  }

  /** Where a shard of a stream that is new to this mapping is begun; nothing = at its oldest record. */
  #first({ shardId, closed }: StreamShard): [string, ShardPosition][] {
    const { stream, start } = this.#options;
    if (start === "TRIM_HORIZON") return [];
    if (start === "LATEST" && closed) return [[shardId, { lanes: [], done: true }]];
    const after = stream.sequenceBefore(shardId, start);
    return [[shardId, { lanes: Array.from({ length: this.#lanes }, () => ({ after })) }]];
  }

  /** Another stream of the same name begins anew; new shards are opened when their parents are through. */
  async #refresh(): Promise<void> {
    const { stream } = this.#options;
    if (this.#unsubscribe === undefined) return;
    const identity = stream.identity();
    if (identity === undefined) return this.#stopAll();
    if (this.#position?.identity !== identity) {
      await this.#stopAll();
      await this.begin();
    }
    const shards = stream.shards();
    const listed = new Set(shards.map(({ shardId }) => shardId));
    const isThrough = (shardId: string): boolean => !listed.has(shardId) || this.#positionOf(shardId)?.done === true;
    for (const { shardId, parents } of shards) {
      if (this.#unsubscribe === undefined) return;
      if (!isThrough(shardId) && !this.#running.has(shardId) && parents.every(isThrough)) this.#open(shardId);
    }
  }

  /** Nobody waits for it. */
  #told(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#options.log.error({ err: error, streamArn: this.#options.stream.streamArn }, "a stream stands still"),
    );
  }

  #positionOf(shardId: string): ShardPosition | undefined {
    return this.#position?.shards[shardId];
  }

  #open(shardId: string): void {
    const { stream, settings, clock, log, invoke, giveUp } = this.#options;
    const identity = stream.identity();
    let left = this.#lanes;
    const lanes = this.#lanePositions(shardId).map(
      (position, lane) =>
        new StreamPoller({
          streamArn: stream.streamArn,
          shardId,
          settings,
          position,
          clock,
          log,
          invoke,
          read: (after, limit) => stream.read(shardId, after, limit),
          isMine: ({ partitionKey }) => laneOf(partitionKey, this.#lanes) === lane,
          isClosed: () => stream.isClosed(shardId),
          onChange: (listener) =>
            stream.onChange((shardIds) => {
              if (shardIds?.has(shardId) !== false) listener();
            }),
          giveUp: (given) => giveUp(given, shardId),
          save: (saved) => this.#save(shardId, lane, saved, identity),
          onResult: (result) => (this.lastProcessingResult = result),
          onEnd: () => {
            left -= 1;
            if (left === 0) this.#told(this.#end(shardId, identity));
          },
        }),
    );
    this.#running.set(shardId, lanes);
    for (const lane of lanes) lane.start();
  }

  /** Where they are as many as were kept they go on each by itself, else all where the last one was. */
  #lanePositions(shardId: string): readonly LanePosition[] {
    const kept = this.#positionOf(shardId)?.lanes ?? [];
    if (kept.length === this.#lanes) return kept;
    const hindmost = kept.reduce<LanePosition | undefined>(
      (least, lane) => (least === undefined || isBefore(lane.after, least.after) ? lane : least),
      undefined,
    );
    return Array.from({ length: this.#lanes }, () => ({ after: hindmost?.after }));
  }

  async #save(shardId: string, lane: number, saved: LanePosition, identity: string | undefined): Promise<void> {
    const lanes = this.#lanePositions(shardId).map((known, i) => (i === lane ? saved : known));
    await this.#put(shardId, { lanes }, identity);
  }

  async #end(shardId: string, identity: string | undefined): Promise<void> {
    await this.#put(shardId, { lanes: [], done: true }, identity);
    this.#running.delete(shardId);
    await this.#refresh();
  }

  async #put(shardId: string, position: ShardPosition, identity: string | undefined): Promise<void> {
    // A batch that was under way when another stream took the place of its own tells nobody.
    if (this.#position === undefined || this.#position.identity !== identity) return;
    const listed = new Set(this.#options.stream.shards().map((shard) => shard.shardId));
    // Shards that are gone are asked for no more.
    const others = Object.entries(this.#position.shards).filter(([id]) => id !== shardId && listed.has(id));
    this.#position = { identity, shards: Object.fromEntries([...others, [shardId, position]]) };
    await this.#options.save(this.#position);
  }

  async #stopAll(): Promise<void> {
    const lanes = [...this.#running.values()].flat();
    this.#running.clear();
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** Sequence numbers of one shard are all of one width. */
const isBefore = (a: string | undefined, b: string | undefined): boolean =>
  b !== undefined && (a === undefined || a < b);
