/** One run of a route: rate, API key, the function (or what stands in its place), and a line in the access log. */
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeAnswer } from "../../runtime/types.js";
import { accessLine } from "../http/access-log.js";
import { traceRoot } from "../http/event-v1.js";
import type { HttpAnswer } from "../http/message.js";
import { responseTypeOf, type RefusalDetail, type RefusalName } from "../http/refusals.js";
import { answerFromV1 } from "../http/result-v1.js";
import { within } from "../http/within.js";
import type { Route, WebSocketApi } from "./api-model.js";
import type { Door } from "./door.js";
import { requestContext, type ConnectionFacts, type Occasion } from "./event.js";
import { statusOf, wordsOf } from "./refusals.js";

export interface Run {
  readonly door: Door;
  readonly api: WebSocketApi;
  readonly route: Route;
  readonly facts: ConnectionFacts;
  readonly occasion: Occasion;
  /** What the selection expression gave at the handshake. */
  readonly apiKey: string | undefined;
}

export interface Refused {
  readonly refused: RefusalName;
  readonly detail?: RefusalDetail | undefined;
}

/** What is learned on the way, for the access log. */
interface Passage {
  integrationError?: string;
  integrationStatus?: number;
  integrationLatencyMs?: number;
  integrationRequestId?: string;
}

/** Whether stage, route and usage plan let it pass. */
export function admission({ door, api: { config }, route, facts, apiKey }: Run): RefusalName | undefined {
  const { stage } = facts.api;
  const { throttle, routeThrottles, usagePlans } = config.settings;
  const own = routeThrottles[route.routeKey];
  const isWithinRate =
    own === undefined
      ? throttle === undefined || door.throttles.take(`${config.id} ${stage}`, throttle)
      : door.throttles.take(`${config.id} ${stage} ${route.routeKey}`, own);
  if (!isWithinRate) return "throttled";
  if (!route.apiKeyRequired) return undefined;
  return door.usagePlans.check(usagePlans, apiKey, { stage, method: route.routeKey }).refused;
}

/** The answer of what is behind the route. */
export async function run(parts: Run, event: unknown): Promise<HttpAnswer | Refused> {
  const passage: Passage = {};
  const result = await answerOf(parts, event, passage);
  logAccess(parts, result, passage);
  return result;
}

/** The line of a run, or of a refusal before there was one. */
export function logAccess(
  { api, door, facts, occasion }: Omit<Run, "route" | "apiKey">,
  result: HttpAnswer | Refused,
  passage: Passage = {},
): void {
  const { accessLog } = api.config.settings;
  if (accessLog === undefined) return;
  const refused = "refused" in result ? result : undefined;
  const message = refused && wordsOf(refused.refused, refused.detail);
  const { integrationError, integrationLatencyMs, integrationRequestId, integrationStatus } = passage;
  const context = {
    status: "refused" in result ? statusOf(result.refused) : result.statusCode,
    ...requestContext(facts, occasion),
    awsEndpointRequestId: integrationRequestId,
    integrationErrorMessage: integrationError,
    integrationLatency: integrationLatencyMs,
    integrationStatus,
    integration: {
      error: integrationError,
      latency: integrationLatencyMs,
      requestId: integrationRequestId,
      integrationStatus,
      status: "refused" in result ? undefined : result.statusCode,
    },
    error: message && {
      message,
      messageString: JSON.stringify(message),
      responseType: refused && responseTypeOf(refused.refused, refused.detail),
    },
    xrayTraceId: traceRoot(facts.request),
  };
  door.onAccess(accessLog.destinationArn, accessLine(accessLog.format, context));
}

async function answerOf(
  { door, api, route, facts, occasion }: Run,
  event: unknown,
  passage: Passage,
): Promise<HttpAnswer | Refused> {
  const { fixed, source } = route;
  if (fixed !== undefined)
    return { statusCode: fixed.statusCode, headers: [], body: Buffer.from(fixed.absent ?? fixed.body) };
  const where = { api: api.config.name, stage: facts.api.stage, route: route.routeKey };
  const fn = source && door.functionBehind(source);
  if (fn === undefined) {
    passage.integrationError = "Execution failed due to configuration error: Invalid permissions on Lambda function";
    door.log.warn(where, "a route names no function that is there");
    return { refused: "no-function" };
  }
  const startedAt = performance.now();
  try {
    const invoked = door.invoke(fn, {
      payload: Buffer.from(JSON.stringify(event)),
      // A message is a trace of its own; a handshake may belong to the client's.
      traceHeader: occasion.eventType === "CONNECT" ? traceRoot(facts.request) : undefined,
      qualifier: source?.qualifier,
    });
    const result = await within(invoked, source?.timeoutMs ?? 0);
    if (result === undefined) {
      passage.integrationError = "Execution failed due to a timeout error";
      return { refused: "timeout" };
    }
    passage.integrationStatus = 200;
    passage.integrationRequestId = result.requestId;
    return resultOf(result, passage, (fault) => door.log.warn(where, fault));
  } catch (error) {
    return failureOf(error, passage, () =>
      door.log.error({ function: fn.name, err: error }, "a function behind a WebSocket API could not be run"),
    );
  } finally {
    passage.integrationLatencyMs = Math.round(performance.now() - startedAt);
  }
}

function resultOf(result: InvokeAnswer, passage: Passage, warn: (fault: string) => void): HttpAnswer | Refused {
  if (result.functionError !== undefined) {
    passage.integrationError = "The Lambda function returned the following error: Unhandled";
    return { refused: "function-failed" };
  }
  const answer = answerFromV1(result.payload, { binaryMediaTypes: [], accept: undefined, alwaysDecode: true });
  if (typeof answer === "object") return answer;
  const fault = answer === "no-base64" ? "Unable to base64 decode the body." : "Malformed Lambda proxy response";
  passage.integrationError = `Execution failed due to configuration error: ${fault}`;
  warn(passage.integrationError);
  return { refused: "function-failed" };
}

function failureOf(error: unknown, passage: Passage, tell: () => void): Refused {
  if (error instanceof RequestTooLarge) {
    passage.integrationStatus = 413;
    return { refused: "too-large" };
  }
  if (error instanceof Throttled) {
    passage.integrationStatus = 429;
    passage.integrationError = error.message;
    return { refused: "throttled-function" };
  }
  passage.integrationStatus = 500;
  tell();
  return { refused: "function-failed" };
}
