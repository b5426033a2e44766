/** How far each mapping has come in its stream. A row is written when a batch is through: what a killed process had under way comes again. */
import type { Database } from "lmdb";
import type { StateStore } from "../../services/kit/state-store.js";

export interface Position {
  /** A table that was made anew has another stream. */
  readonly streamArn: string;
  /** Sequence number of the last record that is done with; undefined = none of those that are kept. */
  readonly after: string | undefined;
}

export class Positions {
  readonly #store: () => StateStore;
  #rows: Database<Position, string> | undefined;

  constructor(store: () => StateStore) {
    this.#store = store;
  }

  of(uuid: string, streamArn: string): Position | undefined {
    const position = this.#table().get(uuid);
    return position?.streamArn === streamArn ? position : undefined;
  }

  async save(uuid: string, position: Position): Promise<void> {
    await this.#store().write(() => this.#table().putSync(uuid, position));
  }

  /** Called inside a transaction of the store. */
  forget(uuid: string): void {
    this.#table().removeSync(uuid);
  }

  #table(): Database<Position, string> {
    return (this.#rows ??= this.#store().table<Position, string>("event-source-positions", { encoding: "json" }));
  }
}
