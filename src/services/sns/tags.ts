/** Tags of topics. https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html */
import { objectListMember, stringListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { snsError } from "./errors.js";

const MAX_TAGS = 50;

export type Tags = Readonly<Record<string, string>>;

export function readTags(input: JsonObject): Tags | undefined {
  const given = objectListMember(input, "Tags");
  if (given === undefined) return undefined;
  const tags = given.map((tag) => [stringMember(tag, "Key") ?? "", stringMember(tag, "Value") ?? ""] as const);
  if (new Set(tags.map(([key]) => key)).size < tags.length)
    throw snsError.invalidParameter("Duplicated keys are not allowed.");
  if (tags.length > MAX_TAGS) throw snsError.tooManyTags();
  return Object.fromEntries(tags);
}

export function withTags(existing: Tags, added: Tags): Tags {
  const tags = { ...existing, ...added };
  if (Object.keys(tags).length > MAX_TAGS) throw snsError.tooManyTags();
  return tags;
}

export function withoutTags(existing: Tags, input: JsonObject): Tags {
  const removed = new Set(stringListMember(input, "TagKeys"));
  return Object.fromEntries(Object.entries(existing).filter(([key]) => !removed.has(key)));
}

export const shownTags = (tags: Tags): readonly JsonObject[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const sameTags = (a: Tags, b: Tags): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
