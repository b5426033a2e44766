/** Document paths: reading them from an expression, from an item, and the rules between two of them. */
import { attributeOf, cloneValue, emptyItem, type AttributeValue, type Item } from "../values/attribute-value.js";
import type { Path } from "./context.js";
import type { TokenReader } from "./tokens.js";

interface NameSink {
  /** A name that stands in the expression itself. */
  literal(name: string): string;
  /** A `#placeholder`. */
  placeholder(name: string): string;
}

/** Reads `a.b[0].#c`. The next token must start a path. */
export function readPath(tokens: TokenReader, sink: NameSink): Path {
  const path: (string | number)[] = [readName(tokens, sink)];
  for (;;) {
    if (tokens.take(".")) {
      path.push(readName(tokens, sink));
    } else if (tokens.take("[")) {
      if (tokens.peek().kind !== "number") throw tokens.syntaxError();
      path.push(Number(tokens.next().text));
      tokens.expect("]");
    } else {
      return path;
    }
  }
}

function readName(tokens: TokenReader, sink: NameSink): string {
  const { kind, text } = tokens.peek();
  if (kind === "name") {
    tokens.next();
    return sink.literal(text);
  }
  if (kind === "nameRef") {
    tokens.next();
    return sink.placeholder(text);
  }
  throw tokens.syntaxError();
}

/** The value at a path, if there is one. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let value = attributeOf(item, path[0] as string);
  for (let i = 1; i < path.length && value !== undefined; i++) value = childOf(value, path[i] as string | number);
  return value;
}

export function childOf(value: AttributeValue, piece: string | number): AttributeValue | undefined {
  return typeof piece === "number" ? value.L?.[piece] : attributeOf(value.M, piece);
}

export function pathText(path: Path): string {
  return `[${path.map((piece) => (typeof piece === "number" ? `[${piece}]` : piece)).join(", ")}]`;
}

/** How two paths of one expression stand to each other. */
export function relationOf(a: Path, b: Path): "apart" | "overlap" | "conflict" {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (typeof a[i] !== typeof b[i]) return "conflict";
    if (a[i] !== b[i]) return "apart";
  }
  return "overlap";
}

export function overlapMessage(relation: "overlap" | "conflict", a: Path, b: Path): string {
  const verb = relation === "overlap" ? "overlap" : "conflict";
  return `Two document paths ${verb} with each other; must remove or rewrite one of these paths; path one: ${pathText(a)}, path two: ${pathText(b)}`;
}

/** A document under construction; list elements wait under their index until all paths are in. */
type Draft =
  | { readonly value: AttributeValue }
  | { readonly map: Map<string, Draft> }
  | { readonly list: Map<number, Draft> };

/** The parts of an item that lie on the paths, nested as they were; elements of lists close up. */
export function project(item: Item, paths: readonly Path[]): Item {
  const root = new Map<string, Draft>();
  for (const path of paths) {
    const value = valueAt(item, path);
    if (value !== undefined) place(root, path, value);
  }
  return finishMap(root);
}

function place(root: Map<string, Draft>, path: Path, value: AttributeValue): void {
  let map: Map<string | number, Draft> = root as Map<string | number, Draft>;
  for (let i = 0; i < path.length - 1; i++) {
    const piece = path[i] as string | number;
    const child: Draft = map.get(piece) ?? (typeof path[i + 1] === "number" ? { list: new Map() } : { map: new Map() });
    map.set(piece, child);
    if ("value" in child) return;
    map = ("map" in child ? child.map : child.list) as Map<string | number, Draft>;
  }
  map.set(path[path.length - 1] as string | number, { value: cloneValue(value) });
}

function finishMap(map: ReadonlyMap<string, Draft>): Item {
  const item = emptyItem();
  for (const [name, draft] of map) item[name] = finish(draft);
  return item;
}

function finish(draft: Draft): AttributeValue {
  if ("value" in draft) return draft.value;
  if ("map" in draft) return { M: finishMap(draft.map) };
  return { L: [...draft.list].sort(([a], [b]) => a - b).map(([, element]) => finish(element)) };
}
