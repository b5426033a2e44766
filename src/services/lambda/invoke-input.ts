/** What Invoke and InvokeWithResponseStream read alike: headers, payload, and the runtime's refusals in Lambda's words. */
import { jsonFault } from "../../config/json-fault.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import { AppError } from "../../shared/errors.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { AwsError } from "../kit/aws-error.js";
import { readBody } from "../kit/body.js";
import { Violations } from "../kit/json-input.js";
import { jsonRefusal } from "../kit/json-refusal.js";
import type { ServiceRequest } from "../service.js";
import { checkText } from "./model/check.js";
import { EXECUTION_NAME } from "./model/durable.js";
import { cannotRun, invalidContent, invalidParameter, entityTooLarge, tooManyRequests } from "./errors.js";

/** Larger bodies are not read to their end. */
const MAX_BODY_BYTES = LAMBDA.syncRequestBytes + 1024 * 1024;

/** Of functions with tenants, of which there are none. */
const REFUSED_HEADER = "x-amz-tenant-id";

export interface InvokeInput {
  readonly type: "RequestResponse" | "Event" | "DryRun";
  readonly tail: boolean;
  readonly clientContext: string | undefined;
  readonly traceHeader: string | undefined;
  /** Of a durable function. */
  readonly executionName: string | undefined;
  readonly payload: Buffer;
}

/** A streamed answer is never an event's. */
const TYPES = ["Event", "RequestResponse", "DryRun"] as const;
export const STREAMING_TYPES = ["RequestResponse", "DryRun"] as const;

export async function readInvokeInput(
  request: ServiceRequest,
  types: readonly InvokeInput["type"][] = TYPES,
): Promise<InvokeInput> {
  const type = header(request, "x-amz-invocation-type") ?? "RequestResponse";
  const logType = header(request, "x-amz-log-type");
  const clientContext = header(request, "x-amz-client-context");
  checkInvokeOptions({ type, logType, clientContext }, types);
  if (header(request, REFUSED_HEADER) !== undefined)
    throw invalidParameter(`The header ${REFUSED_HEADER} is not emulated by lambda-run.`);
  const executionName = header(request, "x-amz-durable-execution-name");
  const faults = new Violations();
  checkText(executionName, EXECUTION_NAME, "durableExecutionName", faults);
  faults.check();
  const payload = checkedJson(await readPayload(request));
  return {
    type: type === "Event" || type === "DryRun" ? type : "RequestResponse",
    tail: logType === "Tail",
    clientContext,
    traceHeader: header(request, "x-amzn-trace-id"),
    executionName,
    payload,
  };
}

/** What Invoke checks beside the payload, however the call comes in. */
export function checkInvokeOptions(
  options: {
    readonly type: string;
    readonly logType: string | undefined;
    readonly clientContext: string | undefined;
  },
  types: readonly InvokeInput["type"][] = TYPES,
): void {
  const { type, logType, clientContext } = options;
  const faults = new Violations();
  faults.oneOf(type, "invocationType", types);
  faults.oneOf(logType, "logType", ["None", "Tail"]);
  faults.check();
  if (clientContext !== undefined && clientContext.length > LAMBDA.clientContextBytes) {
    throw invalidParameter(
      `Client context must be no more than ${LAMBDA.clientContextBytes} bytes when base64-encoded`,
    );
  }
  if (clientContext !== undefined) checkClientContext(clientContext);
}

/** As users quote the refusal. */
function checkClientContext(clientContext: string): void {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(clientContext, "base64").toString("utf8"));
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AwsError("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.", {
      members: { Type: "User" },
    });
}

/** The last 4 KB of START ... REPORT, in base64. */
export function logTail(logs: string): string {
  const bytes = Buffer.from(logs);
  return bytes.subarray(Math.max(0, bytes.length - LAMBDA.logTailBytes)).toString("base64");
}

/** What the runtime refuses, in Lambda's own exceptions. */
export function asAwsError(error: unknown): unknown {
  if (error instanceof RequestTooLarge) return entityTooLarge(error.message);
  if (error instanceof Throttled) return tooManyRequests(error.reason, error.retryAfterSeconds);
  if (error instanceof AppError) {
    return cannotRun(`${error.what}${error.where === undefined ? "" : ` (${error.where})`}. ${error.fix}`);
  }
  return error;
}

async function readPayload(request: ServiceRequest): Promise<Buffer> {
  try {
    return await readBody(request, MAX_BODY_BYTES);
  } catch (error) {
    if (!(error instanceof AwsError) || error.statusCode !== 413) throw error;
    throw entityTooLarge(
      `Request must be smaller than ${LAMBDA.syncRequestBytes} bytes for the InvokeFunction operation`,
    );
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Lambda parses the event before it runs anything. An empty one reaches the function as `{}` (unverified). */
function checkedJson(body: Buffer): Buffer {
  if (body.length === 0) return Buffer.from("{}");
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    // Read byte by byte, as the recorded refusal counts them.
    throw refused(body.toString("latin1"), false);
  }
  try {
    JSON.parse(text);
    return body;
  } catch {
    throw refused(text, true);
  }
}

function refused(text: string, isUtf8: boolean): AwsError {
  const { line, column } = jsonFault(text) ?? { line: 1, column: 1 };
  return invalidContent(jsonRefusal(text, isUtf8) ?? `Trailing token at line: ${line}, column: ${column}`);
}

function header(request: ServiceRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
