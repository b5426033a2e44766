/**
 * Parameters of enrichments and targets. A text that is a path stands for what is there in the event, as it was before
 * the target's template: "Dynamic path parameters can't reference new or transformed values".
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html#pipes-targets-dynamic-parms
 */
import { AwsError } from "../../services/kit/aws-error.js";
import { isJsonObject } from "../../services/kit/json-input.js";
import { valueAt, type Members, type PipeEvent } from "./event.js";
import { textOf } from "./input-template.js";

export const partOf = (parameters: Members | undefined, name: string): Members => {
  const part = parameters?.[name];
  return isJsonObject(part) ? part : {};
};

const isPath = (text: string): boolean => /^\$[.[]/.test(text);

/** Undefined where nothing is said; throws where a path leads nowhere. */
export function parameter(given: unknown, view: PipeEvent): unknown {
  if (typeof given !== "string" || !isPath(given)) return given;
  const value = valueAt(given, view);
  if (value === undefined) throw new AwsError("ValidationException", `The path ${given} finds nothing in the event.`);
  return value;
}

export function textParameter(given: unknown, view: PipeEvent): string | undefined {
  const value = parameter(given, view);
  return value === undefined ? undefined : textOf(value);
}

/** A path may lead to a list: its elements stand for themselves. */
export const textsParameter = (given: unknown, view: PipeEvent): string[] =>
  (Array.isArray(given) ? (given as readonly unknown[]) : [])
    .flatMap((one) => parameter(one, view))
    .map((one) => textOf(one));

/** Seconds, milliseconds or a date in words. */
export function timeParameter(given: unknown, view: PipeEvent): number | undefined {
  const value = parameter(given, view);
  if (value === undefined) return undefined;
  const number = typeof value === "number" ? value : /^\d+(\.\d+)?$/.test(textOf(value)) ? Number(value) : undefined;
  const ms = number === undefined ? Date.parse(textOf(value)) : number < FIRST_IN_MS ? number * 1000 : number;
  if (Number.isNaN(ms)) throw new AwsError("ValidationException", `${textOf(value)} is not a timestamp.`);
  return ms;
}

/** A number below is seconds: it would be a moment of 1973 in milliseconds. */
const FIRST_IN_MS = 100_000_000_000;
