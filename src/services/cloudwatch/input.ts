/** Reading what CloudWatch's requests have in common: dimensions, times, numbers. */
import { numberMember, objectListMember, stringMember, type Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { AwsError } from "../kit/aws-error.js";
import { invalidNextToken, invalidValue, missingParameter } from "./errors.js";

const MAX_DIMENSIONS = 30;
export const UNITS = [
  "Seconds",
  "Microseconds",
  "Milliseconds",
  "Bytes",
  "Kilobytes",
  "Megabytes",
  "Gigabytes",
  "Terabytes",
  "Bits",
  "Kilobits",
  "Megabits",
  "Gigabits",
  "Terabits",
  "Percent",
  "Count",
  "Bytes/Second",
  "Kilobytes/Second",
  "Megabytes/Second",
  "Gigabytes/Second",
  "Terabytes/Second",
  "Bits/Second",
  "Kilobits/Second",
  "Megabits/Second",
  "Gigabits/Second",
  "Terabits/Second",
  "Count/Second",
  "None",
];

export function requiredString(input: JsonObject, name: string, at = name): string {
  const value = stringMember(input, name);
  if (value === undefined || value === "") throw missingParameter(at);
  return value;
}

export function requiredNumber(input: JsonObject, name: string, at = name): number {
  const value = numberMember(input, name);
  if (value === undefined) throw missingParameter(at);
  return value;
}

/** What ISO 8601 can say with a year of four digits. */
const TIME_SECONDS = { min: -62_135_596_800, max: 253_402_300_799 };

/** Milliseconds of a time that arrives as epoch seconds. */
export function requiredTime(input: JsonObject, name: string): number {
  const seconds = requiredNumber(input, name);
  if (!(seconds >= TIME_SECONDS.min && seconds <= TIME_SECONDS.max))
    throw invalidValue(`The value ${seconds} for parameter ${name} is invalid.`);
  return Math.round(seconds * 1000);
}

export function dimensionsOf(input: JsonObject, at: string): Readonly<Record<string, string>> {
  const list = objectListMember(input, "Dimensions") ?? [];
  if (list.length > MAX_DIMENSIONS) {
    throw invalidValue(`The collection ${at}Dimensions must not have a size greater than ${MAX_DIMENSIONS}.`);
  }
  return Object.fromEntries(
    list.map((entry, index) => [
      requiredString(entry, "Name", `${at}Dimensions.member.${index + 1}.Name`),
      requiredString(entry, "Value", `${at}Dimensions.member.${index + 1}.Value`),
    ]),
  );
}

export function dimensionList(dimensions: Readonly<Record<string, string>>): JsonObject[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

export function unitOf(input: JsonObject, at: string): string | undefined {
  const unit = stringMember(input, "Unit");
  if (unit !== undefined && !UNITS.includes(unit))
    throw invalidValue(`The value ${unit} for parameter ${at}Unit is invalid.`);
  return unit;
}

/** Broken constraints are a ValidationError here. */
export function checkViolations(violations: Violations): void {
  try {
    violations.check();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(error.code, error.message, { queryCode: "ValidationError", cause: error });
  }
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly NextToken: string | undefined;
}

export function pageOf<T>(items: readonly T[], token: string | undefined, size: number): Page<T> {
  const start = token === undefined ? 0 : decodeToken(token);
  const end = start + size;
  return {
    items: items.slice(start, end),
    NextToken: end < items.length ? Buffer.from(`after:${end}`).toString("base64") : undefined,
  };
}

function decodeToken(token: string): number {
  const position = /^after:(\d{1,9})$/.exec(Buffer.from(token, "base64").toString("latin1"))?.[1];
  if (position === undefined) throw invalidNextToken();
  return Number(position);
}
