/**
 * One request through an API:
 *
 *   preflight -> route -> throttle -> guard (IAM, authorizer) -> API key -> validation -> event -> invoke -> result -> CORS
 */
import type { ServerResponse } from "node:http";
import type { MockRoute } from "../../config/application.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeAnswer, InvokeRequest } from "../../runtime/types.js";
import { realClock, type Cancel } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import { logContext } from "./access-log.js";
import type { ApiRoute } from "./api-model.js";
import { foreignAuthorization } from "./auth/foreign-authorization.js";
import { passGuard } from "./auth/pass-guard.js";
import { compressed, decompressed } from "./compression.js";
import { isPreflight, preflightAnswer, withCors } from "./cors.js";
import type { DoorContext } from "./door-context.js";
import { eventV1, extendedId, traceRoot, type ApiIdentity, type EventV1Input } from "./event-v1.js";
import { eventV2 } from "./event-v2.js";
import { dressed } from "./gateway-responses.js";
import { headerOf, type HttpAnswer } from "./message.js";
import type { Passage } from "./passage.js";
import { refusalNotice } from "./refusal-notice.js";
import { refusal, responseTypeOf, type RefusalDetail, type RefusalName } from "./refusals.js";
import { answerFromV1, streamHeadFromV1 } from "./result-v1.js";
import { answerFromV2 } from "./result-v2.js";
import type { RouteMatch } from "./routes.js";
import { StreamedAnswer } from "./streamed-answer.js";
import type { ApiTarget } from "./target.js";

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
    refused && refusalNotice(target, { ...refused, statusCode: bare.statusCode, guard: match?.route.guard.kind });
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
  const headers = [...withCors(said.headers, cors, headerOf(request, "origin")), ...idLines(target)];
  return { answer: { ...said, headers }, logContext: contextOf(said.statusCode, said.body.length) };
}

async function answerOf(
  target: ApiTarget,
  match: RouteMatch<ApiRoute> | undefined,
  bareEvent: EventV1Input,
  door: DoorContext,
  passage: Passage,
  response: ServerResponse,
  preflight: HttpAnswer | undefined,
): Promise<HttpAnswer | StreamedAnswer> {
  const { api, request, stage } = target;
  const refuse = (name: RefusalName, detail?: RefusalDetail): HttpAnswer => {
    passage.refused = { name, detail };
    return refusal(api.kind, name, detail);
  };
  if (match === undefined) return refuse("no-route", api.kind === "rest" ? foreignAuthorization(request) : undefined);
  const { route } = match;
  const routeKey = routeKeyOf(route);
  if (!withinRate(target, route, door)) return refuse("throttled");
  const askedAt = performance.now();
  const passed = await passGuard(target, route, bareEvent, routeKey, door);
  if (route.guard.kind === "authorizer") {
    passage.authorizerLatencyMs = Math.round(performance.now() - askedAt);
    passage.authorizerStatus = AUTHORIZER_STATUSES[passed.refused ?? ""] ?? 200;
  }
  if (passed.refused !== undefined) return refuse(passed.refused, passed.detail);
  passage.caller = passed.caller;
  passage.authorizer = passed.authorizer;
  if (preflight !== undefined) return preflight;
  if (route.apiKeyRequired) {
    const sent = api.apiKeySource === "AUTHORIZER" ? passed.usageKey : headerOf(request, "x-api-key");
    const key = door.usagePlans.check(api.usagePlans, sent, { stage, method: `${route.path}/${request.method}` });
    if (key.refused !== undefined) return refuse(key.refused);
    passage.caller = { ...passed.caller, apiKey: key.key, apiKeyId: key.keyId };
  }
  // Only now: signatures are made over what was sent.
  const plain = api.minimumCompressionBytes === undefined ? request : await decompressed(request);
  if (plain === undefined) return refuse("bad-request");
  const invalid =
    route.validate &&
    (await route.validate(plain, match.parameters, (type, error) =>
      door.notice(
        `${api.logicalId}: the model of ${routeKey} for ${type} cannot be used (${messageOf(error)}): no body is held against it`,
      ),
    ));
  if (invalid !== undefined) return refuse(invalid.name, invalid.detail);
  if (route.mock !== undefined) return mockAnswer(route.mock);
  const fn = route.target && door.functionBehind(route.target);
  if (fn === undefined) {
    // A gateway may invoke what its permission names; what is not there has none.
    passage.integrationError = "Execution failed due to configuration error: Invalid permissions on Lambda function";
    door.log.warn(
      { api: api.name, stage, route: routeKey, target: route.target },
      "a route names no function that is there",
    );
    return refuse("no-function");
  }
  const authorizer = route.payload === "1.0" ? flatAuthorizer(passed.authorizer) : passed.authorizer;
  const input = { ...bareEvent, request: plain, caller: passage.caller, authorizer };
  const event =
    route.payload === "2.0"
      ? eventV2({
          request,
          api: bareEvent.api,
          routeKey,
          parameters: match.parameters,
          authorizer: passed.authorizer,
        })
      : eventV1(input);
  const stream = route.streams ? streamFor(target, response) : undefined;
  const result = await run(fn, route, event, traceRoot(request), door, passage, stream);
  if (stream !== undefined) return endOfStream(stream, result, refuse);
  if (typeof result === "string") return refuse(result);
  const answer =
    result.functionError !== undefined
      ? undefined
      : route.payload === "2.0"
        ? answerFromV2(result.payload, "http")
        : answerFromV1(result.payload, {
            binaryMediaTypes: api.binaryMediaTypes,
            accept: headerOf(request, "accept"),
            alwaysDecode: api.kind === "http",
          });
  if (answer === "no-base64") {
    passage.integrationError = "Execution failed due to configuration error: Unable to base64 decode the body.";
    door.log.warn({ api: api.name, stage, route: routeKey }, passage.integrationError);
    return refuse("no-base64");
  }
  if (answer !== undefined) {
    passage.integrationStatus = answer.statusCode;
    return answer;
  }
  if (result.functionError === undefined) {
    passage.integrationError = "Execution failed due to configuration error: Malformed Lambda proxy response";
    door.log.warn({ api: api.name, stage, route: routeKey }, passage.integrationError);
  }
  return refuse("function-failed");
}

/** Format 1.0 has no levels: claims and scopes, or what the authorizer function said, as they are in REST APIs. */
function flatAuthorizer(authorizer: Passage["authorizer"]): Passage["authorizer"] {
  if (authorizer === undefined) return undefined;
  const { jwt, lambda, iam: _iam, ...own } = authorizer as Readonly<Record<string, object | undefined>>;
  const flat = { ...own, ...lambda, ...jwt };
  return Object.keys(flat).length === 0 ? undefined : flat;
}

/** What an authorizer's verdict is called in the access log. */
const AUTHORIZER_STATUSES: Readonly<Record<string, number>> = {
  unauthorized: 401,
  forbidden: 403,
  denied: 403,
  "denied-explicitly": 403,
  "authorizer-failed": 500,
};

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

function mockAnswer({ statusCode, headers, body }: MockRoute): HttpAnswer {
  const typed = headers.some(([name]) => name.toLowerCase() === "content-type");
  return {
    statusCode,
    headers: typed ? headers : [["Content-Type", "application/json"], ...headers],
    body: Buffer.from(body),
  };
}

function withinRate({ api, stage }: ApiTarget, route: ApiRoute, { throttles }: DoorContext): boolean {
  if (route.throttle !== undefined) return throttles.take(`${api.id} ${stage} ${routeKeyOf(route)}`, route.throttle);
  return api.throttle === undefined || throttles.take(`${api.id} ${stage}`, api.throttle);
}

/** The integration's own timeout: the function goes on, as on AWS, and nobody waits. */
async function run(
  fn: FunctionConfig,
  { target, timeoutMs }: ApiRoute,
  event: unknown,
  traceHeader: string,
  door: DoorContext,
  passage: Passage,
  stream: StreamedAnswer | undefined,
): Promise<InvokeAnswer | RefusalName> {
  const startedAt = performance.now();
  const request: InvokeRequest = {
    payload: Buffer.from(JSON.stringify(event)),
    traceHeader,
    ...(target?.qualifier === undefined ? {} : { qualifier: target.qualifier }),
    ...(stream === undefined ? {} : { onStream: (head) => stream.open(head) }),
  };
  const invoked = door.invoke(fn, request);
  // Real time: it guards a real process.
  let cancel: Cancel = () => undefined;
  const timeout = new Promise<"timeout">((resolve) => {
    cancel = realClock.after(timeoutMs, () => resolve("timeout"));
  });
  try {
    const result = await Promise.race([invoked, timeout]);
    if (typeof result === "string") passage.integrationError = "Execution failed due to a timeout error";
    else {
      passage.integrationServiceStatus = 200;
      passage.integrationRequestId = result.requestId;
      if (result.functionError !== undefined)
        passage.integrationError = "The Lambda function returned the following error: Unhandled";
    }
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
    door.log.error({ function: fn.name, err: error }, "a function behind an API could not be run");
    return "function-failed";
  } finally {
    passage.integrationLatencyMs = Math.round(performance.now() - startedAt);
    cancel();
    invoked.catch(() => undefined);
  }
}

/** A stream through a REST API always begins with a prelude. */
function streamFor(target: ApiTarget, response: ServerResponse): StreamedAnswer {
  return new StreamedAnswer({
    response,
    read: (prelude) => {
      const head = streamHeadFromV1(prelude);
      return head && { ...head, headers: [...head.headers, ...idLines(target)] };
    },
  });
}

/** What went out has gone out; a function that failed before that, or wrote no prelude, is refused as any other. */
function endOfStream(
  stream: StreamedAnswer,
  result: InvokeAnswer | RefusalName,
  refuse: (name: RefusalName) => HttpAnswer,
): HttpAnswer | StreamedAnswer {
  if (typeof result !== "string" && !stream.opened && result.functionError === undefined) {
    // A handler that does not stream gives its answer in one piece.
    stream.open({ contentType: "application/octet-stream" });
    void stream.write(result.payload);
  }
  if (stream.statusCode === undefined) {
    stream.cut();
    return refuse(typeof result === "string" ? result : "function-failed");
  }
  if (typeof result === "string") stream.cut();
  else stream.finish();
  return stream;
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

function idLines({ api, request }: ApiTarget): HttpAnswer["headers"] {
  const extended = extendedId(request.requestId);
  if (api.kind === "http") return [["Apigw-Requestid", extended]];
  return [
    ["x-amzn-RequestId", request.requestId],
    ["x-amz-apigw-id", extended],
    ["X-Amzn-Trace-Id", traceRoot(request)],
  ];
}

function routeKeyOf(route: ApiRoute | undefined): string {
  return route === undefined || route.path === "$default" ? "$default" : `${route.method} ${route.path}`;
}
