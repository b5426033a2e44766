/** How far each mapping has come in its stream. Written when a batch is through: what a killed process had under way comes again. */
import type { Database } from "lmdb";
import type { StateStore } from "../../services/kit/state-store.js";

/** A tumbling window that has begun. */
export interface OpenWindow {
  readonly startMs: number;
  readonly state: unknown;
}

export interface LanePosition {
  /** Sequence number of the last record that is done with; undefined = none of those that are kept. */
  readonly after?: string | undefined;
  readonly window?: OpenWindow | undefined;
}

export interface ShardPosition {
  /** One for each batch of the shard that runs at a time. */
  readonly lanes: readonly LanePosition[];
  /** It is closed and was read to its end. */
  readonly done?: true;
}

export interface Position {
  /** A stream that was made anew has another one. */
  readonly identity: string;
  /** A shard that is not among them is read from its oldest record. */
  readonly shards: Readonly<Record<string, ShardPosition>>;
}

export class Positions {
  readonly #store: () => StateStore;
  #rows: Database<Position, string> | undefined;

  constructor(store: () => StateStore) {
    this.#store = store;
  }

  of(uuid: string): Position | undefined {
    return this.#table().get(uuid);
  }

  async save(uuid: string, position: Position): Promise<void> {
    await this.#store().write(() => this.#table().putSync(uuid, position));
  }

  async drop(uuid: string): Promise<void> {
    await this.#store().write(() => this.forget(uuid));
  }

  /** Called inside a transaction of the store. */
  forget(uuid: string): void {
    this.#table().removeSync(uuid);
  }

  #table(): Database<Position, string> {
    return (this.#rows ??= this.#store().table<Position, string>("stream-positions", { encoding: "json" }));
  }
}
