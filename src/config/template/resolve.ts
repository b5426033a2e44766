/** Turns a template tree into one without intrinsic functions. Places of the values are kept. */
import type { Json } from "../json.js";
import { didYouMean } from "../nearest.js";
import { availabilityZones, cidrBlocks, isSubName, subParts } from "./functions.js";
import { nodeOf, plainOf, scalarNode } from "./node.js";
import type { CallNode, Entry, LiteralNode, MapNode, Position, TemplateNode } from "./node.js";
import { INTRINSIC_NAMES } from "./parse.js";
import type { Path, Problems } from "./problem.js";

/** Where a name is used. */
export interface Usage {
  readonly at: Position;
  readonly path: Path;
}

/** What names mean; the resolver itself knows only the functions. */
export interface Scope {
  readonly region: string;
  readonly problems: Problems;
  /** Parameter, pseudo parameter or resource. Undefined = AWS::NoValue. */
  reference(name: string, usage: Usage): Json | undefined;
  attribute(logicalId: string, attribute: string, usage: Usage): Json;
  condition(name: string, usage: Usage): boolean;
  /** Undefined when the map has no such entry. */
  mapping(map: string, top: string, second: string, usage: Usage): TemplateNode | undefined;
  importValue(name: string): string;
  /** Content of AWS::Include. */
  include(location: string, usage: Usage): TemplateNode;
}

/** Undefined = AWS::NoValue: the property is as if it were not there. */
export function resolve(node: TemplateNode, scope: Scope, path: Path): LiteralNode | undefined {
  switch (node.kind) {
    case "scalar":
      return node;
    case "list": {
      const items = node.items.map((item, i) => resolve(item, scope, [...path, i]));
      return { ...node, items: items.filter((item) => item !== undefined) };
    }
    case "map":
      return resolveMap(node, scope, path);
    case "call":
      return call(node, scope, path);
  }
}

function resolveMap(node: MapNode, scope: Scope, path: Path): LiteralNode {
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) {
    const value = resolve(entry.value, scope, [...path, key]);
    if (value !== undefined) entries.set(key, { ...entry, value });
  }
  // A Fn::Transform beside other keys adds the included keys to them.
  const transform = node.entries.get("Fn::Transform");
  if (transform) {
    entries.delete("Fn::Transform");
    const included = includeOf(transform.value, scope, { at: transform.keyAt, path });
    if (included.kind === "map")
      for (const [key, entry] of included.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return { ...node, entries };
}

function call(node: CallNode, scope: Scope, path: Path): LiteralNode | undefined {
  const { at, argument, name } = node;
  const usage: Usage = { at, path };
  const wrong = (expected: string): Error =>
    scope.problems.reference({
      at,
      path,
      what: `${name} takes ${expected}`,
      fix: `Write ${name} as CloudFormation documents it.`,
    });
  /** The resolved argument; intrinsic functions cannot work on AWS::NoValue. */
  const value = (of: TemplateNode | undefined, expected: string): LiteralNode => {
    const resolved = of === undefined ? undefined : resolve(of, scope, path);
    if (resolved === undefined) throw wrong(expected);
    return resolved;
  };
  const text = (of: TemplateNode | undefined, expected: string): string => {
    const resolved = value(of, expected);
    if (resolved.kind !== "scalar" || resolved.value === null) throw wrong(expected);
    return String(resolved.value);
  };
  const list = (of: TemplateNode | undefined, expected: string): readonly LiteralNode[] => {
    const resolved = value(of, expected);
    // A list that came through SSM or an environment may be one comma-separated text.
    if (resolved.kind === "scalar" && typeof resolved.value === "string")
      return resolved.value.split(",").map((item) => scalarNode(item, at));
    if (resolved.kind !== "list") throw wrong(expected);
    return resolved.items;
  };
  const args = argument.kind === "list" ? argument.items : [];
  const give = (result: Json): LiteralNode => nodeOf(result, at);

  switch (name) {
    case "Ref": {
      const result = scope.reference(text(argument, "one name"), usage);
      return result === undefined ? undefined : give(result);
    }
    case "Fn::GetAtt":
      return give(
        scope.attribute(
          text(args[0], "a logical id and an attribute"),
          text(args[1], "a logical id and an attribute"),
          usage,
        ),
      );
    case "Fn::Sub":
      return give(substitute(argument, scope, usage, wrong));
    case "Fn::Join": {
      const expected = "a delimiter and a list";
      const items = list(args[1], expected).map((item) => text(item, "texts in its list"));
      return give(items.join(text(args[0], expected)));
    }
    case "Fn::Split": {
      const expected = "a delimiter and a text";
      return give(text(args[1], expected).split(text(args[0], expected)));
    }
    case "Fn::Select": {
      const items = list(args[1], "an index and a list");
      const index = Number(text(args[0], "an index and a list"));
      const item = items[index];
      if (item !== undefined) return item;
      throw scope.problems.reference({
        at,
        path,
        what: `Fn::Select cannot select nonexistent value at index ${index}`,
        why: `the list has ${items.length} items`,
      });
    }
    case "Fn::If": {
      const [condition, whenTrue, whenFalse] = args;
      if (!condition || !whenTrue || !whenFalse) throw wrong("a condition and two values");
      return resolve(
        scope.condition(text(condition, "the name of a condition"), usage) ? whenTrue : whenFalse,
        scope,
        path,
      );
    }
    case "Fn::FindInMap":
      return findInMap(args, scope, usage, text, wrong);
    case "Fn::Base64":
      return give(Buffer.from(text(argument, "a text"), "utf8").toString("base64"));
    case "Fn::GetAZs":
      return give(availabilityZones(text(argument, "a region") || scope.region));
    case "Fn::ImportValue":
      return give(scope.importValue(text(argument, "a name")));
    case "Fn::Cidr": {
      const expected = "an IPv4 block, a count and a number of bits";
      const blocks = cidrBlocks(
        text(args[0], expected),
        Number(text(args[1], expected)),
        args[2] ? Number(text(args[2], expected)) : 8,
      );
      if (!blocks) throw wrong("an IPv4 block that is large enough");
      return give(blocks);
    }
    case "Fn::ToJsonString":
      return give(JSON.stringify(plainOf(value(argument, "a list or a map"))));
    case "Fn::Length":
      return give(list(argument, "a list").length);
    case "Fn::Transform":
      return includeOf(argument, scope, usage);
    case "Fn::Equals":
    case "Fn::And":
    case "Fn::Or":
    case "Fn::Not":
    case "Condition":
      return give(evaluateCondition(node, scope, path));
    default:
      throw scope.problems.reference({
        at,
        path,
        what: `${name} is not an intrinsic function that lambda-run knows.${didYouMean(name, INTRINSIC_NAMES)}`,
      });
  }
}

function substitute(argument: TemplateNode, scope: Scope, usage: Usage, wrong: (expected: string) => Error): string {
  const [template, variables] = argument.kind === "list" ? argument.items : [argument];
  if (template?.kind !== "scalar" || typeof template.value !== "string") throw wrong("a text, or a text and a map");
  const parts = subParts(template.value).map((part) => {
    if ("text" in part) return part.text;
    const { name } = part;
    const own = variables?.kind === "map" ? variables.entries.get(name)?.value : undefined;
    if (own !== undefined) return shown(resolve(own, scope, usage.path), name);
    if (!isSubName(name)) {
      const why = "Fn::Sub takes letters, digits, underscores, periods and colons as a name";
      throw scope.problems.reference({
        ...usage,
        what: `\${${name}} is not a name`,
        why,
        fix: `Write \${!${name}} for the text itself.`,
      });
    }
    const dot = name.indexOf(".");
    const result =
      dot < 0 ? scope.reference(name, usage) : scope.attribute(name.slice(0, dot), name.slice(dot + 1), usage);
    return shown(result === undefined ? undefined : nodeOf(result, usage.at), name);
  });
  return parts.join("");

  function shown(node: LiteralNode | undefined, name: string): string {
    if (node?.kind === "scalar" && node.value !== null) return String(node.value);
    throw scope.problems.reference({ ...usage, what: `\${${name}} in Fn::Sub is not a text` });
  }
}

function findInMap(
  args: readonly TemplateNode[],
  scope: Scope,
  usage: Usage,
  text: (of: TemplateNode | undefined, expected: string) => string,
  wrong: (expected: string) => Error,
): LiteralNode {
  const expected = "a map, a key and a second key";
  const [map, top, second] = [text(args[0], expected), text(args[1], expected), text(args[2], expected)];
  const options = args[3];
  const fallback = options?.kind === "map" ? options.entries.get("DefaultValue")?.value : undefined;
  const found = scope.mapping(map, top, second, usage) ?? fallback;
  if (found === undefined) {
    throw scope.problems.reference({
      ...usage,
      what: `Mappings has no ${map}.${top}.${second}`,
      fix: "Add the entry, or choose another key.",
    });
  }
  const resolved = resolve(found, scope, usage.path);
  if (resolved === undefined) throw wrong(expected);
  return resolved;
}

/** A condition function, or the name of a condition where one is allowed. */
export function evaluateCondition(node: TemplateNode, scope: Scope, path: Path): boolean {
  const { at } = node;
  const wrong = (): Error =>
    scope.problems.reference({ at, path, what: "A condition takes Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition" });
  if (node.kind === "map" && node.entries.size === 1) {
    const name = node.entries.get("Condition")?.value;
    if (name?.kind === "scalar") return scope.condition(String(name.value), { at, path });
  }
  if (node.kind !== "call") throw wrong();
  const args = node.argument.kind === "list" ? node.argument.items : [];
  switch (node.name) {
    case "Condition":
      if (node.argument.kind !== "scalar") throw wrong();
      return scope.condition(String(node.argument.value), { at, path });
    case "Fn::Equals": {
      const [left, right] = args
        .map((arg) => resolve(arg, scope, path))
        .map((arg) => (arg === undefined ? undefined : plainOf(arg)));
      if (args.length !== 2) throw wrong();
      return comparable(left) === comparable(right);
    }
    case "Fn::And":
      return args.every((arg) => evaluateCondition(arg, scope, path));
    case "Fn::Or":
      return args.some((arg) => evaluateCondition(arg, scope, path));
    case "Fn::Not":
      if (args.length !== 1 || !args[0]) throw wrong();
      return !evaluateCondition(args[0], scope, path);
    default:
      throw wrong();
  }
}

/** CloudFormation compares texts: `true` equals `"true"`. */
const comparable = (value: Json | undefined): string | undefined =>
  value === undefined || typeof value === "string"
    ? value
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);

function includeOf(argument: TemplateNode, scope: Scope, usage: Usage): LiteralNode {
  const resolved = resolve(argument, scope, usage.path);
  const name = resolved?.kind === "map" ? resolved.entries.get("Name")?.value : undefined;
  const parameters = resolved?.kind === "map" ? resolved.entries.get("Parameters")?.value : undefined;
  const location = parameters?.kind === "map" ? parameters.entries.get("Location")?.value : undefined;
  if (
    name?.kind !== "scalar" ||
    name.value !== "AWS::Include" ||
    location?.kind !== "scalar" ||
    typeof location.value !== "string"
  ) {
    scope.problems.notice(`Fn::Transform at ${scope.problems.place(usage.at)} is not AWS::Include: it is left out.`);
    return { kind: "map", entries: new Map(), at: usage.at };
  }
  const included = resolve(scope.include(location.value, usage), scope, usage.path);
  return included ?? { kind: "map", entries: new Map(), at: usage.at };
}
