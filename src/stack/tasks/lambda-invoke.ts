/**
 * `arn:aws:states:::lambda:invoke`. The result as recorded on AWS (2025): the payload as JSON, and of the HTTP answer what
 * it showed. https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
 */
import type { JsonObject } from "../../config/json.js";
import { logTail } from "../../services/lambda/invoke-input.js";
import type { Clock } from "../../shared/clock.js";
import { optimised } from "./failures.js";
import { outcomeOf, payloadText } from "./function-outcome.js";
import type { FunctionCall, Functions } from "./functions.js";
import { fieldFaults, type Integration } from "./integration.js";
import { resultMetadata } from "./result-metadata.js";
import { textParameter, type HttpAnswer } from "./service-call.js";

export const LAMBDA_NAMES = { prefix: "Lambda", service: "AWSLambda", baseException: "AWSLambdaException" } as const;

/** Parameters of the integration, as the page above lists them, and `LogType`, which AWS takes too. */
const FIELDS = ["FunctionName", "Payload", "Qualifier", "InvocationType", "LogType", "ClientContext"];

export function lambdaIntegration(functions: Functions, clock: Clock): Integration {
  return {
    faults: (parameters) => fieldFaults(FIELDS, ["FunctionName"], parameters),
    request: (parameters) => optimised(LAMBDA_NAMES, () => lambdaInvoke(functions, parameters, clock.now())),
  };
}

async function lambdaInvoke(functions: Functions, parameters: JsonObject, nowMs: number): Promise<JsonObject> {
  const text = (name: string): string | undefined => textParameter(parameters, name);
  const call: FunctionCall = {
    functionName: text("FunctionName") ?? "",
    qualifier: text("Qualifier"),
    payload: Buffer.from(payloadText(parameters["Payload"])),
    type: text("InvocationType"),
    logType: text("LogType"),
    clientContext: text("ClientContext"),
  };
  const date = new Date(nowMs).toUTCString();
  if (call.type === "Event") {
    const { requestId, traceHeader } = await functions.enqueue(call);
    const headers = { "x-amzn-remapped-content-length": "0", "content-length": "0", "x-amzn-trace-id": traceHeader };
    return withoutAnswer({ statusCode: 202, requestId, headers: { date, ...headers } });
  }
  if (call.type === "DryRun") {
    const { requestId } = await functions.check(call);
    return withoutAnswer({ statusCode: 204, requestId, headers: { date } });
  }
  const answer = await functions.run(call);
  const value = outcomeOf(answer);
  const log = call.logType === "Tail" ? logTail(answer.logs) : undefined;
  const { requestId, executedVersion, payload, traceHeader } = answer;
  const headers: Record<string, string> = {
    "x-amz-executed-version": executedVersion,
    "x-amzn-remapped-content-length": "0",
    "content-length": String(payload.length),
    date,
    "x-amzn-trace-id": traceHeader,
    "content-type": "application/json",
  };
  if (log !== undefined) headers["x-amz-log-result"] = log;
  return {
    ExecutedVersion: executedVersion,
    ...(log === undefined ? {} : { LogResult: log }),
    Payload: value,
    ...resultMetadata("lambda", { statusCode: 200, requestId, headers }),
    StatusCode: 200,
  };
}

/** Of an asynchronous call the payload is an empty text (unverified). */
function withoutAnswer(http: HttpAnswer): JsonObject {
  return { Payload: "", ...resultMetadata("lambda", http), StatusCode: http.statusCode };
}
