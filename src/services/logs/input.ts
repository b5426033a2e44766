/** Members that most operations of CloudWatch Logs share. */
import { parseArn } from "../../shared/arn.js";
import { stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidNextToken, invalidParameter, VALIDATION_CODE } from "./errors.js";
import { MAX_NAME_LENGTH } from "./store.js";

export function groupNameOf(input: JsonObject): string {
  return requiredName(input, "logGroupName", /^[.\-_/#A-Za-z0-9]+$/, "[\\.\\-_/#A-Za-z0-9]+");
}

export function streamNameOf(input: JsonObject): string {
  return requiredName(input, "logStreamName", /^[^:*]*$/, "[^:*]*");
}

/** By name, or by ARN as newer operations allow. */
export function groupOf(input: JsonObject): string {
  const identifier = stringMember(input, "logGroupIdentifier");
  if (identifier === undefined) return groupNameOf(input);
  if (stringMember(input, "logGroupName") !== undefined) {
    throw invalidParameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  }
  return groupNameFrom(identifier);
}

/** The name in `arn:aws:logs:region:account:log-group:NAME` (with or without `:*`), or the text itself. */
export function groupNameFrom(identifier: string): string {
  const resource = parseArn(identifier)?.resource;
  return resource === undefined ? identifier : resource.replace(/^log-group:/, "").replace(/:\*$/, "");
}

export function requiredName(input: JsonObject, member: string, pattern: RegExp, shownPattern: string): string {
  const name = stringMember(input, member);
  const violations = new Violations();
  violations.required(name, member);
  violations.length(name, member, 1, MAX_NAME_LENGTH);
  violations.pattern(name, member, pattern, shownPattern);
  violations.check(VALIDATION_CODE);
  return name ?? "";
}

/** Cuts a page out of a list that is in a stable order; the token is the key of the next item. */
export function pageAfter<T>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  nextToken: string | undefined,
  limit: number,
): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const from = nextToken === undefined ? undefined : decode(nextToken);
  const page: T[] = [];
  let started = from === undefined;
  for (const item of items) {
    started ||= keyOf(item) === from;
    if (!started) continue;
    if (page.length === limit) return { items: page, nextToken: Buffer.from(keyOf(item)).toString("base64") };
    page.push(item);
  }
  return { items: page, nextToken: undefined };
}

function decode(token: string): string {
  const text = Buffer.from(token, "base64").toString("utf8");
  if (Buffer.from(text).toString("base64") !== token || text === "") throw invalidNextToken();
  return text;
}
