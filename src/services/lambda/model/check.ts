/**
 * Holds a request against the API model before its operation sees it, as AWS does: a wrong JSON type ends it at once, and
 * every broken constraint is named in one answer. Of one member the pattern comes before the length (recorded at other
 * services of the same framework); members come in the order of the model.
 */
import { AwsError } from "../../kit/aws-error.js";
import {
  booleanMember,
  isJsonObject,
  listMember,
  numberMember,
  objectMember,
  stringMember,
  Violations,
} from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { DURABLE_INPUTS } from "./durable.js";
import { FUNCTION_INPUTS } from "./functions.js";
import { RESOURCE_INPUTS } from "./resources.js";
import type { ListShape, MapShape, Member, Members, NumberShape, Shape, TextShape } from "./shape.js";

const INPUTS: Readonly<Record<string, Members>> = {
  ...FUNCTION_INPUTS,
  ...RESOURCE_INPUTS,
  ...DURABLE_INPUTS,
};
const NOT_NULL = "Member must not be null";

export interface ModelledRequest {
  readonly operation: string;
  /** Variables of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly input: JsonObject;
}

/** Throws AWS's refusal of a request that does not fit its model. */
export function checkRequest({ operation, path, query, input }: ModelledRequest): void {
  const faults = new Violations();
  for (const [name, member] of Object.entries(INPUTS[operation] ?? {})) {
    const inPath = Object.hasOwn(path, name);
    const source = inPath ? path : member.inQuery === true ? queryMember(query, name, member) : input;
    checkMember(source, name, inPath || member.inQuery === true ? inAddress(member) : member, lowered(name), faults);
  }
  faults.check();
}

/** For the operations that read their own input. */
export function checkText(value: string | undefined, shape: TextShape, at: string, faults: Violations): void {
  if (value === undefined) return;
  if (shape.pattern !== undefined && !compiled(shape.enforced ?? shape.pattern).test(value)) {
    faults.add(value, at, patternText(shape.pattern));
    if (shape.patternAlone === true) return;
  }
  faults.length(value, at, shape.min ?? 0, shape.max ?? Number.POSITIVE_INFINITY);
  if (shape.allowed !== undefined) faults.oneOf(value, at, shape.allowed);
}

function queryMember(query: URLSearchParams, name: string, { kind }: Member): JsonObject {
  const values = query.getAll(name);
  if (values.length === 0) return {};
  return { [name]: kind === "list" ? values : values[0] };
}

/** Whole numbers come as text there. */
function inAddress(member: Member): Member {
  return member.kind === "integer" ? { ...member, asText: true } : member;
}

function checkMember(source: JsonObject, name: string, member: Member, at: string, faults: Violations): void {
  const value = read(source, name, member);
  if (value !== undefined) checkValue(value, member, at, faults);
  else if (member.required === true) faults.required(undefined, at);
}

/** The value in the type of the model. Throws SerializationException. */
function read(source: JsonObject, name: string, shape: Shape): unknown {
  switch (shape.kind) {
    case "text":
    case "blob":
      return stringMember(source, name);
    case "flag":
      return booleanMember(source, name);
    case "integer":
      return shape.asText === true ? wholeIn(source[name]) : readInteger(source, name);
    case "decimal":
    case "time":
      return numberMember(source, name);
    case "list":
      return listMember(source, name);
    case "map":
    case "structure":
      return objectMember(source, name);
  }
}

function readInteger(source: JsonObject, name: string): number | undefined {
  const value = numberMember(source, name);
  if (value === undefined || Number.isInteger(value)) return value;
  throw new AwsError("SerializationException", "NUMBER_VALUE can not be converted to an Integer");
}

function wholeIn(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && /^[+-]?\d{1,18}$/.test(value)) return Number(value);
  throw new AwsError("SerializationException", "STRING_VALUE can not be converted to an Integer");
}

function checkValue(value: unknown, shape: Shape, at: string, faults: Violations): void {
  if (shape.kind === "text") checkText(value as string, shape, at, faults);
  else if (shape.kind === "integer" || shape.kind === "decimal") checkNumber(value as number, shape, at, faults);
  else if (shape.kind === "list") checkList(value as readonly unknown[], shape, at, faults);
  else if (shape.kind === "map") checkMap(value as JsonObject, shape, at, faults);
  else if (shape.kind === "structure")
    for (const [name, member] of Object.entries(shape.members))
      checkMember(value as JsonObject, name, member, `${at}.${lowered(name)}`, faults);
}

function checkNumber(value: number, { min, max }: NumberShape, at: string, faults: Violations): void {
  faults.range(value, at, min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY);
}

/** Members that are structures are named one by one; of simple ones the list is shown with all that each has to be. */
function checkList(values: readonly unknown[], shape: ListShape, at: string, faults: Violations): void {
  const { of, min = 0, max = Number.POSITIVE_INFINITY } = shape;
  const items = values.map((value) => ({ value: value ?? undefined, read: read({ value }, "value", of) }));
  const shown = items.map(({ value }) => (typeof value === "string" ? value : JSON.stringify(value ?? null)));
  faults.length(shown, at, min, max);
  if (of.kind === "structure") {
    for (const [index, item] of items.entries())
      if (isJsonObject(item.read)) checkValue(item.read, of, `${at}.${index + 1}.member`, faults);
  } else if (items.some((item) => item.read === undefined || isBroken(item.read, of))) {
    faults.add(shown, at, `Member must satisfy constraint: [${constraintsOf(of, shape.nullable !== true).join(", ")}]`);
  }
}

function checkMap(map: JsonObject, shape: MapShape, at: string, faults: Violations): void {
  const { key, value: of, hidden = false } = shape;
  const entries = Object.keys(map).map((name) => [name, read(map, name, of)] as const);
  const shown = `{${entries.map(([name, value]) => `${name}=${shownIn(value, of)}`).join(", ")}}`;
  const add = (constraint: string): void =>
    hidden ? faults.addHidden(at, constraint) : faults.add(shown, at, constraint);
  if (entries.length > (shape.max ?? Number.POSITIVE_INFINITY))
    add(`Member must have length less than or equal to ${shape.max}`);
  if (entries.some(([name]) => isBroken(name, key)))
    add(`Map keys must satisfy constraint: [${constraintsOf(key, !hidden).join(", ")}]`);
  if (entries.some(([, value]) => value === undefined || isBroken(value, of)))
    add(`Map value must satisfy constraint: [${constraintsOf(of, true).join(", ")}]`);
}

/** Java prints a double. */
function shownIn(value: unknown, { kind }: Shape): string {
  if (kind === "decimal" && Number.isInteger(value)) return (value as number).toFixed(1);
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

function isBroken(value: unknown, shape: Shape): boolean {
  const faults = new Violations();
  checkValue(value, shape, "", faults);
  return !faults.isEmpty;
}

/** All that a member of a list or map has to be, as AWS lists it when one is not. */
function constraintsOf(shape: Shape, notNull: boolean): readonly string[] {
  const texts: string[] = [];
  if (shape.kind === "text") {
    if (shape.max !== undefined) texts.push(`Member must have length less than or equal to ${shape.max}`);
    if (shape.min !== undefined) texts.push(`Member must have length greater than or equal to ${shape.min}`);
    if (shape.pattern !== undefined) texts.push(patternText(shape.pattern));
    if (shape.allowed !== undefined) texts.push(`Member must satisfy enum value set: [${shape.allowed.join(", ")}]`);
  } else if (shape.kind === "decimal") {
    texts.push(`Member must have value less than or equal to ${shape.max?.toFixed(1)}`);
    texts.push(`Member must have value greater than or equal to ${shape.min?.toFixed(1)}`);
  } else if (shape.kind === "list") {
    texts.push(`Member must have length less than or equal to ${shape.max}`);
    texts.push(`Member must have length greater than or equal to ${shape.min}`);
  }
  return notNull ? [...texts, NOT_NULL] : texts;
}

const patternText = (pattern: string): string => `Member must satisfy regular expression pattern: ${pattern}`;

const patterns = new Map<string, RegExp>();

/** Java's `matches` wants the whole value; only classes of Unicode need the flag, and not every pattern is valid with it. */
function compiled(pattern: string): RegExp {
  let known = patterns.get(pattern);
  if (known === undefined) {
    known = new RegExp(`^(?:${pattern})$`, pattern.includes("\\p{") ? "u" : "");
    patterns.set(pattern, known);
  }
  return known;
}

/** `KMSKeyArn` is `kMSKeyArn` there. */
const lowered = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1);
