/**
 * The rows of the service: all in memory, since they are few and asked for at every call, and those that have to
 * outlive the process in the state store as well. The store is opened at the first question.
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import type { RowKinds } from "./records.js";

type Key = [kind: keyof RowKinds, name: string, part: string];

export class Rows {
  readonly #state: () => StateStore;
  readonly #loaded = new Map<string, Map<string, Map<string, unknown>>>();
  #database: Database<unknown, Key> | undefined;

  constructor(state: () => StateStore) {
    this.#state = state;
  }

  get<K extends keyof RowKinds>(kind: K, name: string, part = ""): RowKinds[K] | undefined {
    return this.#partsOf(kind, name).get(part) as RowKinds[K] | undefined;
  }

  /** All rows of one function (or layer), in the order of their making. */
  partsOf<K extends keyof RowKinds>(kind: K, name: string): readonly (readonly [part: string, row: RowKinds[K]])[] {
    return [...(this.#partsOf(kind, name) as Map<string, RowKinds[K]>)];
  }

  namesOf(kind: keyof RowKinds): readonly string[] {
    this.#open();
    return [...(this.#loaded.get(kind) ?? new Map<string, Map<string, unknown>>())]
      .filter(([, parts]) => parts.size > 0)
      .map(([name]) => name);
  }

  async put<K extends keyof RowKinds>(
    kind: K,
    name: string,
    part: string,
    row: RowKinds[K],
    options: { readonly durable: boolean },
  ): Promise<void> {
    const database = this.#open();
    if (options.durable) await this.#state().write(() => database.putSync([kind, name, part], row));
    this.#keep(kind, name, part, row);
  }

  async remove(kind: keyof RowKinds, name: string, part = ""): Promise<void> {
    const database = this.#open();
    await this.#state().write(() => database.removeSync([kind, name, part]));
    this.#partsOf(kind, name).delete(part);
  }

  /** Everything about one function but its version counter. */
  async removeAllOf(name: string): Promise<void> {
    for (const kind of this.#loaded.keys()) {
      if (kind === "counter" || kind === "layer") continue;
      for (const [part] of this.partsOf(kind as keyof RowKinds, name))
        await this.remove(kind as keyof RowKinds, name, part);
    }
  }

  async clear(): Promise<void> {
    await this.#open().clearAsync();
    this.#loaded.clear();
  }

  #partsOf(kind: keyof RowKinds, name: string): Map<string, unknown> {
    this.#open();
    return this.#loaded.get(kind)?.get(name) ?? new Map();
  }

  #keep(kind: string, name: string, part: string, row: unknown): void {
    let names = this.#loaded.get(kind);
    if (names === undefined) this.#loaded.set(kind, (names = new Map()));
    let parts = names.get(name);
    if (parts === undefined) names.set(name, (parts = new Map()));
    parts.set(part, row);
  }

  #open(): Database<unknown, Key> {
    if (this.#database === undefined) {
      this.#database = this.#state().table<unknown, Key>("lambda");
      for (const { key, value } of this.#database.getRange()) this.#keep(...key, value);
    }
    return this.#database;
  }
}
