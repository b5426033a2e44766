/**
 * The Parameters section. Values given from the outside come first, then defaults, then placeholders that are said aloud.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 */
import { AppError } from "../../shared/errors.js";
import { didYouMean } from "../nearest.js";
import type { Json } from "../json.js";
import type { SamParameters } from "../sam-config.js";
import { childOf, textOf } from "./node.js";
import type { Entry, MapNode, TemplateNode } from "./node.js";
import type { Problems } from "./problem.js";

export type ParameterValue = string | readonly string[];

const TYPE_NAMES = ["String", "Number", "List<Number>", "CommaDelimitedList"];

/** What comes from the outside. */
export interface GivenParameters {
  readonly parameterOverrides?: Readonly<Record<string, string>>;
  /** Below those. SAM's file is for other templates, too: names that this one has not mean nothing. */
  readonly samParameters?: SamParameters;
}

export function readParameters(
  section: TemplateNode | undefined,
  given: GivenParameters,
  problems: Problems,
): ReadonlyMap<string, ParameterValue> {
  const declared: ReadonlyMap<string, Entry> = section?.kind === "map" ? section.entries : new Map();
  for (const name of Object.keys(given.parameterOverrides ?? {})) {
    if (declared.has(name)) continue;
    throw new AppError("LR2005", {
      what: `The template has no parameter "${name}".${didYouMean(name, declared.keys())}`,
      where: `parameterOverrides.${name}`,
      fix:
        declared.size === 0
          ? "Drop the override: the template declares no parameters."
          : `Use one of: ${[...declared.keys()].join(", ")}.`,
    });
  }
  const values = new Map<string, ParameterValue>();
  for (const [name, entry] of declared) values.set(name, readParameter(name, entry, givenOf(name, given), problems));
  return values;
}

interface Given {
  readonly text: string;
  readonly fix: string;
}

function givenOf(name: string, { parameterOverrides, samParameters }: GivenParameters): Given | undefined {
  const own = parameterOverrides?.[name];
  if (own !== undefined) return { text: own, fix: passing(name) };
  if (samParameters === undefined) return undefined;
  const { file, values } = samParameters;
  const text = values[name];
  return text === undefined ? undefined : { text, fix: `Change it in ${file}. ${passing(name)}` };
}

const passing = (name: string): string => `Pass --parameter-overrides ${name}=Value with a value that fits.`;

function readParameter(name: string, entry: Entry, given: Given | undefined, problems: Problems): ParameterValue {
  const path = ["Parameters", name];
  const { value: node, keyAt: at } = entry;
  if (node.kind !== "map")
    throw problems.value({ at, path, what: `Parameter ${name} is not a map`, fix: "Give it at least a Type." });
  const type = textOf(childOf(node, "Type"));
  if (type === undefined)
    throw problems.value({ at, path, what: `Parameter ${name} has no Type`, fix: "Add `Type: String`." });
  if (!TYPE_NAMES.includes(type) && !/^(List<)?AWS::[\w:]+(<.+>)?>?$/.test(type)) {
    throw problems.value({
      at: placeOfKey(node, "Type", at),
      path: [...path, "Type"],
      what: `Parameter type ${type} does not exist.${didYouMean(type, TYPE_NAMES)}`,
    });
  }
  const isList =
    type === "CommaDelimitedList" ||
    /^(AWS::SSM::Parameter::Value<)?List</.test(type) ||
    type.endsWith("<CommaDelimitedList>");
  const allowed = listOfTexts(childOf(node, "AllowedValues"));
  const declared = childOf(node, "Default");
  const fallback = declared?.kind === "scalar" && declared.value !== null ? String(declared.value) : undefined;
  const text = given?.text ?? fallback;
  if (text === undefined) {
    const placeholder =
      allowed[0] ??
      (type.includes("Number")
        ? (textOrNumber(childOf(node, "MinValue")) ?? "0")
        : `placeholder-${name.toLowerCase()}`);
    problems.placeholder(placeholder, `Parameter ${name} has no default`, `Pass --parameter-overrides ${name}=Value.`);
    return isList ? [placeholder] : placeholder;
  }
  if (type.startsWith("AWS::SSM::Parameter::Value<")) {
    // CDK's own: it asks at the deployment alone whether the account is ready for it.
    if (!text.startsWith("/cdk-bootstrap/"))
      problems.notice(
        `Parameter ${name} is read from the SSM parameter ${text} when a function starts; the template is read with a marker in its place.`,
      );
    const marker = `{{resolve:ssm:${text}}}`;
    return isList ? [marker] : marker;
  }
  const place = given === undefined ? (declared?.at ?? at) : at;
  const fix = given?.fix ?? passing(name);
  check({ name, text, isList, node, at: place, allowed, fix }, problems);
  return isList ? splitList(text) : text;
}

const splitList = (text: string): string[] => text.split(",").map((item) => item.trim());
const placeOfKey = (node: MapNode, key: string, otherwise: Entry["keyAt"]): Entry["keyAt"] =>
  childOf(node, key)?.at ?? otherwise;
const textOrNumber = (node: TemplateNode | undefined): string | undefined =>
  node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;

function listOfTexts(node: TemplateNode | undefined): string[] {
  return node?.kind === "list" ? node.items.flatMap((item) => textOrNumber(item) ?? []) : [];
}

interface Value {
  readonly name: string;
  readonly text: string;
  readonly isList: boolean;
  readonly node: MapNode;
  readonly at: Entry["keyAt"];
  readonly allowed: readonly string[];
  readonly fix: string;
}

function check({ name, text, isList, node, at, allowed, fix }: Value, problems: Problems): void {
  const path = ["Parameters", name];
  const refuse = (why: string): Error =>
    problems.value({ at, path, what: `Parameter ${name} cannot be "${text}"`, why, fix });
  const type = textOf(childOf(node, "Type")) ?? "String";
  const bound = (key: string): number | undefined => {
    const value = textOrNumber(childOf(node, key));
    return value === undefined ? undefined : Number(value);
  };
  for (const item of isList ? splitList(text) : [text]) {
    if (allowed.length > 0 && !allowed.includes(item))
      throw refuse(`it must be one of: ${allowed.join(", ")}${didYouMean(item, allowed)}`);
    if (type.includes("Number")) {
      const value = Number(item);
      if (item.trim() === "" || Number.isNaN(value)) throw refuse("it must be a number");
      if (value < (bound("MinValue") ?? -Infinity)) throw refuse(`it must be at least ${bound("MinValue")}`);
      if (value > (bound("MaxValue") ?? Infinity)) throw refuse(`it must be at most ${bound("MaxValue")}`);
    }
  }
  if (type !== "String") return;
  if (text.length < (bound("MinLength") ?? 0)) throw refuse(`it must have at least ${bound("MinLength")} characters`);
  if (text.length > (bound("MaxLength") ?? Infinity))
    throw refuse(`it must have at most ${bound("MaxLength")} characters`);
  const pattern = textOf(childOf(node, "AllowedPattern"));
  if (pattern === undefined || matches(pattern, text)) return;
  throw refuse(textOf(childOf(node, "ConstraintDescription")) ?? `it must match ${pattern}`);
}

/** AllowedPattern is a Java regular expression of the whole value; one that JavaScript cannot read passes. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return true;
  }
}

/** Parameter values as JSON, for Ref. */
export const parameterJson = (value: ParameterValue): Json => (typeof value === "string" ? value : [...value]);
