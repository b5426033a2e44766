/** Tags of functions. Lambda developer guide, "Using tags on Lambda functions": at most 50. */
import { objectMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidParameter } from "./errors.js";

const MAX_TAGS = 50;
/** Of AWS itself, such as CloudFormation's. The words are those of its other services. */
const RESERVED = /^aws:/i;
const RESERVED_TEXT = "aws: prefixed tag key names are not allowed for external use";

/** The member `Tags`, checked. */
export function tagsMember(input: JsonObject): Readonly<Record<string, string>> | undefined {
  const tags = objectMember(input, "Tags");
  if (tags === undefined) return undefined;
  return checked(Object.fromEntries(Object.keys(tags).map((key) => [key, stringMember(tags, key) ?? ""])));
}

export function checked(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (Object.keys(tags).some((key) => RESERVED.test(key))) throw invalidParameter(RESERVED_TEXT);
  if (Object.keys(tags).length > MAX_TAGS) throw invalidParameter("Number of tags exceeds resource tag limit.");
  return tags;
}
