/** Tags of buses and rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html */
import { objectListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";

export type Tags = Readonly<Record<string, string>>;

export function readTags(input: JsonObject): Tags {
  const given = objectListMember(input, "Tags") ?? [];
  return Object.fromEntries(given.map((tag) => [stringMember(tag, "Key") ?? "", stringMember(tag, "Value") ?? ""]));
}

export const shownTags = (tags: Tags): readonly JsonObject[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
