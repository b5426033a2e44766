/** What all library functions have in common: the envelope `{statusCode, body: "<JSON {success, ...}>"}`, also for their failures. */
import type { Context } from "aws-lambda";
import { Budget } from "./budget.js";
import { messageOf, RequestError } from "./errors.js";
import { isFields, type Fields } from "./json.js";
import { log } from "./log.js";

export interface LibraryAnswer {
  readonly statusCode: number;
  readonly body: string;
}

export type Operation = (payload: Fields, budget: Budget) => Fields | Promise<Fields>;

export function libraryFunction(operation: Operation): (event: unknown, context: Context) => Promise<LibraryAnswer> {
  return async (event, context) => {
    const startedAtMs = performance.now();
    try {
      if (!isFields(event)) throw new RequestError(400, "ValidationError", "the payload must be a JSON object");
      const budget = Budget.ofCall(context.getRemainingTimeInMillis(), event["budget_ms"]);
      const answer = await operation(event, budget);
      const processing_time = Math.round(performance.now() - startedAtMs) / 1000;
      return { statusCode: 200, body: JSON.stringify({ success: true, processing_time, ...answer }) };
    } catch (error) {
      const told = error instanceof RequestError ? error : new RequestError(500, "InternalError", messageOf(error));
      log(told.statusCode >= 500 ? "ERROR" : "WARN", told.message, {
        error_type: told.errorType,
        stack: error instanceof Error ? error.stack : undefined,
      });
      return {
        statusCode: told.statusCode,
        body: JSON.stringify({ success: false, error: told.message, error_type: told.errorType }),
      };
    }
  };
}

/** Chooses by a member such as `operation_type`. */
export function byOperation(member: string, operations: Readonly<Record<string, Operation>>): Operation {
  return (payload, budget) => {
    const name = payload[member];
    const operation = typeof name === "string" && Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation !== undefined) return operation(payload, budget);
    const known = Object.keys(operations).join(", ");
    throw new RequestError(400, "ValidationError", `${member} must be one of ${known}, got ${JSON.stringify(name)}`);
  };
}
