/** One run of a route: rate, API key, the function (or what stands in its place), and a line in the access log. */
import type { InvokeRequest } from "../../runtime/types.js";
import { accessLine, integrationContext } from "../http/access-log.js";
import { traceRoot } from "../http/event-v1.js";
import type { HttpAnswer } from "../http/message.js";
import type { FunctionPassage } from "../http/passage.js";
import { responseTypeOf, type RefusalDetail, type RefusalName } from "../http/refusals.js";
import { answerFromV1 } from "../http/result-v1.js";
import { functionBehind, runFunction, tellOfFault } from "../http/run-function.js";
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

/** Whether stage, route and usage plan let it pass. */
export function admission({ door, api: { config }, route, facts, apiKey }: Run): RefusalName | undefined {
  const { stage } = facts.api;
  const { throttle, routeThrottles, usagePlans } = config.settings;
  const isWithinRate = door.throttles.takeOfRoute(
    { name: `${config.id} ${stage}`, throttle },
    { name: route.routeKey, throttle: routeThrottles[route.routeKey] },
  );
  if (!isWithinRate) return "throttled";
  if (!route.apiKeyRequired) return undefined;
  return door.usagePlans.check(usagePlans, apiKey, { stage, method: route.routeKey }).refused;
}

/** The answer of what is behind the route. */
export async function run(parts: Run, event: unknown): Promise<HttpAnswer | Refused> {
  const passage: FunctionPassage = {};
  const result = await answerOf(parts, event, passage);
  if (!("refused" in result)) passage.integrationStatus = result.statusCode;
  logAccess(parts, result, passage);
  return result;
}

/** The line of a run, or of a refusal before there was one. */
export function logAccess(
  { api, door, facts, occasion }: Omit<Run, "route" | "apiKey">,
  result: HttpAnswer | Refused,
  passage: FunctionPassage = {},
): void {
  const { accessLog } = api.config.settings;
  if (accessLog === undefined) return;
  const refused = "refused" in result ? result : undefined;
  const message = refused && wordsOf(refused.refused, refused.detail);
  const context = {
    status: "refused" in result ? statusOf(result.refused) : result.statusCode,
    ...requestContext(facts, occasion),
    ...integrationContext(passage),
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
  passage: FunctionPassage,
): Promise<HttpAnswer | Refused> {
  const { fixed, source } = route;
  if (fixed !== undefined)
    return { statusCode: fixed.statusCode, headers: [], body: Buffer.from(fixed.absent ?? fixed.body) };
  const place = { api: api.config.name, stage: facts.api.stage, route: route.routeKey };
  const fn = functionBehind(door, source, place, passage);
  if (fn === undefined) return { refused: "no-function" };
  const request: InvokeRequest = {
    payload: Buffer.from(JSON.stringify(event)),
    // A message is a trace of its own; a handshake may belong to the client's.
    traceHeader: occasion.eventType === "CONNECT" ? traceRoot(facts.request) : undefined,
    qualifier: source?.qualifier,
  };
  const result = await runFunction(door, fn, request, source?.timeoutMs ?? 0, passage);
  if (typeof result === "string") return { refused: result };
  if (result.functionError !== undefined) return { refused: "function-failed" };
  const answer = answerFromV1(result.payload, { binaryMediaTypes: [], accept: undefined, alwaysDecode: true });
  if (typeof answer === "object") return answer;
  tellOfFault(door, answer, place, passage);
  return { refused: "function-failed" };
}
