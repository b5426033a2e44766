/**
 * One request through an API:
 *
 *   preflight -> route -> admission (rate, guard, API key, validation) -> integration (event, function, result) -> CORS
 */
import type { ServerResponse } from "node:http";
import type { FixedIntegration } from "../../config/api-integration.js";
import { logContext } from "./access-log.js";
import { admit } from "./admission.js";
import { routeKeyOf, type ApiRoute } from "./api-model.js";
import { foreignAuthorization } from "./auth/foreign-authorization.js";
import { compressed } from "./compression.js";
import { isPreflight, preflightAnswer, withCors } from "./cors.js";
import type { DoorContext } from "./door-context.js";
import type { ApiIdentity, EventV1Input } from "./event-v1.js";
import { dressed } from "./gateway-responses.js";
import { integrate } from "./integration.js";
import { headerOf, type HttpAnswer } from "./message.js";
import type { Passage } from "./passage.js";
import { refusalNotice } from "./refusal-notice.js";
import { refusal, responseTypeOf, type RefusalDetail, type RefusalName } from "./refusals.js";
import type { RouteMatch } from "./routes.js";
import { StreamedAnswer } from "./streamed-answer.js";
import { apiIdLines, type ApiTarget } from "./target.js";

export interface ApiAnswer {
  /** Undefined when it went out as a stream. */
  readonly answer: HttpAnswer | undefined;
  /** What the access log can tell; asked for only where one is kept. */
  readonly logContext: () => Readonly<Record<string, unknown>>;
}

export async function passApi(target: ApiTarget, door: DoorContext, response: ServerResponse): Promise<ApiAnswer> {
  const { api, request } = target;
  const match = api.routes.find(request.method, request.path);
  const identity = identityOf(target, door);
  const event = eventInput(target, match, identity);
  const routeKey = routeKeyOf(match?.route);
  const passage: Passage = { startedAt: performance.now() };
  const contextOf = (statusCode: number, bodyBytes: number) => (): Readonly<Record<string, unknown>> =>
    logContext({ target, event, routeKey, passage, statusCode, bodyBytes });

  const preflight = preflightOf(target, match);
  const isGuarded = match !== undefined && match.route.guard.kind !== "open";
  const bare =
    preflight === undefined || isGuarded
      ? await answerOf(target, match, event, door, passage, response, preflight)
      : preflight;
  if (bare instanceof StreamedAnswer)
    return { answer: undefined, logContext: contextOf(bare.statusCode ?? 0, bare.bodyBytes) };
  const { refused } = passage;
  const why =
    refused &&
    refusalNotice(target, {
      ...refused,
      statusCode: bare.statusCode,
      guard: match?.route.guard.kind,
      fault: passage.integrationError,
    });
  if (why !== undefined) door.notice(why);
  const { gatewayResponses: responses, minimumCompressionBytes, stageVariables } = api;
  const plainAnswer =
    refused === undefined || api.kind === "http"
      ? bare
      : dressed(bare, {
          responses,
          type: responseTypeOf(refused.name, refused.detail),
          values: () => ({ request, stageVariables, context: contextOf(bare.statusCode, bare.body.length)() }),
        });
  const said =
    minimumCompressionBytes === undefined
      ? plainAnswer
      : await compressed(plainAnswer, minimumCompressionBytes, headerOf(request, "accept-encoding") ?? "");
  // An answer to preflight has its own headers already.
  const cors = api.kind === "http" && bare !== preflight ? api.cors : undefined;
  const headers = [...withCors(said.headers, cors, headerOf(request, "origin")), ...apiIdLines(target)];
  return { answer: { ...said, headers }, logContext: contextOf(said.statusCode, said.body.length) };
}

async function answerOf(
  target: ApiTarget,
  match: RouteMatch<ApiRoute> | undefined,
  event: EventV1Input,
  door: DoorContext,
  passage: Passage,
  response: ServerResponse,
  preflight: HttpAnswer | undefined,
): Promise<HttpAnswer | StreamedAnswer> {
  const { api, request } = target;
  const refuse = (name: RefusalName, detail?: RefusalDetail): HttpAnswer => {
    passage.refused = { name, detail };
    return refusal(api.kind, name, detail);
  };
  if (match === undefined) return refuse("no-route", api.kind === "rest" ? foreignAuthorization(request) : undefined);
  const { route, parameters } = match;
  const crossing = { target, route, routeKey: routeKeyOf(route), parameters, event, door, passage, refuse };
  const admitted = await admit(crossing, preflight);
  if ("statusCode" in admitted) return admitted;
  const { integration } = route;
  if (integration === undefined) return integrate(crossing, admitted, response);
  if (integration.kind === "fixed") return fixedAnswer(integration);
  // Most APIs have none of these.
  const { carryOut } = await import("./mapped/carry-out.js");
  return carryOut(integration, crossing, admitted);
}

/**
 * What an HTTP API with a CORS configuration answers by itself. A route that takes OPTIONS and has an authorizer has it
 * asked first: "When you enable CORS and authorization for the $default route, there are some special considerations".
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
 */
function preflightOf({ api, request }: ApiTarget, match: RouteMatch<ApiRoute> | undefined): HttpAnswer | undefined {
  if (api.cors === undefined || api.kind !== "http") return undefined;
  if (isPreflight(request)) return preflightAnswer(api.cors, request, 204);
  // Nobody takes it, and it asks for nothing.
  return request.method === "OPTIONS" && match === undefined
    ? { statusCode: 204, headers: [], body: Buffer.alloc(0) }
    : undefined;
}

function fixedAnswer({ statusCode, headers, body }: FixedIntegration): HttpAnswer {
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  return {
    statusCode,
    headers: typed ? headers : [["Content-Type", "application/json"], ...headers],
    body: Buffer.from(body),
  };
}

function eventInput(target: ApiTarget, match: RouteMatch<ApiRoute> | undefined, identity: ApiIdentity): EventV1Input {
  return {
    request: target.request,
    api: identity,
    resource: match?.route.path ?? target.request.path,
    parameters: match?.parameters ?? {},
    binaryMediaTypes: target.api.binaryMediaTypes,
    http: target.api.kind === "rest" ? undefined : { routeKey: routeKeyOf(match?.route) },
  };
}

function identityOf({ api, stage, request }: ApiTarget, { realm }: DoorContext): ApiIdentity {
  const host = headerOf(request, "host")?.replace(/:\d+$/, "") ?? "";
  // An address has no first label that names the API: functions get the name that AWS would give.
  const domainName = host.startsWith(`${api.id}.`) ? host : `${api.id}.execute-api.${realm.region}.amazonaws.com`;
  return { accountId: realm.accountId, apiId: api.id, domainName, stage, stageVariables: api.stageVariables };
}
