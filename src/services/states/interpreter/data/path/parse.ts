/**
 * The grammar of paths: Jayway JsonPath, which Step Functions uses, with `$$` for the context object and `$name` for a
 * variable at the root.
 * https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
 * https://github.com/json-path/JsonPath
 */
import { parseFilter } from "./parse-filter.js";
import { isDefinite, PathSyntaxError, type Path, type PathRoot, type Step } from "./path.js";

const VARIABLE = /^\$([\p{L}_][\p{L}\p{N}_]*)/u;
const NAME_END = /[.[\]()\s]/;
const FUNCTION = /^([A-Za-z]+)\(\)$/;

const CACHE_SIZE = 1000;
const cache = new Map<string, Path>();

/** Machines have few paths and run them often. */
export function parsePath(text: string): Path {
  const known = cache.get(text);
  if (known !== undefined) return known;
  if (cache.size >= CACHE_SIZE) cache.clear();
  const path = readPathText(text);
  cache.set(text, path);
  return path;
}

function readPathText(text: string): Path {
  const [root, length] = rootOf(text);
  const steps = parseSteps(text, length);
  return { root, steps, definite: isDefinite(steps) };
}

function rootOf(text: string): [PathRoot, number] {
  if (text.startsWith("$$")) return [{ kind: "context" }, 2];
  const variable = VARIABLE.exec(text);
  if (variable?.[1] !== undefined) return [{ kind: "variable", name: variable[1] }, variable[0].length];
  if (text.startsWith("$")) return [{ kind: "input" }, 1];
  throw new PathSyntaxError(`a path begins with $: ${text}`);
}

/** The steps after the root at `start`; filters use it for `@.member`, too. */
function parseSteps(text: string, start: number): Step[] {
  const steps: Step[] = [];
  let at = start;
  while (at < text.length) {
    if (text.startsWith("..", at)) {
      steps.push({ kind: "descent" });
      at += text[at + 2] === "[" ? 2 : 1;
    } else if (text[at] === ".") {
      const end = nameEnd(text, at + 1);
      steps.push(dotStep(text.slice(at + 1, end)));
      at = end;
    } else if (text[at] === "[") {
      const end = closingBracket(text, at);
      steps.push(bracketStep(text.slice(at + 1, end).trim()));
      at = end + 1;
    } else throw new PathSyntaxError(`unexpected ${JSON.stringify(text[at])} at ${String(at)}: ${text}`);
  }
  if (steps.slice(0, -1).some(({ kind }) => kind === "function"))
    throw new PathSyntaxError(`a function is not the last step: ${text}`);
  return steps;
}

/** The end of a name after a dot; the parentheses of a function belong to it. */
function nameEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length && !NAME_END.test(text[end] ?? "")) end += 1;
  return text.startsWith("()", end) ? end + 2 : end;
}

function dotStep(name: string): Step {
  if (name === "*") return { kind: "wildcard" };
  if (name === "") throw new PathSyntaxError("a name is missing after the dot");
  const called = FUNCTION.exec(name)?.[1];
  return called === undefined ? { kind: "members", names: [name] } : { kind: "function", name: called };
}

/** The bracket that closes the one at `open`; those in quotes, and pairs inside, do not count. */
function closingBracket(text: string, open: number): number {
  let depth = 0;
  let quote = "";
  for (let at = open; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (quote !== "") {
      if (sign === "\\") at += 1;
      else if (sign === quote) quote = "";
    } else if (sign === "'" || sign === '"') quote = sign;
    else if (sign === "[") depth += 1;
    else if (sign === "]" && (depth -= 1) === 0) return at;
  }
  throw new PathSyntaxError(`no ] for the [ at ${String(open)}: ${text}`);
}

const QUOTED_NAMES = /^\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|$)/;

function bracketStep(inside: string): Step {
  if (inside === "*") return { kind: "wildcard" };
  if (inside.startsWith("?")) return { kind: "filter", filter: parseFilter(inside.slice(1).trim(), parseSteps) };
  if (/^['"]/.test(inside)) return { kind: "members", names: quotedNames(inside) };
  if (/^-?\d+(\s*,\s*-?\d+)*$/.test(inside)) return { kind: "indexes", indexes: inside.split(",").map(Number) };
  const slice = /^(-?\d+)?\s*:\s*(-?\d+)?$/.exec(inside);
  if (slice === null) throw new PathSyntaxError(`not understood: [${inside}]`);
  return { kind: "slice", from: optionalNumber(slice[1]), to: optionalNumber(slice[2]) };
}

const optionalNumber = (digits: string | undefined): number | undefined =>
  digits === undefined ? undefined : Number(digits);

function quotedNames(inside: string): string[] {
  const names: string[] = [];
  let rest = inside;
  while (rest !== "") {
    const match = QUOTED_NAMES.exec(rest);
    if (match === null) throw new PathSyntaxError(`not understood: [${inside}]`);
    names.push((match[1] ?? match[2] ?? "").replace(/\\(.)/g, "$1"));
    rest = rest.slice(match[0].length);
  }
  return names;
}
