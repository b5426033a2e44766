/** Parameters in the state store: one row a parameter with its versions, one row a version's value. */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import { labelNotFound, parameterNotFound, versionNotFound } from "./errors.js";
import { MAX_NAME_LENGTH, type Reference } from "./names.js";

export type ParameterType = "String" | "StringList" | "SecureString";
export type Tier = "Standard" | "Advanced";

export interface VersionRow {
  readonly version: number;
  readonly modifiedMs: number;
  readonly modifiedBy: string;
  readonly description?: string;
  readonly keyId?: string;
  readonly allowedPattern?: string;
  readonly tier: Tier;
  readonly dataType: string;
  readonly labels: readonly string[];
}

export interface ParameterRow {
  readonly name: string;
  readonly type: ParameterType;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  /** Oldest first; never empty. */
  readonly versions: readonly [VersionRow, ...VersionRow[]];
}

/** Than any parameter's: a key of the store would not hold it. */
const isTooLong = (name: string): boolean => Buffer.byteLength(name) > MAX_NAME_LENGTH;

export class ParameterStore {
  readonly #state: StateStore;
  readonly #parameters: Database<ParameterRow, string>;
  readonly #values: Database<string, [string, number]>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#parameters = state.table<ParameterRow, string>("ssm-parameters");
    this.#values = state.table<string, [string, number]>("ssm-values");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  find(name: string): ParameterRow | undefined {
    return name === "" || isTooLong(name) ? undefined : this.#parameters.get(name);
  }

  require(name: string): ParameterRow {
    const row = this.find(name);
    if (row === undefined) throw parameterNotFound();
    return row;
  }

  /** In order of their names, from a name on. */
  *all(fromName = ""): Generator<ParameterRow> {
    if (isTooLong(fromName)) return;
    for (const { value } of this.#parameters.getRange(fromName === "" ? {} : { start: fromName })) yield value;
  }

  value(name: string, version: number): string {
    return this.#values.get([name, version]) ?? "";
  }

  put(row: ParameterRow): void {
    this.#parameters.putSync(row.name, row);
  }

  putValue(name: string, version: number, value: string): void {
    this.#values.putSync([name, version], value);
  }

  removeValue(name: string, version: number): void {
    this.#values.removeSync([name, version]);
  }

  remove(row: ParameterRow): void {
    for (const { version } of row.versions) this.removeValue(row.name, version);
    this.#parameters.removeSync(row.name);
  }

  /** What a SecureString looks like to a reader who did not ask for decryption. */
  sealed(value: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", createHash("sha256").update(this.#state.secret).digest(), iv);
    return Buffer.concat([iv, cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
  }

  reset(): Promise<void> {
    return this.write(() => {
      this.#parameters.clearSync();
      this.#values.clearSync();
    });
  }
}

export function latestOf(row: ParameterRow): VersionRow {
  return row.versions.at(-1) ?? row.versions[0];
}

/** The version that a reference selects. */
export function selectVersion(row: ParameterRow, reference: Reference): VersionRow {
  const { version, label } = reference;
  if (version !== undefined) {
    const found = row.versions.find((candidate) => candidate.version === version);
    if (found === undefined) throw versionNotFound(row.name, version);
    return found;
  }
  if (label !== undefined) {
    const found = row.versions.find((candidate) => candidate.labels.includes(label));
    if (found === undefined) throw labelNotFound(row.name, label);
    return found;
  }
  return latestOf(row);
}
