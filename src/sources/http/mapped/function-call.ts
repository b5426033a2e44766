/**
 * A function behind an integration of type AWS: its event is what the mapping made, its answer what the response maps.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html
 */
import { randomUUID } from "node:crypto";
import { placeOf } from "../integration.js";
import type { Crossing } from "../crossing.js";
import { traceRoot } from "../event-v1.js";
import { defined } from "../../../services/kit/defined.js";
import type { RefusalName } from "../refusals.js";
import { functionBehind, runFunction } from "../run-function.js";
import { objectIn } from "../result-v1.js";
import type { IntegrationAnswer } from "./integration-answer.js";
import type { MappedRequest } from "./request-mapping.js";

const JSON_TYPE = [["Content-Type", "application/json"]] as const;

export async function callFunction(
  { body, headers }: MappedRequest,
  crossing: Crossing,
): Promise<IntegrationAnswer | RefusalName> {
  const { door, passage, route, target } = crossing;
  const fn = functionBehind(door, route.target, placeOf(crossing), passage);
  if (fn === undefined) return "no-function";
  const payload = body.length === 0 ? Buffer.from("{}") : body;
  const fault = jsonFault(payload);
  if (fault !== undefined) return refused(crossing, fault);
  const qualifier = route.target?.qualifier;
  const traceHeader = traceRoot(target.request);
  if (isEvent(headers)) {
    const requestId = randomUUID();
    await door.outside.enqueue(fn, payload, defined({ requestId, traceHeader, qualifier }));
    passage.integrationServiceStatus = 202;
    passage.integrationRequestId = requestId;
    return { subject: "", statusCode: 202, headers: JSON_TYPE, body: Buffer.alloc(0) };
  }
  const result = await runFunction(door, fn, { payload, traceHeader, qualifier }, route.timeoutMs, passage);
  if (typeof result === "string") return result;
  const subject = result.functionError === undefined ? "" : errorMessageIn(result.payload);
  passage.integrationStatus = 200;
  return { subject, statusCode: 200, headers: JSON_TYPE, body: result.payload };
}

/** "InvocationType with a static value of 'Event'"; the header of the Lambda API has this name. */
const isEvent = (headers: MappedRequest["headers"]): boolean =>
  headers.some(([name, value]) => /^(x-amz-invocation-type|invocationtype)$/i.test(name) && value === "Event");

/** What the patterns are held against. */
function errorMessageIn(payload: Buffer): string {
  const message = objectIn(payload)?.["errorMessage"];
  return typeof message === "string" ? message : "";
}

function jsonFault(payload: Buffer): string | undefined {
  try {
    JSON.parse(payload.toString("utf8"));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Lambda's own answer goes through the default response. */
function refused({ passage }: Crossing, fault: string): IntegrationAnswer {
  passage.integrationServiceStatus = 400;
  passage.integrationStatus = 400;
  const body = JSON.stringify({ Type: "User", message: `Could not parse request body into json: ${fault}` });
  return { subject: "", statusCode: 400, headers: JSON_TYPE, body: Buffer.from(body) };
}
