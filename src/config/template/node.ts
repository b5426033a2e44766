/** The template as a tree in which every value knows its place and intrinsic functions are calls. */
import type { Json } from "../json.js";

/** Counted from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Scalar = string | number | boolean | null;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: Scalar;
  readonly at: Position;
}
export interface ListNode {
  readonly kind: "list";
  readonly items: readonly TemplateNode[];
  readonly at: Position;
}
export interface Entry {
  readonly keyAt: Position;
  readonly value: TemplateNode;
}
export interface MapNode {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly at: Position;
}
/** An intrinsic function, written short or long. `name` is the long form: `Ref`, `Condition`, `Fn::Sub`. */
export interface CallNode {
  readonly kind: "call";
  readonly name: string;
  readonly argument: TemplateNode;
  readonly at: Position;
}
export type TemplateNode = ScalarNode | ListNode | MapNode | CallNode;

/** A tree without calls. */
export type LiteralNode = TemplateNode;

export const scalarNode = (value: Scalar, at: Position): ScalarNode => ({ kind: "scalar", value, at });
export const callNode = (name: string, argument: TemplateNode, at: Position): CallNode => ({
  kind: "call",
  name,
  argument,
  at,
});
export const emptyMap = (at: Position): MapNode => ({ kind: "map", entries: new Map(), at });

export function mapNode(values: Readonly<Record<string, TemplateNode | undefined>>, at: Position): MapNode {
  const entries = new Map<string, Entry>();
  for (const [key, value] of Object.entries(values)) if (value !== undefined) entries.set(key, { keyAt: at, value });
  return { kind: "map", entries, at };
}

/** Any JSON value as nodes, all at one place. */
export function nodeOf(value: Json, at: Position): TemplateNode {
  if (Array.isArray(value))
    return { kind: "list", items: (value as readonly Json[]).map((item) => nodeOf(item, at)), at };
  if (typeof value === "object" && value !== null) {
    return mapNode(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, nodeOf(item, at)])), at);
  }
  return scalarNode(value, at);
}

export function childOf(node: TemplateNode | undefined, key: string): TemplateNode | undefined {
  return node?.kind === "map" ? node.entries.get(key)?.value : undefined;
}

export function textOf(node: TemplateNode | undefined): string | undefined {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

/** The JSON value of a tree. A call, which only unresolved trees have, is shown in its long form. */
export function plainOf(node: TemplateNode): Json {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plainOf);
    case "map":
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainOf(entry.value)]));
    case "call":
      return { [node.name]: plainOf(node.argument) };
  }
}

/** The place of the value at `path`, or of the deepest part of the path that exists. */
export function placeOf(node: TemplateNode, path: readonly PropertyKey[]): Position {
  let current = node;
  let at = node.at;
  for (const step of path) {
    if (current.kind === "map") {
      const entry = current.entries.get(String(step));
      if (!entry) return at;
      current = entry.value;
      at = entry.value.kind === "scalar" ? entry.value.at : entry.keyAt;
    } else if (current.kind === "list") {
      const item = current.items[Number(step)];
      if (!item) return at;
      current = item;
      at = item.at;
    } else return at;
  }
  return at;
}

/** The place of the key at the end of `path`. */
export function keyPlaceOf(node: TemplateNode, path: readonly PropertyKey[]): Position {
  let current: TemplateNode | undefined = node;
  for (const step of path.slice(0, -1)) {
    if (current?.kind === "map") current = current.entries.get(String(step))?.value;
    else if (current?.kind === "list") current = current.items[Number(step)];
  }
  const entry = current?.kind === "map" ? current.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyAt ?? placeOf(node, path);
}
