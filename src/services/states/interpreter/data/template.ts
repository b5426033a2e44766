/**
 * Payload templates: the members whose names end in `.$` are filled in by paths and intrinsic functions.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
 */
import { isJsonObject, type Json } from "../../../../config/json.js";
import type { Scope } from "../scope.js";
import { StatesError } from "../states-error.js";
import { callIntrinsic } from "./intrinsics/call.js";
import { isCall } from "./intrinsics/parse.js";
import { messageOf, readOrThrow } from "./json-path.js";
import { NothingFound } from "./path/select.js";

export function fillTemplate(template: Json, scope: Scope): Json {
  if (Array.isArray(template)) return (template as readonly Json[]).map((item) => fillTemplate(item, scope));
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith(".$") ? [name.slice(0, -2), valueOf(name, value, scope)] : [name, fillTemplate(value, scope)],
    ),
  );
}

/** What the path or the intrinsic function gives that a field (`name.$`, `ErrorPath`) holds. */
export function valueOf(name: string, expression: Json, scope: Scope): Json {
  if (typeof expression !== "string")
    throw new StatesError("States.Runtime", `The value for the field '${name}' must be a valid JSONPath`);
  if (isCall(expression)) return callIntrinsic(expression, scope);
  try {
    return readOrThrow(expression, scope);
  } catch (error) {
    // Seen on AWS: an element behind the end of a list is null here, and missing anywhere else.
    if (error instanceof NothingFound && error.beyondEnd) return null;
    throw new StatesError("States.Runtime", causeOf(error, name, expression, scope));
  }
}

function causeOf(error: unknown, name: string, path: string, scope: Scope): string {
  if (!(error instanceof NothingFound)) return `Invalid path '${path}' : ${messageOf(error)}`;
  const inContext = path.startsWith("$$");
  const input = JSON.stringify(inContext ? scope.context : scope.input);
  const shown = inContext ? path.slice(1) : path;
  return `The JSONPath '${shown}' specified for the field '${name}' could not be found in the input '${input}'`;
}
