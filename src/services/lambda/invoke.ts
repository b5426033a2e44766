/** The Invoke call: synchronous, and DryRun. Lambda API reference, "Invoke"; headers as recorded on AWS. */
import type { ServerResponse } from "node:http";
import type { FunctionConfig } from "../../config/function-config.js";
import type { RuntimeHost } from "../../runtime/host.js";
import { invoke } from "../../runtime/invoke.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import { AppError, messageOf } from "../../shared/errors.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { AwsError } from "../kit/aws-error.js";
import { readBody } from "../kit/body.js";
import type { ServiceRequest } from "../service.js";
import { cannotRun, invalidContent, invalidParameter, notEmulated, requestTooLarge, tooManyRequests } from "./errors.js";

export interface InvokeTarget {
  readonly config: FunctionConfig;
  readonly qualifier: string | undefined;
}

/** Larger bodies are not read to their end. */
const MAX_BODY_BYTES = LAMBDA.syncRequestBytes + 1024 * 1024;

export async function handleInvoke(host: RuntimeHost, target: InvokeTarget, request: ServiceRequest, response: ServerResponse): Promise<void> {
  const type = header(request, "x-amz-invocation-type") ?? "RequestResponse";
  const tail = header(request, "x-amz-log-type") === "Tail";
  const clientContext = header(request, "x-amz-client-context");
  if (clientContext !== undefined && clientContext.length > LAMBDA.clientContextBytes) {
    throw invalidParameter(`Client context must be no more than ${LAMBDA.clientContextBytes} bytes when base64-encoded`);
  }
  const payload = checkedJson(await readPayload(request));
  if (type === "DryRun") {
    response.writeHead(204, { "x-amzn-RequestId": request.requestId });
    response.end();
    return;
  }
  if (type === "Event") throw notEmulated("Invoke with InvocationType Event");
  if (type !== "RequestResponse") {
    throw invalidParameter(
      `1 validation error detected: Value '${type}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
    );
  }
  const trace = header(request, "x-amzn-trace-id");
  const result = await run(() =>
    invoke(host, target.config, {
      payload,
      requestId: request.requestId,
      ...(clientContext === undefined ? {} : { clientContext }),
      ...(target.qualifier === undefined ? {} : { qualifier: target.qualifier }),
      ...(trace === undefined ? {} : { traceHeader: trace }),
    }),
  );
  const headers: Record<string, string | number> = {
    "Content-Type": "application/json",
    "Content-Length": result.payload.length,
    "x-amzn-RequestId": result.requestId,
    "x-amzn-Remapped-Content-Length": "0",
    "X-Amz-Executed-Version": result.executedVersion,
  };
  if (trace !== undefined) headers["X-Amzn-Trace-Id"] = trace;
  if (result.functionError !== undefined) headers["X-Amz-Function-Error"] = result.functionError;
  if (tail) headers["X-Amz-Log-Result"] = logTail(result.logs);
  response.writeHead(200, headers);
  response.end(result.payload);
}

/** The last 4 KB of START ... REPORT, in base64. */
function logTail(logs: string): string {
  const bytes = Buffer.from(logs);
  return bytes.subarray(Math.max(0, bytes.length - LAMBDA.logTailBytes)).toString("base64");
}

/** What the runtime refuses, in Lambda's own exceptions. */
async function run<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RequestTooLarge) throw requestTooLarge(error.message);
    if (error instanceof Throttled) throw tooManyRequests(error.reason, error.retryAfterSeconds);
    if (error instanceof AppError) throw cannotRun(`${error.message}${error.where === undefined ? "" : ` (${error.where})`}. ${error.fix}`);
    throw error;
  }
}

async function readPayload(request: ServiceRequest): Promise<Buffer> {
  try {
    return await readBody(request, MAX_BODY_BYTES);
  } catch (error) {
    if (!(error instanceof AwsError) || error.statusCode !== 413) throw error;
    throw requestTooLarge(`Request must be smaller than ${LAMBDA.syncRequestBytes} bytes for the InvokeFunction operation`);
  }
}

/** Lambda parses the event before it runs anything. An empty one reaches the function as `{}` (unverified). */
function checkedJson(body: Buffer): Buffer {
  if (body.length === 0) return Buffer.from("{}");
  try {
    JSON.parse(body.toString("utf8"));
    return body;
  } catch (error) {
    throw invalidContent(messageOf(error));
  }
}

function header(request: ServiceRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
