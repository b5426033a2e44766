/** What many operations read alike: ARNs, names, pages, tags, configurations; constraints in the words of the API's model. */
import { Violations, listMember, numberMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { statesError } from "../errors.js";
import type { Tags } from "../rows.js";

const MAX_ARN_LENGTH = 256;
const MAX_NAME_LENGTH = 80;
const MAX_PAGE = 1000;
const DEFAULT_PAGE = 100;
const MAX_TOKEN_LENGTH = 1024;

export function requiredArn(input: JsonObject, name: string): string {
  const violations = new Violations();
  const arn = arnMember(input, name, violations);
  violations.required(arn, name);
  violations.check();
  return arn ?? "";
}

export function arnMember(input: JsonObject, name: string, violations: Violations): string | undefined {
  const arn = stringMember(input, name);
  violations.length(arn, name, 1, MAX_ARN_LENGTH);
  return arn;
}

export function nameMember(input: JsonObject, violations: Violations): string | undefined {
  const name = stringMember(input, "name");
  violations.length(name, "name", 1, MAX_NAME_LENGTH);
  return name;
}

export interface PageRequest {
  readonly size: number;
  /** What `nextToken` holds; the key of the last item of the page before. */
  readonly after: string | undefined;
}

export function pageMember(input: JsonObject, violations: Violations, maxTokenLength = MAX_TOKEN_LENGTH): PageRequest {
  const maxResults = numberMember(input, "maxResults");
  const token = stringMember(input, "nextToken");
  violations.range(maxResults, "maxResults", 0, MAX_PAGE);
  violations.length(token, "nextToken", 1, maxTokenLength);
  // 0 is the default.
  const size = maxResults === undefined || maxResults === 0 ? DEFAULT_PAGE : maxResults;
  return { size, after: token !== undefined && violations.isEmpty ? keyIn(token) : undefined };
}

/** Tokens are opaque to clients: the base64 of a key. */
const tokenOf = (key: string): string => Buffer.from(key).toString("base64");

function keyIn(token: string): string {
  const key = Buffer.from(token, "base64").toString("utf8");
  if (tokenOf(key) !== token) throw statesError.invalidToken();
  return key;
}

/** The first page of these rows, and the token of the next: the key of its last row. */
export function pageOf<T>(rows: Iterable<T>, size: number, keyOf: (row: T) => string) {
  const items: T[] = [];
  for (const row of rows) {
    const last = items.at(-1);
    if (items.length === size && last !== undefined) return { items, more: { nextToken: tokenOf(keyOf(last)) } };
    items.push(row);
  }
  return { items, more: {} };
}

/** Rows in memory behind the one with this key. */
export function behind<T>(rows: readonly T[], after: string | undefined, keyOf: (row: T) => string): readonly T[] {
  if (after === undefined) return rows;
  const at = rows.findIndex((row) => keyOf(row) === after);
  if (at < 0) throw statesError.invalidToken();
  return rows.slice(at + 1);
}

const MAX_TAGS = 50;
const MAX_TAG_KEY_LENGTH = 128;
const MAX_TAG_VALUE_LENGTH = 256;

export function tagsMember(input: JsonObject, name = "tags"): Tags {
  const violations = new Violations();
  const tags: Record<string, string> = {};
  for (const [index, tag] of (listMember(input, name) ?? []).entries()) {
    const at = `${name}.${index + 1}.member`;
    const key = stringMember(tag as JsonObject, "key");
    const value = stringMember(tag as JsonObject, "value");
    violations.length(key, `${at}.key`, 1, MAX_TAG_KEY_LENGTH);
    violations.length(value, `${at}.value`, 0, MAX_TAG_VALUE_LENGTH);
    if (key !== undefined) tags[key] = value ?? "";
  }
  violations.check();
  return tags;
}

export function checkTagCount(tags: Tags, arn: string): Tags {
  if (Object.keys(tags).length > MAX_TAGS) throw statesError.tooManyTags(arn);
  return tags;
}

export const tagList = (tags: Tags): { key: string; value: string }[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

/** Callers who may not read the data of a machine ask for the rest alone. */
export function isMetadataOnly(input: JsonObject): boolean {
  const included = stringMember(input, "includedData");
  const violations = new Violations();
  violations.oneOf(included, "includedData", ["ALL_DATA", "METADATA_ONLY"]);
  violations.check();
  return included === "METADATA_ONLY";
}
