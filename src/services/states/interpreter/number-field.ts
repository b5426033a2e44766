/**
 * Fields of states that are numbers: given as they are, by a path (`MaxConcurrencyPath`), or by an expression. The
 * causes are AWS's, as recorded.
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { textOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { readPath } from "./data/json-path.js";
import { evaluateAs } from "./data/jsonata.js";
import type { Step } from "./run.js";
import { StatesError } from "./states-error.js";

export interface NumberField {
  readonly name: string;
  /** What has the field: the state, or a member of it (`ItemBatcher`). */
  readonly of: JsonObject;
  /** Where that stands: `ItemBatcher/`. */
  readonly at?: string | undefined;
  readonly kind: "integer" | "float";
}

/** `undefined` when the state does not say. */
export async function numberOf(step: Step, input: Json, field: NumberField): Promise<number | undefined> {
  const { name, of, at = "", kind } = field;
  const { [name]: own, [`${name}Path`]: path } = of;
  let value: Json | undefined;
  if (step.language === "JSONata" && own !== undefined) {
    value = await evaluateAs("number", own, scopeOf(step, input), `${at}${name}`);
  } else if (path !== undefined) value = readPath(textOf(path), scopeOf(step, input));
  else value = own;
  if (value === undefined) return undefined;
  const number = numberIn(value, kind);
  if (number === undefined) {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    const misfit = `refers to value "${shown}" which is not a valid ${kind}: ${textOf(path)}`;
    throw new StatesError("States.Runtime", `The ${name}Path field ${misfit}`);
  }
  const refusal = outOfRange(name, number, kind);
  if (refusal !== undefined) throw new StatesError("States.Runtime", refusal);
  return number;
}

/** The only fields that take fractions are percentages. */
function outOfRange(name: string, number: number, kind: NumberField["kind"]): string | undefined {
  if (kind === "float" && (number < 0 || number > 100)) return `${name} must be between 0 and 100.`;
  return number < 0 ? `${name} cannot be negative.` : undefined;
}

/** A number, or the text of one: a path may lead to either. */
export function numberIn(value: Json, kind: NumberField["kind"]): number | undefined {
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number") return undefined;
  return kind === "float" || Number.isInteger(number) ? number : undefined;
}
