/**
 * FilterCriteria of an SQS mapping: which records reach the function; the others are deleted.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
 */
import { compilePattern, type Pattern } from "../../services/kit/patterns/pattern.js";
import { AppError } from "../../shared/errors.js";
import type { SqsRecord } from "./event.js";

export type MessageFilter = (record: SqsRecord) => boolean;

/** Undefined when there are none: everything passes. Throws LR2004 for a pattern that Lambda refuses. */
export function messageFilter(patterns: readonly string[], where: string): MessageFilter | undefined {
  if (patterns.length === 0) return undefined;
  const filters = patterns.map((text) => readFilter(text, where));
  return (record) => filters.some((passes) => passes(record));
}

function readFilter(text: string, where: string): MessageFilter {
  let pattern: Pattern;
  try {
    pattern = compilePattern(text);
  } catch (error) {
    throw new AppError("LR2004", {
      what: "Invalid filter pattern definition.",
      where,
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
  const body = (JSON.parse(text) as Readonly<Record<string, unknown>>)["body"];
  // Without a word about the body its form does not matter.
  if (body === undefined) return (record) => pattern.matches(record);
  const wantsText = Array.isArray(body);
  return (record) => {
    const parsed = objectIn(record["body"]);
    // "If the body is JSON and the pattern plain, or the other way round, Lambda drops the message."
    if (wantsText !== (parsed === undefined)) return false;
    return pattern.matches(parsed === undefined ? record : { ...record, body: parsed });
  };
}

/** The object or list that a body is in JSON; undefined for plain text. */
function objectIn(body: unknown): object | undefined {
  try {
    const parsed: unknown = JSON.parse(String(body));
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
