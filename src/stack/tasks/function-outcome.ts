/** What a Task state makes of a function's answer. */
import type { Json } from "../../config/json.js";
import { isJsonObject } from "../../config/json.js";
import type { InvokeAnswer } from "../../runtime/types.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";

/**
 * The text that becomes the event. A string that is JSON already goes through as it is, as recorded on AWS (2025); null is
 * sent as no payload at all.
 */
export function payloadText(payload: Json | undefined): string {
  if (payload === undefined || payload === null) return "{}";
  if (typeof payload === "string" && parsed(payload) !== undefined) return payload;
  return JSON.stringify(payload);
}

/** The function's value. Throws StatesError under the name of the function's own error. */
export function outcomeOf({ functionError, payload }: InvokeAnswer): Json {
  const text = payload.toString("utf8");
  const value = parsed(text);
  if (functionError === undefined) return value ?? text;
  const errorType = isJsonObject(value) ? value["errorType"] : undefined;
  if (typeof errorType === "string" && errorType !== "") throw new StatesError(errorType, text);
  // As users quote it, of timeouts and of processes that ended (2024 and 2025).
  throw new StatesError(
    "Lambda.Unknown",
    `The cause could not be determined because Lambda did not return an error type. Returned payload: ${text}`,
  );
}

/** Undefined where the text is no JSON; JSON has no such value. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
