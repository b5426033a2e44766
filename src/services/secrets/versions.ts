/** Operations that write and read the versions of a secret. */
import type { Clock } from "../../shared/clock.js";
import { booleanMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import {
  invalidParameter,
  invalidRequest,
  markedForDeletion,
  stageNotFound,
  stageNotOnVersion,
  tokenInUse,
  versionNotFound,
} from "./errors.js";
import { requestTokenOf, secretIdOf, valueOf } from "./input.js";
import { pageOf } from "./listing.js";
import {
  attachStages,
  CURRENT,
  detachStage,
  versionWithStage,
  type SecretRow,
  type SecretStore,
  type SecretValue,
  type VersionRow,
} from "./store.js";

const DAY_MS = 86_400_000;
const MAX_STAGES = 20;

export const seconds = (ms: number): number => ms / 1000;

/** A row that is not marked for deletion. */
export function requireActive(store: SecretStore, secretId: string): SecretRow {
  const row = store.require(secretId);
  if (row.deletion !== undefined) throw markedForDeletion();
  return row;
}

/**
 * Adds a version under the request's token, or finds that the same request was carried out before.
 * Returns the row unwritten.
 */
export function addVersion(
  store: SecretStore,
  row: SecretRow,
  version: {
    readonly id: string;
    readonly value: SecretValue;
    readonly stages: readonly string[];
    readonly nowMs: number;
  },
): SecretRow {
  const existing = row.versions.find(({ id }) => id === version.id);
  if (existing?.hasValue === true) {
    const stored = store.value(row, version.id);
    if (stored?.text !== version.value.text || stored?.binary !== version.value.binary)
      throw tokenInUse(version.id, row.arn);
    return row;
  }
  store.putValue(row, version.id, version.value);
  const versions = existing
    ? row.versions.map((other) => (other.id === version.id ? { ...other, hasValue: true } : other))
    : [...row.versions, { id: version.id, createdMs: version.nowMs, stages: [], hasValue: true }];
  // The first value of a secret is always its current one.
  const isFirst = !row.versions.some(({ hasValue }) => hasValue) && existing === undefined;
  const stages = isFirst ? [...new Set([...version.stages, CURRENT])] : version.stages;
  return store.prune(attachStages({ ...row, versions, changedMs: version.nowMs }, version.id, stages));
}

export function getSecretValue(store: SecretStore, clock: Clock, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const versionId = stringMember(input, "VersionId");
  const stage = stringMember(input, "VersionStage");
  const violations = new Violations();
  violations.length(versionId, "versionId", 32, 64);
  violations.length(stage, "versionStage", 1, 256);
  violations.check();
  return store.write(() => {
    const row = requireActive(store, secretId);
    const version = selectVersion(row, versionId, stage);
    const value = store.value(row, version.id);
    if (value === undefined)
      throw versionId === undefined ? stageNotFound(stage ?? CURRENT) : versionNotFound(versionId);
    // AWS keeps only the day of the last access.
    const accessedMs = Math.floor(clock.now() / DAY_MS) * DAY_MS;
    if (version.accessedMs !== accessedMs || row.accessedMs !== accessedMs) {
      const versions = row.versions.map((other) => (other.id === version.id ? { ...other, accessedMs } : other));
      store.put({ ...row, accessedMs, versions });
    }
    return {
      ARN: row.arn,
      Name: row.name,
      VersionId: version.id,
      ...(value.text === undefined ? { SecretBinary: value.binary } : { SecretString: value.text }),
      ...(version.stages.length > 0 ? { VersionStages: version.stages } : {}),
      CreatedDate: seconds(version.createdMs),
    };
  });
}

function selectVersion(row: SecretRow, versionId: string | undefined, stage: string | undefined): VersionRow {
  if (versionId === undefined) {
    const wanted = stage ?? CURRENT;
    const version = versionWithStage(row, wanted);
    if (version === undefined) throw stageNotFound(wanted);
    return version;
  }
  const version = row.versions.find(({ id }) => id === versionId);
  if (version === undefined) throw versionNotFound(versionId);
  if (stage !== undefined && !version.stages.includes(stage)) throw stageNotOnVersion();
  return version;
}

export function putSecretValue(store: SecretStore, clock: Clock, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const id = requestTokenOf(input);
  const value = valueOf(input);
  const stages = stringListMember(input, "VersionStages");
  const violations = new Violations();
  violations.length(stages, "versionStages", 1, MAX_STAGES);
  violations.check();
  if (value === undefined) throw invalidRequest("You must provide either SecretString or SecretBinary.");
  return store.write(() => {
    const row = requireActive(store, secretId);
    const written = store.put(addVersion(store, row, { id, value, stages: stages ?? [CURRENT], nowMs: clock.now() }));
    const version = written.versions.find((other) => other.id === id);
    return { ARN: row.arn, Name: row.name, VersionId: id, VersionStages: version?.stages ?? [] };
  });
}

export function listSecretVersionIds(store: SecretStore, input: JsonObject): JsonObject {
  const row = store.require(secretIdOf(input));
  const withDeprecated = booleanMember(input, "IncludeDeprecated") ?? false;
  const versions = row.versions.filter((version) => withDeprecated || version.stages.length > 0);
  const { items, nextToken } = pageOf(versions, input);
  return {
    ARN: row.arn,
    Name: row.name,
    Versions: items.map((version) => ({
      VersionId: version.id,
      ...(version.stages.length > 0 ? { VersionStages: version.stages } : {}),
      ...(version.accessedMs === undefined ? {} : { LastAccessedDate: seconds(version.accessedMs) }),
      CreatedDate: seconds(version.createdMs),
      KmsKeyIds: [
        row.kmsKeyId === undefined || row.kmsKeyId === "alias/aws/secretsmanager"
          ? "DefaultEncryptionKey"
          : row.kmsKeyId,
      ],
    })),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  };
}

export function updateSecretVersionStage(store: SecretStore, clock: Clock, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const stage = stringMember(input, "VersionStage");
  const from = stringMember(input, "RemoveFromVersionId");
  const to = stringMember(input, "MoveToVersionId");
  const violations = new Violations();
  violations.required(stage, "versionStage");
  violations.length(stage, "versionStage", 1, 256);
  violations.length(from, "removeFromVersionId", 32, 64);
  violations.length(to, "moveToVersionId", 32, 64);
  violations.check();
  return store.write(() => {
    const row = requireActive(store, secretId);
    store.put({ ...moveStage(row, stage ?? "", from, to), changedMs: clock.now() });
    return { ARN: row.arn, Name: row.name };
  });
}

function moveStage(row: SecretRow, stage: string, from: string | undefined, to: string | undefined): SecretRow {
  const holder = versionWithStage(row, stage);
  for (const id of [to, from]) {
    if (id !== undefined && !row.versions.some((version) => version.id === id)) throw versionNotFound(id);
  }
  if (to === undefined) {
    if (from === undefined)
      throw invalidParameter("You must specify a value for either MoveToVersionId or RemoveFromVersionId.");
    if (stage === CURRENT) {
      throw invalidParameter(
        "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.",
      );
    }
    if (holder?.id !== from) throw invalidParameter(`The staging label ${stage} is not attached to version ${from}.`);
    return detachStage(row, from, stage);
  }
  if (holder !== undefined && holder.id !== to && from === undefined) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
  if (from !== undefined && holder !== undefined && holder.id !== from) {
    throw invalidParameter(
      `When you move staging label ${stage}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${stage}.`,
    );
  }
  return attachStages(row, to, [stage]);
}

/** Labels of all versions that have any. */
export function versionsToStages(row: SecretRow): JsonObject {
  return Object.fromEntries(
    row.versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]),
  );
}

/** The text of a version, for the stack's own use; does not count as a read. */
export function readSecretString(store: SecretStore, secretId: string, stage = CURRENT): string {
  const row = requireActive(store, secretId);
  const text = store.value(row, selectVersion(row, undefined, stage).id)?.text;
  if (text === undefined) throw stageNotFound(stage);
  return text;
}
