/**
 * Paths of the Amazon States Language: what `$...` (input), `$$...` (context object) and `$name...` (variable) select.
 * https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
 */
import type { Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";
import { StatesError } from "../states-error.js";
import { parsePath } from "./path/parse.js";
import type { Path } from "./path/path.js";
import { NothingFound, select } from "./path/select.js";

/** What a path names. Fails the state with `States.Runtime` when there is nothing: the cause is AWS's for InputPath and OutputPath. */
export function readPath(path: string, scope: Scope): Json {
  try {
    return readOrThrow(path, scope);
  } catch (error) {
    throw new StatesError("States.Runtime", `Invalid path '${path}' : ${messageOf(error)}`);
  }
}

/** For those with a cause of their own (`SecondsPath`, choice rules): `undefined` when there is nothing. */
export function findPath(path: string, scope: Scope): Json | undefined {
  try {
    return readOrThrow(path, scope);
  } catch {
    return undefined;
  }
}

/** Throws NothingFound or PathSyntaxError. */
export function readOrThrow(path: string, scope: Scope): Json {
  const parsed = parsePath(path);
  return select(parsed.steps, documentOf(parsed, scope));
}

function documentOf({ root }: Path, scope: Scope): Json {
  if (root.kind === "context") return scope.context;
  if (root.kind === "input") return scope.input;
  const value = Object.hasOwn(scope.variables, root.name) ? scope.variables[root.name] : undefined;
  if (value === undefined) throw new NothingFound(`The variable '$${root.name}' has not been assigned`);
  return value;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
