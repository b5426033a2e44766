/**
 * Pipes in the state store.
 *
 *     pipes-pipes    name
 */
import type { Database } from "lmdb";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { StateStore } from "../kit/state-store.js";

export type DesiredState = "RUNNING" | "STOPPED";

export type PipeState =
  | "CREATING"
  | "UPDATING"
  | "STARTING"
  | "STOPPING"
  | "DELETING"
  | "RUNNING"
  | "STOPPED"
  | "CREATE_FAILED"
  | "UPDATE_FAILED"
  | "START_FAILED";

/** What CreatePipe and UpdatePipe put; the parameters as they take them, checked. */
export interface PipeSettings {
  readonly description: string | undefined;
  readonly desiredState: DesiredState;
  readonly source: string;
  readonly sourceParameters: JsonObject;
  readonly enrichment: string | undefined;
  readonly enrichmentParameters: JsonObject | undefined;
  readonly target: string;
  readonly targetParameters: JsonObject | undefined;
  readonly roleArn: string;
  readonly logConfiguration: JsonObject | undefined;
  readonly kmsKeyIdentifier: string | undefined;
}

export interface PipeRow extends PipeSettings {
  readonly name: string;
  readonly state: PipeState;
  readonly stateReason: string | undefined;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly tags: Readonly<Record<string, string>>;
  /** JSON text of what the template said; undefined where the API made it. */
  readonly declaration: string | undefined;
}

/** A pipe as those see it who move its events. */
export interface KnownPipe extends PipeSettings {
  readonly name: string;
  readonly arn: string;
}

export const known = (realm: Realm, row: PipeRow): KnownPipe => ({ arn: arnOf.pipe(realm, row.name), ...row });

export class PipeStore {
  readonly #state: StateStore;
  readonly #pipes: Database<PipeRow, string>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#pipes = state.table("pipes-pipes");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  pipe(name: string): PipeRow | undefined {
    return this.#pipes.get(name);
  }

  /** By name. */
  pipes(): PipeRow[] {
    return Array.from(this.#pipes.getRange({}), ({ value }) => value);
  }

  putPipe(row: PipeRow): void {
    this.#pipes.putSync(row.name, row);
  }

  removePipe(name: string): void {
    this.#pipes.removeSync(name);
  }

  async clear(): Promise<void> {
    await this.#pipes.clearAsync();
  }
}
