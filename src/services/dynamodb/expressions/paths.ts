/** Document paths: reading them from an expression, from an item, and the rules between two of them. */
import { attributeOf, emptyItem, type AttributeValue, type Item } from "../values/attribute-value.js";
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

type Parts = Map<string | number, Draft>;

/** A document under construction; list elements wait under their index until all paths are in. */
type Draft = { readonly value: AttributeValue } | { readonly isList: boolean; readonly parts: Parts };

/** The parts of an item that lie on the paths, nested as they were; elements of lists close up. */
export function project(item: Item, paths: readonly Path[]): Item {
  const root: Parts = new Map();
  for (const path of paths) {
    const value = valueAt(item, path);
    if (value !== undefined) place(root, path, value);
  }
  return finishMap(root);
}

function place(root: Parts, path: Path, value: AttributeValue): void {
  let parts = root;
  for (const [i, piece] of path.slice(0, -1).entries()) {
    const child: Draft = parts.get(piece) ?? { isList: typeof path[i + 1] === "number", parts: new Map() };
    parts.set(piece, child);
    if ("value" in child) return;
    parts = child.parts;
  }
  parts.set(path[path.length - 1] as string | number, { value });
}

function finishMap(parts: Parts): Item {
  const item = emptyItem();
  for (const [name, draft] of parts) item[name] = finish(draft);
  return item;
}

function finish(draft: Draft): AttributeValue {
  if ("value" in draft) return draft.value;
  if (!draft.isList) return { M: finishMap(draft.parts) };
  return { L: [...draft.parts].sort(([a], [b]) => Number(a) - Number(b)).map(([, element]) => finish(element)) };
}
