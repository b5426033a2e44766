/**
 * What the steps of a path find in a document, as Jayway JsonPath has it: a member that is missing fails a definite path; a
 * path with a wildcard, a slice, a filter or `..` in it passes over it.
 */
import { isJsonObject, type Json } from "../../../../../config/json.js";
import { passes } from "./filter.js";
import { fold } from "./fold.js";
import { isDefinite, PathSyntaxError, type Step } from "./path.js";

/** Why nothing was found, in the words of Jayway, which AWS passes on. */
export class NothingFound extends Error {
  /** An index behind the end of a list: a payload template takes it as null. */
  readonly beyondEnd: boolean;

  constructor(message: string, beyondEnd = false) {
    super(message);
    this.beyondEnd = beyondEnd;
  }
}

/** An index into something that is no list. */
export class NotAList extends NothingFound {}

export function select(steps: readonly Step[], document: Json): Json {
  const last = steps.at(-1);
  if (last?.kind === "function") return fold(last.name, select(steps.slice(0, -1), document));
  const found: Json[] = [];
  const definite = isDefinite(steps);
  walk({ steps, root: document, found }, document, 0, "$", definite);
  // Recorded: an empty list even where the list asked for is missing itself.
  if (!definite) return found;
  const value = found[0];
  if (value === undefined) throw new NothingFound(`No results for path: ${normal(steps)}`, endsInIndex(steps));
  return value;
}

interface Walk {
  readonly steps: readonly Step[];
  readonly root: Json;
  readonly found: Json[];
}

function walk(walk_: Walk, value: Json, at: number, trail: string, definite: boolean): void {
  const step = walk_.steps[at];
  if (step === undefined) {
    walk_.found.push(value);
    return;
  }
  const go = (child: Json, where: string, stays = definite): void => walk(walk_, child, at + 1, trail + where, stays);
  switch (step.kind) {
    case "members":
      return members(step.names, value, { go, trail, definite, last: at === walk_.steps.length - 1 });
    case "indexes":
      return indexes(step.indexes, value, { go, trail, definite });
    case "slice":
      return slice(step, value, go);
    case "wildcard":
      for (const [name, child] of childrenOf(value)) go(child, name, false);
      return;
    case "filter":
      // A filter on an object asks about the object itself.
      for (const item of Array.isArray(value) ? (value as Json[]) : isJsonObject(value) ? [value] : [])
        if (passes(step.filter, item, walk_.root, trySelect)) go(item, "[?]", false);
      return;
    case "descent":
      return descend(value, (each) => go(each, "..", false));
    case "function":
      throw new PathSyntaxError(`a function is not the last step: ${step.name}`);
  }
}

/** For filters: what they ask for may be missing. */
function trySelect(steps: readonly Step[], document: Json): Json | undefined {
  try {
    return select(steps, document);
  } catch (error) {
    if (error instanceof NothingFound) return undefined;
    throw error;
  }
}

interface Position {
  readonly go: (child: Json, where: string, stays?: boolean) => void;
  readonly trail: string;
  readonly definite: boolean;
}

function members(names: readonly string[], value: Json, at: Position & { last: boolean }): void {
  if (!isJsonObject(value)) {
    if (!at.definite) return;
    const asked = names.map((name) => `['${name}']`).join(",");
    throw new NothingFound(`Expected to find an object with property ${asked} in path ${at.trail}`);
  }
  if (names.length > 1 && at.last) {
    at.go(Object.fromEntries(names.flatMap((name) => own(value, name).map((child) => [name, child]))), "");
    return;
  }
  for (const name of names) {
    const where = `['${name}']`;
    const [child] = own(value, name);
    if (child !== undefined) at.go(child, where, at.definite && names.length === 1);
    else if (at.definite && names.length === 1)
      throw new NothingFound(`${at.last ? "No results for path:" : "Missing property in path"} ${at.trail}${where}`);
  }
}

const own = (value: { readonly [key: string]: Json }, name: string): Json[] =>
  Object.hasOwn(value, name) ? [value[name] as Json] : [];

function indexes(wanted: readonly number[], value: Json, at: Position): void {
  if (!Array.isArray(value)) {
    if (!at.definite) return;
    throw new NotAList(
      `Filter: [${wanted.join(",")}] can only be applied to arrays. Current context is: ${JSON.stringify(value)}`,
    );
  }
  for (const index of wanted) {
    const child = value.at(index) as Json | undefined;
    if (child !== undefined) at.go(child, `[${String(index)}]`, at.definite && wanted.length === 1);
  }
}

function slice(step: Extract<Step, { kind: "slice" }>, value: Json, go: Position["go"]): void {
  if (!Array.isArray(value)) return;
  for (const child of value.slice(step.from, step.to) as Json[]) go(child, "[:]", false);
}

function childrenOf(value: Json): (readonly [string, Json])[] {
  if (Array.isArray(value)) return (value as Json[]).map((child, index) => [`[${String(index)}]`, child] as const);
  return isJsonObject(value) ? Object.entries(value).map(([name, child]) => [`['${name}']`, child] as const) : [];
}

/** The value and all below it, outermost first. */
function descend(value: Json, visit: (value: Json) => void): void {
  if (typeof value !== "object" || value === null) return;
  visit(value);
  for (const [, child] of childrenOf(value)) descend(child, visit);
}

const endsInIndex = (steps: readonly Step[]): boolean => steps.at(-1)?.kind === "indexes";

/** The path as Jayway prints it: `$['a'][0]`. */
function normal(steps: readonly Step[]): string {
  const parts = steps.map((step) => {
    if (step.kind === "members") return `[${step.names.map((name) => `'${name}'`).join(",")}]`;
    return step.kind === "indexes" ? `[${step.indexes.join(",")}]` : "";
  });
  return `$${parts.join("")}`;
}
