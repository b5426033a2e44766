/**
 * What the steps of a path find in a document, as Jayway JsonPath has it: a member that is missing fails a definite path; a
 * path with a wildcard, a slice, a filter or `..` in it passes over it.
 */
import { isJsonObject, type Json, type JsonObject } from "../../../../../config/json.js";
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
  walk({ steps, root: document, found, definite }, document, 0, "$");
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
  /** What is missing fails the path. */
  readonly definite: boolean;
}

/** Goes on with a value at a place below. */
type Go = (child: Json, place: string) => void;

function walk(on: Walk, value: Json, at: number, trail: string): void {
  const step = on.steps[at];
  if (step === undefined) {
    on.found.push(value);
    return;
  }
  const go: Go = (child, place) => walk(on, child, at + 1, trail + place);
  switch (step.kind) {
    case "members":
      return members(step.names, value, { go, trail, definite: on.definite, last: at === on.steps.length - 1 });
    case "indexes":
      return indexes(step.indexes, value, go, on.definite);
    case "slice":
      return Array.isArray(value)
        ? (value as Json[]).slice(step.from, step.to).forEach((child) => go(child, "[:]"))
        : undefined;
    case "wildcard":
      for (const [name, child] of childrenOf(value)) go(child, name);
      return;
    case "filter":
      // A filter on an object asks about the object itself.
      for (const item of Array.isArray(value) ? (value as Json[]) : isJsonObject(value) ? [value] : [])
        if (passes(step.filter, item, on.root, trySelect)) go(item, "[?]");
      return;
    case "descent":
      return descend(value, (each) => go(each, ".."));
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

interface Place {
  readonly go: Go;
  readonly trail: string;
  readonly definite: boolean;
  readonly last: boolean;
}

function members(names: readonly string[], value: Json, { go, trail, definite, last }: Place): void {
  if (!isJsonObject(value)) {
    if (!definite) return;
    const asked = names.map((name) => `['${name}']`).join(",");
    throw new NothingFound(`Expected to find an object with property ${asked} in path ${trail}`);
  }
  if (names.length > 1 && last) {
    go(Object.fromEntries(names.flatMap((name) => own(value, name).map((child) => [name, child]))), "");
    return;
  }
  for (const name of names) {
    const [child] = own(value, name);
    if (child !== undefined) go(child, `['${name}']`);
    else if (definite)
      throw new NothingFound(`${last ? "No results for path:" : "Missing property in path"} ${trail}['${name}']`);
  }
}

const own = (value: JsonObject, name: string): Json[] => (Object.hasOwn(value, name) ? [value[name] as Json] : []);

function indexes(wanted: readonly number[], value: Json, go: Go, definite: boolean): void {
  if (!Array.isArray(value)) {
    if (!definite) return;
    const what = `[${wanted.join(",")}] can only be applied to arrays`;
    throw new NotAList(`Filter: ${what}. Current context is: ${JSON.stringify(value)}`);
  }
  for (const index of wanted) {
    const child = value.at(index) as Json | undefined;
    if (child !== undefined) go(child, `[${String(index)}]`);
  }
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
