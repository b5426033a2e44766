/**
 * Secrets in the state store: one row a secret with its versions' labels, one row a version's value.
 * The label rules are here, because every write goes through them:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
 */
import { randomInt, randomUUID } from "node:crypto";
import type { Database } from "lmdb";
import { parseArn, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { StateStore } from "../kit/state-store.js";
import { secretNotFound } from "./errors.js";

export const CURRENT = "AWSCURRENT";
export const PREVIOUS = "AWSPREVIOUS";
export const PENDING = "AWSPENDING";
/** Versions without a label are kept up to this many, oldest removed first. */
const MAX_VERSIONS = 100;
const ARN_SUFFIX_LENGTH = 6;
const ARN_SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export interface Tag {
  readonly Key: string;
  readonly Value?: string;
}

export interface RotationSettings {
  readonly enabled: boolean;
  readonly functionArn?: string;
  readonly rules?: Readonly<Record<string, unknown>>;
  readonly lastRotatedMs?: number;
}

export interface VersionRow {
  readonly id: string;
  readonly createdMs: number;
  /** Day of the last read. */
  readonly accessedMs?: number;
  /** Sorted. */
  readonly stages: readonly string[];
  /** False only for the version that a rotation has announced and not yet filled. */
  readonly hasValue: boolean;
}

export interface SecretRow {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  /** Of a secret that another service of AWS has made: `events`. */
  readonly owner?: string;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly accessedMs?: number;
  /** When deletion was asked for, and when it takes effect. */
  readonly deletion?: { readonly requestedMs: number; readonly dueMs: number };
  readonly tags: readonly Tag[];
  readonly policy?: string;
  readonly rotation?: RotationSettings;
  /** Oldest first. */
  readonly versions: readonly VersionRow[];
}

/** Exactly one of the two. */
export interface SecretValue {
  readonly text?: string;
  /** Base64, as it travels. */
  readonly binary?: string;
}

export class SecretStore {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #realm: Realm;
  readonly #secrets: Database<SecretRow, string>;
  readonly #values: Database<SecretValue, [string, string]>;

  constructor(state: StateStore, clock: Clock, realm: Realm) {
    this.#state = state;
    this.#clock = clock;
    this.#realm = realm;
    this.#secrets = state.table<SecretRow, string>("secrets");
    this.#values = state.table<SecretValue, [string, string]>("secret-values");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  /** A row that is there, deletion pending or not. Throws the not-found error. */
  require(secretId: string): SecretRow {
    const row = this.find(secretId);
    if (row === undefined) throw secretNotFound();
    return row;
  }

  /** By name, ARN, or ARN without its random end. */
  find(secretId: string): SecretRow | undefined {
    const arn = parseArn(secretId);
    if (arn === undefined) return this.#live(secretId);
    const resource = /^secret:(.+)$/.exec(arn.resource)?.[1];
    if (arn.service !== "secretsmanager" || resource === undefined) return undefined;
    const whole = this.#live(resource.slice(0, -(ARN_SUFFIX_LENGTH + 1)));
    if (whole?.arn === secretId) return whole;
    const partial = this.#live(resource);
    return partial?.arn.slice(0, -(ARN_SUFFIX_LENGTH + 1)) === secretId ? partial : undefined;
  }

  *all(): Generator<SecretRow> {
    for (const { value } of this.#secrets.getRange()) {
      if (!this.#expired(value)) yield value;
    }
  }

  value(row: SecretRow, versionId: string): SecretValue | undefined {
    return this.#values.get([row.arn, versionId]);
  }

  put(row: SecretRow): SecretRow {
    this.#secrets.putSync(row.name, row);
    return row;
  }

  putValue(row: SecretRow, versionId: string, value: SecretValue): void {
    this.#values.putSync([row.arn, versionId], value);
  }

  /** Removes versions that lost their last label and are too many. */
  prune(row: SecretRow): SecretRow {
    let surplus = row.versions.length - MAX_VERSIONS;
    if (surplus <= 0) return row;
    const versions = row.versions.filter((version) => {
      if (surplus <= 0 || version.stages.length > 0) return true;
      surplus -= 1;
      this.#values.removeSync([row.arn, version.id]);
      return false;
    });
    return { ...row, versions };
  }

  remove(row: SecretRow): void {
    for (const version of row.versions) this.#values.removeSync([row.arn, version.id]);
    this.#secrets.removeSync(row.name);
  }

  /** Clears a secret whose recovery window has ended, so that its name is free again. */
  removeExpired(name: string): void {
    const row = this.#secrets.get(name);
    if (row !== undefined && this.#expired(row)) this.remove(row);
  }

  /** Creates a secret that is not there yet, and gives it a first value if it is to have one. */
  ensure(
    name: string,
    given: {
      readonly arn?: string;
      readonly secretString?: string;
      /** Called when there is no value yet. */
      readonly makeValue?: () => string;
      readonly description?: string;
    },
  ): Promise<string> {
    return this.write(() => {
      const nowMs = this.#clock.now();
      const version = { id: randomUUID(), createdMs: nowMs, stages: [CURRENT], hasValue: true };
      const withValue = (row: SecretRow): SecretRow => {
        const text = given.secretString ?? given.makeValue?.();
        if (row.versions.length > 0 || text === undefined) return row;
        this.putValue(row, version.id, { text });
        return { ...row, versions: [version], changedMs: nowMs };
      };
      const existing = this.#live(name);
      if (existing !== undefined) {
        // Functions hold the ARN that the template gave them.
        const row = given.arn === undefined ? existing : this.#moved(existing, given.arn);
        return this.put(withValue(row)).arn;
      }
      this.removeExpired(name);
      const arn = given.arn ?? this.newArn(name);
      const row: SecretRow = {
        name,
        arn,
        createdMs: nowMs,
        changedMs: nowMs,
        tags: [],
        versions: [],
        ...(given.description === undefined ? {} : { description: given.description }),
      };
      return this.put(withValue(row)).arn;
    });
  }

  /** Under another ARN, with its values. */
  #moved(row: SecretRow, arn: string): SecretRow {
    if (row.arn === arn) return row;
    for (const { id } of row.versions) {
      const value = this.value(row, id);
      if (value !== undefined) this.#values.putSync([arn, id], value);
      this.#values.removeSync([row.arn, id]);
    }
    return { ...row, arn };
  }

  reset(): Promise<void> {
    return this.write(() => {
      this.#secrets.clearSync();
      this.#values.clearSync();
    });
  }

  newArn(name: string): string {
    let suffix = "";
    while (suffix.length < ARN_SUFFIX_LENGTH)
      suffix += ARN_SUFFIX_ALPHABET[randomInt(ARN_SUFFIX_ALPHABET.length)] ?? "";
    return `arn:aws:secretsmanager:${this.#realm.region}:${this.#realm.accountId}:secret:${name}-${suffix}`;
  }

  #live(name: string): SecretRow | undefined {
    if (name === "") return undefined;
    const row = this.#secrets.get(name);
    return row === undefined || this.#expired(row) ? undefined : row;
  }

  #expired(row: SecretRow): boolean {
    return row.deletion !== undefined && row.deletion.dueMs <= this.#clock.now();
  }
}

export function versionWithStage(row: SecretRow, stage: string): VersionRow | undefined {
  return row.versions.find((version) => version.stages.includes(stage));
}

/**
 * Moves labels to a version. A label is on one version at most; the version that loses AWSCURRENT takes AWSPREVIOUS
 * from whichever had it.
 */
export function attachStages(row: SecretRow, versionId: string, stages: readonly string[]): SecretRow {
  const formerCurrent = stages.includes(CURRENT) ? versionWithStage(row, CURRENT) : undefined;
  const previous = formerCurrent !== undefined && formerCurrent.id !== versionId ? formerCurrent : undefined;
  const versions = row.versions.map((version) => {
    const kept = new Set(version.stages.filter((stage) => !stages.includes(stage)));
    if (previous !== undefined) kept.delete(PREVIOUS);
    if (version.id === previous?.id) kept.add(PREVIOUS);
    if (version.id === versionId) for (const stage of stages) kept.add(stage);
    return { ...version, stages: [...kept].sort() };
  });
  return { ...row, versions };
}

export function detachStage(row: SecretRow, versionId: string, stage: string): SecretRow {
  return {
    ...row,
    versions: row.versions.map((version) =>
      version.id === versionId ? { ...version, stages: version.stages.filter((other) => other !== stage) } : version,
    ),
  };
}
