/** The operations of Secrets Manager on whole secrets, and the table of all of them. */
import { booleanMember, numberMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import { AwsError } from "../kit/aws-error.js";
import {
  alreadyScheduled,
  invalidParameter,
  limitExceeded,
  markedForDeletion,
  secretExists,
  secretNotFound,
} from "./errors.js";
import {
  descriptionOf,
  MAX_TAGS,
  newNameOf,
  passwordOptionsOf,
  requestTokenOf,
  secretIdOf,
  tagsOf,
  valueOf,
} from "./input.js";
import { filtersOf, pageOf, passes, sortRows } from "./listing.js";
import { randomPassword } from "./password.js";
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy, validateResourcePolicy } from "./policy.js";
import { cancelRotateSecret, describeRotation, rotateSecret, type RotationContext } from "./rotation.js";
import { CURRENT, type SecretRow, type SecretStore, type Tag } from "./store.js";
import {
  addVersion,
  getSecretValue,
  listSecretVersionIds,
  putSecretValue,
  requireActive,
  seconds,
  updateSecretVersionStage,
  versionsToStages,
} from "./versions.js";

const DAY_MS = 86_400_000;
const RECOVERY_DAYS = { min: 7, max: 30, default: 30 };
const MAX_BATCH = 20;

export function secretsOperations(context: RotationContext): Record<string, JsonOperation> {
  const { store, clock } = context;
  return {
    CreateSecret: (input) => createSecret(context, input),
    UpdateSecret: (input) => updateSecret(context, input),
    DescribeSecret: (input) => describe(store.require(secretIdOf(input))),
    ListSecrets: (input) => listSecrets(store, input),
    DeleteSecret: (input) => deleteSecret(context, input),
    RestoreSecret: (input) => restoreSecret(store, input),
    GetSecretValue: (input) => getSecretValue(store, clock, input),
    BatchGetSecretValue: (input) => batchGetSecretValue(context, input),
    PutSecretValue: (input) => putSecretValue(store, clock, input),
    ListSecretVersionIds: (input) => listSecretVersionIds(store, input),
    UpdateSecretVersionStage: (input) => updateSecretVersionStage(store, clock, input),
    GetRandomPassword: (input) => ({ RandomPassword: randomPassword(passwordOptionsOf(input)) }),
    TagResource: (input) => tagResource(store, input),
    UntagResource: (input) => untagResource(store, input),
    RotateSecret: (input) => rotateSecret(context, input),
    CancelRotateSecret: (input) => cancelRotateSecret(store, input),
    PutResourcePolicy: (input) => putResourcePolicy(store, input),
    GetResourcePolicy: (input) => getResourcePolicy(store, input),
    DeleteResourcePolicy: (input) => deleteResourcePolicy(store, input),
    ValidateResourcePolicy: (input) => validateResourcePolicy(store, input),
  };
}

function createSecret({ store, clock }: RotationContext, input: JsonObject): Promise<JsonObject> {
  const name = newNameOf(input);
  const token = requestTokenOf(input);
  const value = valueOf(input);
  const description = descriptionOf(input);
  const kmsKeyId = stringMember(input, "KmsKeyId");
  const tags = mergedTags([], tagsOf(input) ?? []);
  return store.write(() => {
    const existing = store.find(name);
    if (existing !== undefined) return createdBefore(store, existing, token, value);
    store.removeExpired(name);
    const nowMs = clock.now();
    const empty: SecretRow = {
      name,
      arn: store.newArn(name),
      createdMs: nowMs,
      changedMs: nowMs,
      tags,
      versions: [],
      ...(description === undefined ? {} : { description }),
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    };
    const row = value === undefined ? empty : addVersion(store, empty, { id: token, value, stages: [CURRENT], nowMs });
    store.put(row);
    return { ARN: row.arn, Name: name, ...(value === undefined ? {} : { VersionId: token }) };
  });
}

/** The same request again is answered as the first time; any other use of the name is refused. */
function createdBefore(
  store: SecretStore,
  row: SecretRow,
  token: string,
  value: ReturnType<typeof valueOf>,
): JsonObject {
  if (row.deletion !== undefined) throw alreadyScheduled();
  const version = row.versions.find(({ id }) => id === token);
  const stored = version === undefined ? undefined : store.value(row, token);
  if (stored === undefined || stored.text !== value?.text || stored.binary !== value?.binary)
    throw secretExists(row.name);
  return { ARN: row.arn, Name: row.name, VersionId: token };
}

function updateSecret({ store, clock }: RotationContext, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const token = requestTokenOf(input);
  const value = valueOf(input);
  const description = descriptionOf(input);
  const kmsKeyId = stringMember(input, "KmsKeyId");
  return store.write(() => {
    const nowMs = clock.now();
    const current = requireActive(store, secretId);
    const changed = {
      ...current,
      changedMs: nowMs,
      ...(description === undefined ? {} : { description }),
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    };
    const row =
      value === undefined ? changed : addVersion(store, changed, { id: token, value, stages: [CURRENT], nowMs });
    store.put(row);
    return { ARN: row.arn, Name: row.name, ...(value === undefined ? {} : { VersionId: token }) };
  });
}

function describe(row: SecretRow): JsonObject {
  const stages = versionsToStages(row);
  return {
    ...summary(row),
    ...(Object.keys(stages).length > 0 ? { VersionIdsToStages: stages } : {}),
  };
}

/** What DescribeSecret and ListSecrets have in common. */
function summary(row: SecretRow): JsonObject {
  return {
    ARN: row.arn,
    Name: row.name,
    ...(row.description === undefined || row.description === "" ? {} : { Description: row.description }),
    ...(row.kmsKeyId === undefined ? {} : { KmsKeyId: row.kmsKeyId }),
    ...(row.owner === undefined ? {} : { OwningService: row.owner }),
    ...describeRotation(row),
    LastChangedDate: seconds(row.changedMs),
    ...(row.accessedMs === undefined ? {} : { LastAccessedDate: seconds(row.accessedMs) }),
    ...(row.deletion === undefined ? {} : { DeletedDate: seconds(row.deletion.requestedMs) }),
    ...(row.tags.length > 0 ? { Tags: row.tags } : {}),
    CreatedDate: seconds(row.createdMs),
  };
}

function listSecrets(store: SecretStore, input: JsonObject): JsonObject {
  const filters = filtersOf(input);
  const withDeleted = booleanMember(input, "IncludePlannedDeletion") ?? false;
  const rows = [...store.all()].filter((row) => (withDeleted || row.deletion === undefined) && passes(row, filters));
  const { items, nextToken } = pageOf(sortRows(rows, input), input);
  const list = items.map((row) => {
    const stages = versionsToStages(row);
    return { ...summary(row), ...(Object.keys(stages).length > 0 ? { SecretVersionsToStages: stages } : {}) };
  });
  return { SecretList: list, ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
}

function deleteSecret({ store, clock }: RotationContext, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const force = booleanMember(input, "ForceDeleteWithoutRecovery") ?? false;
  const days = numberMember(input, "RecoveryWindowInDays");
  if (force && days !== undefined) {
    throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  }
  if (days !== undefined && (days < RECOVERY_DAYS.min || days > RECOVERY_DAYS.max)) {
    throw invalidParameter(
      `The RecoveryWindowInDays value must be between ${RECOVERY_DAYS.min} and ${RECOVERY_DAYS.max} days (inclusive).`,
    );
  }
  return store.write(() => {
    const requestedMs = clock.now();
    const row = store.find(secretId);
    if (force) {
      // Forcing is answered with success for a secret that is not there, too.
      if (row !== undefined) store.remove(row);
      return {
        ARN: row?.arn ?? store.newArn(secretId),
        Name: row?.name ?? secretId,
        DeletionDate: seconds(requestedMs),
      };
    }
    if (row === undefined) throw secretNotFound();
    if (row.deletion !== undefined) throw markedForDeletion();
    const dueMs = requestedMs + (days ?? RECOVERY_DAYS.default) * DAY_MS;
    store.put({ ...row, deletion: { requestedMs, dueMs } });
    return { ARN: row.arn, Name: row.name, DeletionDate: seconds(dueMs) };
  });
}

function restoreSecret(store: SecretStore, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  return store.write(() => {
    const { deletion: _deletion, ...row } = store.require(secretId);
    store.put(row);
    return { ARN: row.arn, Name: row.name };
  });
}

async function batchGetSecretValue({ store, clock }: RotationContext, input: JsonObject): Promise<JsonObject> {
  const ids = stringListMember(input, "SecretIdList");
  const violations = new Violations();
  violations.length(ids, "secretIdList", 1, MAX_BATCH);
  violations.check();
  if ((ids === undefined) === (input["Filters"] === undefined)) {
    throw invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.");
  }
  if (ids !== undefined && input["MaxResults"] !== undefined) {
    throw invalidParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.");
  }
  const filters = filtersOf(input);
  const wanted =
    ids ?? [...store.all()].filter((row) => row.deletion === undefined && passes(row, filters)).map((row) => row.name);
  const { items, nextToken } =
    ids === undefined ? pageOf(wanted, input, MAX_BATCH, MAX_BATCH) : { items: ids, nextToken: undefined };
  const values: JsonObject[] = [];
  const errors: JsonObject[] = [];
  for (const SecretId of items) {
    try {
      values.push(await getSecretValue(store, clock, { SecretId }));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
    }
  }
  return { SecretValues: values, Errors: errors, ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
}

function tagResource(store: SecretStore, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const tags = tagsOf(input);
  const violations = new Violations();
  violations.required(tags, "tags");
  violations.check();
  return store.write(() => {
    const row = requireActive(store, secretId);
    store.put({ ...row, tags: mergedTags(row.tags, tags ?? []) });
    return {};
  });
}

function untagResource(store: SecretStore, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const keys = stringListMember(input, "TagKeys");
  const violations = new Violations();
  violations.required(keys, "tagKeys");
  violations.check();
  return store.write(() => {
    const row = requireActive(store, secretId);
    store.put({ ...row, tags: row.tags.filter((tag) => keys?.includes(tag.Key) !== true) });
    return {};
  });
}

function mergedTags(existing: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const merged = new Map([...existing, ...added].map((tag) => [tag.Key, tag]));
  if (merged.size > MAX_TAGS) throw limitExceeded(`A secret can have at most ${MAX_TAGS} tags.`);
  return [...merged.values()];
}
