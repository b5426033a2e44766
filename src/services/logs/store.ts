/**
 * Log groups, streams and events in the state store. Made for many small appends: what arrives within one turn of the
 * event loop is committed together, and a row is keyed by numbers, not by the long names; blocks.ts says what a row of
 * events holds.
 */
import type { Database } from "lmdb";
import type { Clock } from "../../shared/clock.js";
import type { StateStore } from "../kit/state-store.js";
import { BLOCK_MS, blockStart, packEvents, unpackEvents, type BlockEvent, type BlockRow } from "./blocks.js";
import { groupExists, groupNotFound, streamExists, streamNotFound } from "./errors.js";

const DAY_MS = 86_400_000;
/** Bytes that CloudWatch Logs counts for each event besides its text. */
export const EVENT_OVERHEAD_BYTES = 26;

export interface SubscriptionRow {
  readonly filterName: string;
  readonly filterPattern: string;
  readonly destinationArn: string;
  readonly roleArn?: string;
  readonly distribution: string;
  readonly creationTime: number;
  /** By the template: it goes when that declares it no more. */
  readonly declared?: true;
}

export interface GroupRow {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  readonly retentionDays?: number;
  readonly kmsKeyId?: string;
  readonly logGroupClass: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly subscriptions: readonly SubscriptionRow[];
  readonly storedBytes: number;
}

export interface StreamRow {
  readonly id: number;
  readonly groupId: number;
  readonly name: string;
  readonly createdMs: number;
  readonly firstEventMs?: number;
  readonly lastEventMs?: number;
  readonly lastIngestionMs?: number;
  readonly nextSequence: number;
}

/** A place between events; an event at exactly this place comes after it. */
export interface Position {
  readonly timestampMs: number;
  readonly sequence: number;
}

/** Of groups and streams. */
export const MAX_NAME_LENGTH = 512;

export interface StoredEvent extends BlockEvent {
  readonly stream: StreamRow;
  readonly ingestedMs: number;
}

export interface NewEvent {
  readonly timestampMs: number;
  readonly message: string;
}

type BlockKey = [streamId: number, startMs: number, sequence: number];

export class LogStore {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #groups: Database<GroupRow, string>;
  readonly #streams: Database<StreamRow, [number, string]>;
  readonly #blocks: Database<BlockRow, BlockKey>;
  readonly #counters: Database<number, string>;

  constructor(state: StateStore, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
    this.#groups = state.table<GroupRow, string>("log-groups");
    this.#streams = state.table<StreamRow, [number, string]>("log-streams");
    this.#blocks = state.table<BlockRow, BlockKey>("log-blocks");
    this.#counters = state.table<number, string>("log-counters");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  group(name: string): GroupRow | undefined {
    // A longer one is nobody's, and no key.
    return name.length > MAX_NAME_LENGTH ? undefined : this.#groups.get(name);
  }

  requireGroup(name: string): GroupRow {
    const group = this.group(name);
    if (group === undefined) throw groupNotFound();
    return group;
  }

  requireStream(group: GroupRow, name: string): StreamRow {
    const stream = this.#streams.get([group.id, name]);
    if (stream === undefined) throw streamNotFound();
    return stream;
  }

  /** In order of their names, from a name on. */
  *groups(fromName = ""): Generator<GroupRow> {
    if (fromName.length > MAX_NAME_LENGTH) return;
    for (const { value } of this.#groups.getRange(fromName === "" ? {} : { start: fromName })) yield value;
  }

  *streams(group: GroupRow): Generator<StreamRow> {
    const range = this.#streams.getRange({ start: [group.id, ""], end: [group.id + 1, ""] });
    for (const { value } of range) yield value;
  }

  putGroup(group: GroupRow): void {
    this.#groups.putSync(group.name, group);
  }

  createGroup(name: string, options: Partial<Pick<GroupRow, "tags" | "kmsKeyId" | "logGroupClass">> = {}): GroupRow {
    if (this.#groups.get(name) !== undefined) throw groupExists();
    const group = {
      id: this.#nextId(),
      name,
      createdMs: this.#clock.now(),
      tags: {},
      logGroupClass: "STANDARD",
      subscriptions: [],
      storedBytes: 0,
      ...options,
    };
    this.putGroup(group);
    return group;
  }

  createStream(group: GroupRow, name: string): StreamRow {
    if (this.#streams.get([group.id, name]) !== undefined) throw streamExists();
    const stream = { id: this.#nextId(), groupId: group.id, name, createdMs: this.#clock.now(), nextSequence: 0 };
    this.#streams.putSync([group.id, name], stream);
    return stream;
  }

  deleteGroup(group: GroupRow): void {
    // Listed first: rows are not to vanish under the range that finds them.
    const streams = [...this.streams(group)];
    for (const stream of streams) this.deleteStream(stream);
    this.#groups.removeSync(group.name);
  }

  deleteStream(stream: StreamRow): void {
    this.#removeEvents(stream, Number.MAX_SAFE_INTEGER);
    this.#streams.removeSync([stream.groupId, stream.name]);
  }

  /** Adds events to a stream; inside a write. Group and stream are made when missing and `create` is set. */
  append(groupName: string, streamName: string, events: readonly NewEvent[], create: boolean): readonly StoredEvent[] {
    const group = this.group(groupName) ?? (create ? this.createGroup(groupName) : this.requireGroup(groupName));
    const known = this.#streams.get([group.id, streamName]);
    const stream = known ?? (create ? this.createStream(group, streamName) : this.requireStream(group, streamName));
    const ingestedMs = this.#clock.now();
    let { nextSequence } = stream;
    let firstEventMs = stream.firstEventMs ?? Number.POSITIVE_INFINITY;
    let lastEventMs = stream.lastEventMs ?? Number.NEGATIVE_INFINITY;
    let bytes = 0;
    const stored = events.map(({ timestampMs, message }): StoredEvent => {
      const sequence = nextSequence++;
      firstEventMs = Math.min(firstEventMs, timestampMs);
      lastEventMs = Math.max(lastEventMs, timestampMs);
      bytes += Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
      return { stream, timestampMs, sequence, message, ingestedMs };
    });
    for (const { startMs, sequence, row } of packEvents(stored, ingestedMs))
      this.#blocks.putSync([stream.id, startMs, sequence], row);
    const row = { ...stream, nextSequence, firstEventMs, lastEventMs, lastIngestionMs: ingestedMs };
    this.#streams.putSync([group.id, streamName], this.#withoutExpired(group, row));
    this.putGroup({ ...group, storedBytes: group.storedBytes + bytes });
    return stored;
  }

  /** Events of a stream, by time and then by arrival, from `from` up to `to`, in either direction. */
  *events(group: GroupRow, stream: StreamRow, from: Position, to: Position, reverse = false): Generator<StoredEvent> {
    const oldest = this.oldestKeptMs(group);
    const start = oldest > from.timestampMs ? { timestampMs: oldest, sequence: 0 } : from;
    if (start.timestampMs > to.timestampMs) return;
    const low: BlockKey = [stream.id, blockStart(start.timestampMs), 0];
    const high: BlockKey = [stream.id, Math.min(to.timestampMs + BLOCK_MS, Number.MAX_SAFE_INTEGER), 0];
    // Reversed ranges run from their upper end, which has to be left out, to their lower end, which belongs in.
    const range = reverse
      ? { start: high, end: low, reverse, exclusiveStart: true, inclusiveEnd: true }
      : { start: low, end: high };
    let second: StoredEvent[] = [];
    let secondMs: number | undefined;
    const ordered = (): StoredEvent[] =>
      second
        .filter((event) => compare(event, start) >= 0 && compare(event, to) < 0)
        .sort(reverse ? (one, other) => compare(other, one) : compare);
    for (const { key, value } of this.#blocks.getRange(range)) {
      if (key[1] !== secondMs) {
        yield* ordered();
        [second, secondMs] = [[], key[1]];
      }
      for (const event of unpackEvents(value)) second.push({ stream, ingestedMs: value.ingestedMs, ...event });
    }
    yield* ordered();
  }

  /** Events before this time are gone by the group's retention, whether or not their rows still lie there. */
  oldestKeptMs(group: GroupRow): number {
    return group.retentionDays === undefined ? 0 : this.#clock.now() - group.retentionDays * DAY_MS;
  }

  reset(): Promise<void> {
    return this.write(() => {
      for (const table of [this.#groups, this.#streams, this.#blocks, this.#counters]) table.clearSync();
    });
  }

  /** Expired rows leave the disk when their stream is written to: no timer has to run for it. */
  #withoutExpired(group: GroupRow, stream: StreamRow): StreamRow {
    const oldest = this.oldestKeptMs(group);
    if (stream.firstEventMs === undefined || stream.firstEventMs >= oldest) return stream;
    this.#removeEvents(stream, oldest);
    return { ...stream, firstEventMs: oldest };
  }

  #removeEvents(stream: StreamRow, beforeMs: number): void {
    // The second that `beforeMs` lies in stays until it is over.
    const keys = [...this.#blocks.getKeys({ start: [stream.id, 0, 0], end: [stream.id, blockStart(beforeMs), 0] })];
    for (const key of keys) this.#blocks.removeSync(key);
  }

  #nextId(): number {
    const id = (this.#counters.get("id") ?? 0) + 1;
    this.#counters.putSync("id", id);
    return id;
  }
}

/** Events of a stream by time and then by arrival. */
function compare(one: Position, other: Position): number {
  return one.timestampMs - other.timestampMs || one.sequence - other.sequence;
}
