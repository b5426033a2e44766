/** `<fixture>.expect.json`: what must come of a fixture. Strict, so that a misspelled member is no silent pass. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import type { Json } from "../../config/json.js";
import { didYouMean } from "../../config/nearest.js";
import { keysAt } from "../../config/option-list.js";
import { AppError, messageOf } from "../../shared/errors.js";
import { matcherFault } from "./match.js";

const json: z.ZodType<Json> = z.json();
const name = z.string().min(1);
const text = z.union([z.string(), json]);

const schema = z.strictObject({
  $schema: z.string().optional(),
  /** Function by logical id, name or folder. */
  function: name,
  /** Default: success. */
  status: z.enum(["success", "error", "timeout"]).default("success"),
  /** A subset of the answer; strings that begin with $ are matchers. */
  payload: json.optional(),
  /** A subset of the error. */
  error: json.optional(),
  /** Each must stand in a line of the log. */
  logs: z.array(z.string()).default([]),
  maxDurationMs: z.number().positive().optional(),
  /** Put there before the function runs. */
  before: z
    .strictObject({
      objects: z.array(z.strictObject({ bucket: name, key: name, body: text.default("") })).default([]),
      items: z.array(z.strictObject({ table: name, item: z.record(z.string(), json) })).default([]),
      messages: z.array(z.strictObject({ queue: name, body: text })).default([]),
    })
    .prefault({}),
  /** Must be there afterwards, at the latest when `withinMs` is over. */
  after: z
    .strictObject({
      /** `store` names one of `secondStores`. */
      objects: z
        .array(z.strictObject({ store: name.optional(), bucket: name, key: name, body: json.optional() }))
        .default([]),
      items: z.array(z.strictObject({ table: name, item: json })).default([]),
      messages: z.array(z.strictObject({ queue: name, body: json.optional() })).default([]),
      invocations: z
        .array(z.strictObject({ function: name, status: z.enum(["success", "error", "timeout"]).default("success") }))
        .default([]),
      withinMs: z.int().positive().default(5000),
    })
    .prefault({}),
});

export type Expectation = z.output<typeof schema>;

/** Throws LR6003. */
export function readExpectation(file: string): Expectation {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new AppError("LR6003", {
      what: "The expectation is not valid JSON",
      where: file,
      why: messageOf(error),
      cause: error,
    });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw refused(file, result.error.issues[0]);
  const { payload, error, logs, after } = result.data;
  const patterns = logs.filter((line) => line.startsWith("$"));
  const matched = { payload: payload ?? null, error: error ?? null, logs: patterns, after: after as unknown as Json };
  const fault = matcherFault(matched);
  if (fault !== undefined)
    throw new AppError("LR6003", { what: fault.what, where: `${file} at ${fault.path}`, fix: fault.fix });
  return result.data;
}

function refused(file: string, issue: z.core.$ZodIssue | undefined): AppError {
  const path = issue?.path.map(String).join(".") ?? "";
  const at = path === "" ? "" : ` at ${path}`;
  if (issue?.code !== "unrecognized_keys")
    return new AppError("LR6003", {
      what: `The expectation is not valid${at}`,
      where: file,
      why: issue?.message ?? "",
    });
  const [unknown = ""] = issue.keys;
  const keys = keysAt(issue.path, schema);
  return new AppError("LR6003", {
    what: `An expectation has no member "${unknown}"${at}.${didYouMean(unknown, keys)}`,
    where: file,
    fix: `Use one of: ${keys.join(", ")}.`,
  });
}
