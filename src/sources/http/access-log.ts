/**
 * Access log lines from the format that the stage declares (CLF, JSON, XML, CSV: the service fills in, it does not care).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
import { requestContextV1, traceRoot, type EventV1Input } from "./event-v1.js";
import type { FunctionPassage, Passage } from "./passage.js";
import { refusalText, responseTypeOf } from "./refusals.js";
import type { ApiTarget } from "./target.js";

/** Fills in `$context.a.b`; what is not known becomes `-`. */
export const accessLine = (format: string, context: Readonly<Record<string, unknown>>): string =>
  fillIn(format, context, "-");

/** The same with another word for what is not known. */
export function fillIn(format: string, context: Readonly<Record<string, unknown>>, absent: string): string {
  return format.replace(/\$context\.([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)/g, (whole, path: string) => {
    const value = valueAt(context, path);
    if (value !== undefined) return value;
    // `$context.status-$context.path`: a hyphen may belong to the name or to the format.
    const short = path.replace(/-.*$/s, "");
    return (valueAt(context, short) ?? absent) + whole.slice("$context.".length + short.length);
  });
}

export function valueAt(context: Readonly<Record<string, unknown>>, path: string): string | undefined {
  let value: unknown = context;
  for (const key of path.split("."))
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

export interface LogSubject {
  readonly target: ApiTarget;
  readonly event: EventV1Input;
  readonly routeKey: string;
  readonly passage: Passage;
  readonly statusCode: number;
  readonly bodyBytes: number;
}

/** Everything that `$context` can name, of one request. */
export function logContext(subject: LogSubject): Readonly<Record<string, unknown>> {
  const { target, event, routeKey, passage, statusCode, bodyBytes } = subject;
  const { request } = target;
  return {
    ...requestContextV1({ ...event, caller: passage.caller }),
    routeKey,
    status: statusCode,
    responseLength: bodyBytes,
    dataProcessed: request.body.length + bodyBytes,
    responseLatency: Math.round(performance.now() - passage.startedAt),
    ...integrationContext(passage),
    authorizer: authorizerOf(subject),
    error: errorOf(subject),
    xrayTraceId: traceRoot(request),
  };
}

/** What it can name of the run of a function, under the names of all kinds of APIs. */
export function integrationContext(passage: FunctionPassage): Readonly<Record<string, unknown>> {
  const { integrationError, integrationLatencyMs, integrationRequestId, integrationServiceStatus } = passage;
  return {
    awsEndpointRequestId: integrationRequestId,
    integrationErrorMessage: integrationError,
    integrationLatency: integrationLatencyMs,
    integrationStatus: integrationServiceStatus,
    integration: {
      error: integrationError,
      integrationStatus: integrationServiceStatus,
      latency: integrationLatencyMs,
      requestId: integrationRequestId,
      status: passage.integrationStatus,
    },
  };
}

/** Flat, whatever kind of API: claims of a token, or what the function said. */
function authorizerOf({ passage, target: { api } }: LogSubject): object {
  const { authorizer = {}, authorizerLatencyMs, authorizerStatus, refused } = passage;
  const { jwt, lambda, iam: _iam, ...own } = authorizer as Readonly<Record<string, object | undefined>>;
  return {
    ...own,
    ...lambda,
    ...jwt,
    latency: authorizerLatencyMs,
    status: authorizerStatus,
    ...(authorizerStatus === undefined || refused === undefined || authorizerStatus < 400
      ? {}
      : { error: refused.detail?.authorizerError ?? refusalText(api.kind, refused.name, refused.detail) }),
  };
}

function errorOf({ target: { api }, passage: { refused } }: LogSubject): object | undefined {
  if (refused === undefined) return undefined;
  const message = refusalText(api.kind, refused.name, refused.detail) ?? undefined;
  return {
    message,
    messageString: message === undefined ? undefined : JSON.stringify(message),
    responseType: responseTypeOf(refused.name, refused.detail),
    validationErrorString: refused.detail?.validationError,
  };
}
