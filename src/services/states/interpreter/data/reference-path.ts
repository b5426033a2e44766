/**
 * Reference paths name one place in a document: where `ResultPath` puts a result. Members on the way that are missing are
 * made; a place in something that is no object cannot be had.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultpath.html
 */
import { isJsonObject, type Json, type JsonObject } from "../../../../config/json.js";
import { StatesError } from "../states-error.js";
import { parsePath } from "./path/parse.js";
import type { Step } from "./path/path.js";

/** A copy of `into` with `value` at the path; `$` is the value itself. */
export function writePath(path: string, into: Json, value: Json): Json {
  const refusal = (): StatesError =>
    new StatesError(
      "States.ResultPathMatchFailure",
      `Unable to apply ReferencePath ${path} to input ${JSON.stringify(into)}`,
    );
  const { root, steps } = parsePath(path);
  if (root.kind !== "input") throw refusal();
  return place(steps, into, value, refusal);
}

function place(steps: readonly Step[], into: Json | undefined, value: Json, refusal: () => StatesError): Json {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (step.kind === "members" && step.names.length === 1) {
    const name = step.names[0] ?? "";
    if (into !== undefined && !isJsonObject(into)) throw refusal();
    const inside = into !== undefined && Object.hasOwn(into, name) ? into[name] : undefined;
    return withMember(into ?? {}, name, place(rest, inside, value, refusal));
  }
  if (step.kind === "indexes" && step.indexes.length === 1 && Array.isArray(into)) {
    const index = step.indexes[0] ?? 0;
    const items = into as readonly Json[];
    // An element can be replaced; there is none to be made behind the end.
    if (index < 0 || index >= items.length) throw refusal();
    return items.with(index, place(rest, items[index], value, refusal));
  }
  throw refusal();
}

// Not by assignment: `__proto__` is a name like any other.
const withMember = (into: JsonObject, name: string, value: Json): Json =>
  Object.fromEntries([...Object.entries(into), [name, value]]);
