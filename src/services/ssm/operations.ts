/** The operations of the Parameter Store. */
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import { AwsError } from "../kit/aws-error.js";
import { booleanMember, numberMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import {
  invalidNextToken,
  invalidResource,
  invalidResourceType,
  labelLimit,
  parameterNotFound,
  versionNotFound,
} from "./errors.js";
import { describeFilterOf, pathFilterOf } from "./filters.js";
import { checkPath, liesUnder, parseReference, type Reference } from "./names.js";
import { newParameterOf, putParameter, tagsOf } from "./put.js";
import { latestOf, selectVersion, type ParameterRow, type ParameterStore, type VersionRow } from "./store.js";

const MAX_NAMES = 10;
const MAX_BY_PATH = 10;
const MAX_PAGE = 50;
const MAX_LABELS = 10;

export interface SsmContext {
  readonly store: ParameterStore;
  readonly clock: Clock;
  readonly realm: Realm;
}

export function ssmOperations(context: SsmContext): Record<string, JsonOperation> {
  const { store, clock } = context;
  return {
    PutParameter: (input, request) => putParameter(store, clock, newParameterOf(input, request.caller?.arn ?? "")),
    GetParameter: (input) => getParameter(context, input),
    GetParameters: (input) => getParameters(context, input),
    GetParametersByPath: (input) => getParametersByPath(context, input),
    GetParameterHistory: (input) => getParameterHistory(context, input),
    DescribeParameters: (input) => describeParameters(context, input),
    DeleteParameter: (input) => deleteParameter(store, input),
    DeleteParameters: (input) => deleteParameters(store, input),
    LabelParameterVersion: (input) => labelVersion(store, input),
    UnlabelParameterVersion: (input) => unlabelVersion(store, input),
    AddTagsToResource: (input) => addTags(store, input),
    RemoveTagsFromResource: (input) => removeTags(store, input),
    ListTagsForResource: (input) => ({ TagList: taggedOf(store, input).tags }),
  };
}

function nameOf(input: JsonObject): string {
  const name = stringMember(input, "Name");
  const violations = new Violations();
  violations.required(name, "name");
  violations.length(name, "name", 1, 2048);
  violations.check();
  return name ?? "";
}

function getParameter(context: SsmContext, input: JsonObject): JsonObject {
  const reference = parseReference(nameOf(input));
  return { Parameter: shown(context, context.store.require(reference.name), reference, decrypts(input)) };
}

function getParameters(context: SsmContext, input: JsonObject): JsonObject {
  const names = namesOf(input);
  const found: JsonObject[] = [];
  const missing: string[] = [];
  for (const name of new Set(names)) {
    try {
      const reference = parseReference(name);
      found.push(shown(context, context.store.require(reference.name), reference, decrypts(input)));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      missing.push(name);
    }
  }
  return { Parameters: found, InvalidParameters: missing };
}

function namesOf(input: JsonObject): readonly string[] {
  const names = stringListMember(input, "Names");
  const violations = new Violations();
  violations.required(names, "names");
  violations.length(names, "names", 1, MAX_NAMES);
  violations.check();
  return names ?? [];
}

function decrypts(input: JsonObject): boolean {
  return booleanMember(input, "WithDecryption") ?? false;
}

function shown({ store, realm }: SsmContext, row: ParameterRow, reference: Reference, decrypt: boolean): JsonObject {
  const version = selectVersion(row, reference);
  return {
    Name: row.name,
    Type: row.type,
    Value: valueOf(store, row, version, decrypt),
    Version: version.version,
    ...(reference.selector === undefined ? {} : { Selector: reference.selector }),
    LastModifiedDate: version.modifiedMs / 1000,
    ARN: arnOf.parameter(realm, row.name),
    DataType: version.dataType,
  };
}

function valueOf(store: ParameterStore, row: ParameterRow, { version }: VersionRow, decrypt: boolean): string {
  const value = store.value(row.name, version);
  return row.type === "SecureString" && !decrypt ? store.sealed(value) : value;
}

function getParametersByPath(context: SsmContext, input: JsonObject): JsonObject {
  const path = checkPath(stringMember(input, "Path"));
  const recursive = booleanMember(input, "Recursive") ?? false;
  const passes = pathFilterOf(input);
  const decrypt = decrypts(input);
  const { rows, NextToken } = page(
    context.store,
    input,
    MAX_BY_PATH,
    (row) => liesUnder(row.name, path, recursive) && passes(row),
  );
  return {
    Parameters: rows.map((row) => shown(context, row, { name: row.name }, decrypt)),
    ...(NextToken === undefined ? {} : { NextToken }),
  };
}

function describeParameters({ store, realm }: SsmContext, input: JsonObject): JsonObject {
  const { rows, NextToken } = page(store, input, MAX_PAGE, describeFilterOf(input));
  return {
    Parameters: rows.map((row) => ({
      Name: row.name,
      ARN: arnOf.parameter(realm, row.name),
      Type: row.type,
      ...settingsOf(latestOf(row)),
    })),
    ...(NextToken === undefined ? {} : { NextToken }),
  };
}

function settingsOf(version: VersionRow): JsonObject {
  return {
    ...(version.keyId === undefined ? {} : { KeyId: version.keyId }),
    LastModifiedDate: version.modifiedMs / 1000,
    LastModifiedUser: version.modifiedBy,
    ...(version.description === undefined ? {} : { Description: version.description }),
    ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
    Version: version.version,
    Tier: version.tier,
    Policies: [],
    DataType: version.dataType,
  };
}

function getParameterHistory({ store }: SsmContext, input: JsonObject): JsonObject {
  const row = store.require(parseReference(nameOf(input)).name);
  const size = pageSizeOf(input, MAX_PAGE);
  const token = stringMember(input, "NextToken");
  const after = token === undefined ? 0 : Number(decode(token));
  if (!Number.isInteger(after)) throw invalidNextToken();
  const rest = row.versions.filter(({ version }) => version > after);
  const versions = rest.slice(0, size);
  const decrypt = decrypts(input);
  const last = versions.at(-1);
  return {
    Parameters: versions.map((version) => ({
      Name: row.name,
      Type: row.type,
      Value: valueOf(store, row, version, decrypt),
      ...settingsOf(version),
      Labels: version.labels,
    })),
    ...(rest.length > size && last !== undefined ? { NextToken: encode(String(last.version)) } : {}),
  };
}

/** The token is the name of the first row of the next page. */
function page(
  store: ParameterStore,
  input: JsonObject,
  maxSize: number,
  keep: (row: ParameterRow) => boolean,
): { readonly rows: readonly ParameterRow[]; readonly NextToken: string | undefined } {
  const size = pageSizeOf(input, maxSize);
  const token = stringMember(input, "NextToken");
  const rows: ParameterRow[] = [];
  for (const row of store.all(token === undefined ? "" : decode(token))) {
    if (!keep(row)) continue;
    if (rows.length === size) return { rows, NextToken: encode(row.name) };
    rows.push(row);
  }
  return { rows, NextToken: undefined };
}

function pageSizeOf(input: JsonObject, maxSize: number): number {
  const size = numberMember(input, "MaxResults");
  const violations = new Violations();
  violations.range(size, "maxResults", 1, maxSize);
  violations.check();
  return size ?? maxSize;
}

function encode(text: string): string {
  return Buffer.from(`after:${text}`).toString("base64");
}

function decode(token: string): string {
  const text = Buffer.from(token, "base64").toString("utf8");
  if (!text.startsWith("after:")) throw invalidNextToken();
  return text.slice("after:".length);
}

function deleteParameter(store: ParameterStore, input: JsonObject): Promise<JsonObject> {
  const { name } = parseReference(nameOf(input));
  return store.write(() => {
    store.remove(store.require(name));
    return {};
  });
}

function deleteParameters(store: ParameterStore, input: JsonObject): Promise<JsonObject> {
  const names = new Set(namesOf(input));
  return store.write(() => {
    const deleted: string[] = [];
    const missing: string[] = [];
    for (const name of names) {
      const row = store.find(parseReference(name).name);
      (row === undefined ? missing : deleted).push(name);
      if (row !== undefined) store.remove(row);
    }
    return { DeletedParameters: deleted, InvalidParameters: missing };
  });
}

function labelsOf(input: JsonObject): readonly string[] {
  const labels = stringListMember(input, "Labels");
  const violations = new Violations();
  violations.required(labels, "labels");
  violations.length(labels, "labels", 1, MAX_LABELS);
  for (const [index, label] of (labels ?? []).entries()) violations.length(label, `labels.${index + 1}.member`, 1, 100);
  violations.check();
  return [...new Set(labels)];
}

function labelVersion(store: ParameterStore, input: JsonObject): Promise<JsonObject> {
  const { name } = parseReference(nameOf(input));
  const wanted = numberMember(input, "ParameterVersion");
  const labels = labelsOf(input);
  const isInvalid = (label: string): boolean =>
    /^\d/.test(label) || /^(aws|ssm)/i.test(label) || !/^[\w.-]+$/.test(label);
  const valid = labels.filter((label) => !isInvalid(label));
  return store.write(() => {
    const row = store.require(name);
    const target = selectVersion(row, wanted === undefined ? { name } : { name, version: wanted });
    const merged = new Set([...target.labels, ...valid]);
    if (merged.size > MAX_LABELS) throw labelLimit(MAX_LABELS);
    // A label is on one version at most: it moves.
    store.put(
      relabelled(row, (version) =>
        version === target ? [...merged] : version.labels.filter((label) => !valid.includes(label)),
      ),
    );
    return { InvalidLabels: labels.filter(isInvalid), ParameterVersion: target.version };
  });
}

function unlabelVersion(store: ParameterStore, input: JsonObject): Promise<JsonObject> {
  const { name } = parseReference(nameOf(input));
  const wanted = numberMember(input, "ParameterVersion");
  const labels = labelsOf(input);
  const violations = new Violations();
  violations.required(wanted, "parameterVersion");
  violations.check();
  return store.write(() => {
    const row = store.require(name);
    const target = row.versions.find(({ version }) => version === wanted);
    if (target === undefined) throw versionNotFound(name, wanted ?? 0);
    store.put(
      relabelled(row, (version) =>
        version === target ? version.labels.filter((label) => !labels.includes(label)) : version.labels,
      ),
    );
    return {
      RemovedLabels: labels.filter((label) => target.labels.includes(label)),
      InvalidLabels: labels.filter((label) => !target.labels.includes(label)),
    };
  });
}

function relabelled(row: ParameterRow, labelsFor: (version: VersionRow) => readonly string[]): ParameterRow {
  const [first, ...rest] = row.versions;
  const change = (version: VersionRow): VersionRow => ({ ...version, labels: labelsFor(version) });
  return { ...row, versions: [change(first), ...rest.map(change)] };
}

function addTags(store: ParameterStore, input: JsonObject): Promise<JsonObject> {
  const tags = tagsOf(input) ?? [];
  return store.write(() => {
    const row = taggedOf(store, input);
    store.put({ ...row, tags: [...new Map([...row.tags, ...tags].map((tag) => [tag.Key, tag])).values()] });
    return {};
  });
}

function removeTags(store: ParameterStore, input: JsonObject): Promise<JsonObject> {
  const keys = stringListMember(input, "TagKeys") ?? [];
  return store.write(() => {
    const row = taggedOf(store, input);
    store.put({ ...row, tags: row.tags.filter((tag) => !keys.includes(tag.Key)) });
    return {};
  });
}

function taggedOf(store: ParameterStore, input: JsonObject): ParameterRow {
  const type = stringMember(input, "ResourceType") ?? "";
  const id = stringMember(input, "ResourceId") ?? "";
  if (type !== "Parameter") throw invalidResourceType(type);
  const row = store.find(id);
  if (row === undefined) throw invalidResource(id);
  return row;
}

/** The plain value that a reference names, for the stack's own use. */
export function readValue(store: ParameterStore, text: string): string {
  const reference = parseReference(text);
  const row = store.find(reference.name);
  if (row === undefined) throw parameterNotFound();
  return store.value(row.name, selectVersion(row, reference).version);
}
