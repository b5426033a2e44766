/**
 * Filter policies of subscriptions: which messages reach an endpoint.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
import { compilePattern, type Pattern } from "../kit/patterns/pattern.js";
import { isJsonObject, jsonObjectIn } from "../kit/json-input.js";
import { PatternError } from "../kit/patterns/pattern-error.js";
import type { MessageAttributes } from "./message-attributes.js";
import { snsError } from "./errors.js";
import type { SubscriptionRow } from "./store.js";

export type FilterScope = "MessageAttributes" | "MessageBody";

const MAX_KEYS = 5;
const MAX_COMBINATIONS = 150;

/** Throws InvalidParameter; `prefix` is what the operation says before (`Attributes Reason: `). */
export function checkFilterPolicy(text: string, scope: FilterScope, prefix: string): void {
  const policy = jsonObjectIn(text);
  if (policy === undefined) throw snsError.invalidParameter(`${prefix}FilterPolicy: failed to parse JSON.`);
  if (Object.keys(policy).length === 0) return;
  if (scope === "MessageAttributes" && hasNested(policy))
    // Without the operation's prefix: recorded so.
    throw snsError.invalidParameter("Filter policy scope MessageAttributes does not support nested filter policy");
  if (isDeeper(policy, MAX_COMBINATIONS)) throw tooComplex(prefix);
  if (countKeys(policy) > MAX_KEYS)
    throw snsError.invalidParameter(`${prefix}FilterPolicy: Filter policy can not have more than 5 keys`);
  try {
    compilePattern(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw snsError.invalidParameter(`${prefix}FilterPolicy: ${error.message}`);
  }
  if (combinations(policy, 1) > MAX_COMBINATIONS) throw tooComplex(prefix);
}

const tooComplex = (prefix: string): Error =>
  snsError.invalidParameter(`${prefix}FilterPolicy: Filter policy is too complex`);

type Policy = Readonly<Record<string, unknown>>;

const alternativesIn = (key: string, value: unknown): readonly Policy[] | undefined =>
  key === "$or" && Array.isArray(value) && value.every(isJsonObject) ? value : undefined;

function hasNested(policy: Policy): boolean {
  return Object.entries(policy).some(
    ([key, value]) => isJsonObject(value) || (alternativesIn(key, value)?.some(hasNested) ?? false),
  );
}

/** One value on a level has as many combinations as its level says. Asked first: the rest goes down as deep as the policy. */
function isDeeper(policy: Policy, levels: number): boolean {
  return (
    levels === 0 ||
    Object.entries(policy).some(([key, value]) =>
      (alternativesIn(key, value) ?? (isJsonObject(value) ? [value] : [])).some((inner) => isDeeper(inner, levels - 1)),
    )
  );
}

/** Keys that carry conditions. */
function countKeys(policy: Policy): number {
  let count = 0;
  for (const [key, value] of Object.entries(policy)) {
    const branches = alternativesIn(key, value);
    if (branches !== undefined) for (const branch of branches) count += countKeys(branch);
    else count += isJsonObject(value) ? countKeys(value) : 1;
  }
  return count;
}

/** "The product of the number of values of each key, each times the level that the key stands on." */
function combinations(policy: Policy, level: number): number {
  let product = 1;
  for (const [key, value] of Object.entries(policy)) {
    const branches = alternativesIn(key, value);
    if (branches !== undefined) product *= branches.reduce((sum, branch) => sum + combinations(branch, level), 0);
    else if (isJsonObject(value)) product *= combinations(value, level + 1);
    else if (Array.isArray(value)) product *= value.length * level;
  }
  return product;
}

/** Whether a message reaches a subscription. */
export function passes({ attributes }: SubscriptionRow, message: string, given: MessageAttributes): boolean {
  const text = attributes["FilterPolicy"];
  if (text === undefined || text === "") return true;
  const policy = jsonObjectIn(text);
  if (policy === undefined || Object.keys(policy).length === 0) return true;
  if (attributes["FilterPolicyScope"] === "MessageBody") {
    const body = jsonObjectIn(message);
    return body !== undefined && patternOf(text).matches(body);
  }
  return patternOf(JSON.stringify(nullMeansAbsent(policy))).matches(attributeValues(given));
}

/** Among attributes, a `null` of a policy is met by a message without the attribute (recorded in May 2024). */
function nullMeansAbsent(policy: Policy): Policy {
  return Object.fromEntries(
    Object.entries(policy).map(([key, value]) => {
      const branches = alternativesIn(key, value);
      if (branches !== undefined) return [key, branches.map(nullMeansAbsent)];
      return [key, Array.isArray(value) && value.includes(null) ? [...value, { exists: false }] : value];
    }),
  );
}

function attributeValues(given: MessageAttributes): Policy {
  return Object.fromEntries(
    Object.entries(given).map(([name, { dataType, stringValue = "" }]) => {
      if (dataType === "Number" || dataType.startsWith("Number.")) return [name, Number(stringValue)];
      if (dataType === "String.Array") return [name, arrayIn(stringValue)];
      // Binary attributes are not looked into; that they exist can be asked for.
      return [name, stringValue];
    }),
  );
}

function arrayIn(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  } catch {
    return [text];
  }
}

/** Compiled policies, by their text; few topics have many. */
const compiled = new Map<string, Pattern>();
const MAX_COMPILED = 500;

function patternOf(text: string): Pattern {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  const pattern = compilePattern(text);
  compiled.set(text, pattern);
  return pattern;
}
