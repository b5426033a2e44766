/** One run of the function behind a route, whatever kind of API it is of, and what is learned by it. */
import type { FunctionTarget } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeAnswer, InvokeRequest } from "../../runtime/types.js";
import type { DoorContext } from "./door-context.js";
import type { FunctionPassage } from "./passage.js";
import type { RefusalName } from "./refusals.js";
import { within } from "./within.js";

/** For the log. */
export interface RoutePlace {
  /** Name of the API. */
  readonly api: string;
  readonly stage: string;
  readonly route: string;
}

/** Undefined, and told, where it is not there. */
export function functionBehind(
  { functionBehind: find, log }: Pick<DoorContext, "functionBehind" | "log">,
  target: FunctionTarget | undefined,
  place: RoutePlace,
  passage: FunctionPassage,
): FunctionConfig | undefined {
  const fn = target && find(target);
  if (fn !== undefined) return fn;
  // A gateway may invoke what its permission names; what is not there has none.
  passage.integrationError = "Execution failed due to configuration error: Invalid permissions on Lambda function";
  log.warn({ function: target?.functionId, ...place }, "a route names no function that is there");
  return undefined;
}

/** Tells of a result that is no answer. */
export function tellOfFault(
  { log }: Pick<DoorContext, "log">,
  answer: "no-base64" | undefined,
  place: RoutePlace,
  passage: FunctionPassage,
): void {
  const fault = answer === "no-base64" ? "Unable to base64 decode the body." : "Malformed Lambda proxy response";
  passage.integrationError = `Execution failed due to configuration error: ${fault}`;
  log.warn(place, passage.integrationError);
}

/** A refusal where there is no answer within the integration's timeout. */
export async function runFunction(
  { invoke, log }: Pick<DoorContext, "invoke" | "log">,
  fn: FunctionConfig,
  request: InvokeRequest,
  timeoutMs: number,
  passage: FunctionPassage,
): Promise<InvokeAnswer | RefusalName> {
  const startedAt = performance.now();
  try {
    const result = await within(invoke(fn, request), timeoutMs);
    if (result === undefined) {
      passage.integrationError = "Execution failed due to a timeout error";
      return "timeout";
    }
    passage.integrationServiceStatus = 200;
    passage.integrationRequestId = result.requestId;
    if (result.functionError !== undefined)
      passage.integrationError = "The Lambda function returned the following error: Unhandled";
    return result;
  } catch (error) {
    if (error instanceof RequestTooLarge) {
      passage.integrationServiceStatus = 413;
      return "too-large";
    }
    if (error instanceof Throttled) {
      passage.integrationServiceStatus = 429;
      passage.integrationError = error.message;
      return "throttled-function";
    }
    passage.integrationServiceStatus = 500;
    log.error({ function: fn.name, err: error }, "a function behind an API could not be run");
    return "function-failed";
  } finally {
    passage.integrationLatencyMs = Math.round(performance.now() - startedAt);
  }
}
