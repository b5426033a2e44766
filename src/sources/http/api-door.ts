/**
 * One request through an API:
 *
 *   preflight -> route -> throttle -> guard (IAM, authorizer) -> API key -> event -> invoke -> result -> CORS
 */
import type { FunctionConfig } from "../../config/function-config.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeResult } from "../../runtime/types.js";
import type { Caller } from "../../services/kit/credentials.js";
import { realClock, type Cancel } from "../../shared/clock.js";
import type { ApiRoute } from "./api-model.js";
import type { AuthOutcome } from "./auth/lambda-authorizer.js";
import { isSigned } from "./auth/iam.js";
import { isPreflight, preflightAnswer, restPreflightAnswer, withCors } from "./cors.js";
import type { DoorContext } from "./door-context.js";
import {
  eventV1,
  extendedId,
  requestContextV1,
  traceRoot,
  type ApiIdentity,
  type CallerIdentity,
  type EventV1Input,
} from "./event-v1.js";
import { eventV2 } from "./event-v2.js";
import { headerOf, type HttpAnswer } from "./message.js";
import { refusal, type RefusalName } from "./refusals.js";
import { answerFromV1 } from "./result-v1.js";
import { answerFromV2 } from "./result-v2.js";
import type { RouteMatch } from "./routes.js";
import type { ApiTarget } from "./target.js";

/** What the access log can tell of a request. */
export interface ApiPassage {
  readonly answer: HttpAnswer;
  /** Asked for only where a log is kept. */
  readonly logContext: () => Readonly<Record<string, unknown>>;
}

export async function passApi(target: ApiTarget, door: DoorContext): Promise<ApiPassage> {
  const { api, stage, request } = target;
  const startedAt = performance.now();
  const match = api.routes.find(request.method, request.path);
  const identity = identityOf(target, door);
  const preflight = preflightOf(target);
  const bare = preflight ?? (await answerOf(target, match, identity, door));
  // An answer to preflight has its own headers already.
  const cors = api.kind === "http" && preflight === undefined ? api.cors : undefined;
  const answer = {
    ...bare,
    headers: [...withCors(bare.headers, cors, headerOf(request, "origin")), ...idLines(target)],
  };
  const latencyMs = Math.round(performance.now() - startedAt);
  return {
    answer,
    logContext: () => ({
      ...requestContextV1(eventInput(target, match, identity)),
      routeKey: routeKeyOf(match?.route),
      status: answer.statusCode,
      responseLength: answer.body.length,
      responseLatency: latencyMs,
      integrationLatency: latencyMs,
      httpMethod: request.method,
      stage,
    }),
  };
}

async function answerOf(
  target: ApiTarget,
  match: RouteMatch<ApiRoute> | undefined,
  identity: ApiIdentity,
  door: DoorContext,
): Promise<HttpAnswer> {
  const { api, request, stage } = target;
  const refuse = (name: RefusalName): HttpAnswer => refusal(api.kind, name);
  if (match === undefined) return refuse("no-route");
  const { route } = match;
  const routeKey = routeKeyOf(route);
  if (!withinRate(target, route, door)) return refuse("throttled");
  const passed = await guard(target, match, identity, door);
  if (passed.refused !== undefined) return refuse(passed.refused);
  let caller = passed.caller;
  if (route.apiKeyRequired) {
    const key = door.usagePlans.check(api.usagePlans, passed.usageKey ?? headerOf(request, "x-api-key"));
    if (key.refused !== undefined) return refuse(key.refused);
    caller = { ...caller, apiKey: key.key, apiKeyId: key.keyId };
  }
  const fn = door.functionById(route.functionId);
  if (fn === undefined) return refuse("function-failed");
  const input = { ...eventInput(target, match, identity), caller, authorizer: passed.authorizer };
  const event =
    route.payload === "2.0"
      ? eventV2({ request, api: identity, routeKey, parameters: match.parameters, authorizer: passed.authorizer })
      : eventV1(input);
  const result = await run(fn, event, route.timeoutMs, traceRoot(request), door);
  if (typeof result === "string") return refuse(result);
  if (result.functionError !== undefined) return refuse("function-failed");
  const answer =
    route.payload === "2.0"
      ? answerFromV2(result.payload, "http")
      : answerFromV1(result.payload, {
          binaryMediaTypes: api.binaryMediaTypes,
          accept: headerOf(request, "accept"),
          alwaysDecode: api.kind === "http",
        });
  if (answer === undefined) {
    door.log.warn(
      { api: api.name, stage, route: routeKey },
      "Execution failed due to configuration error: Malformed Lambda proxy response",
    );
    return refuse("function-failed");
  }
  return answer;
}

function preflightOf({ api, request }: ApiTarget): HttpAnswer | undefined {
  if (api.cors === undefined) return undefined;
  if (api.kind === "http") return isPreflight(request) ? preflightAnswer(api.cors, request, 204) : undefined;
  const methods = api.routes.methodsAt(request.path);
  if (request.method !== "OPTIONS" || methods.length === 0 || methods.includes("OPTIONS")) return undefined;
  return restPreflightAnswer(api.cors, methods);
}

function withinRate({ api, stage }: ApiTarget, route: ApiRoute, { throttles }: DoorContext): boolean {
  if (route.throttle !== undefined) return throttles.take(`${api.id} ${stage} ${routeKeyOf(route)}`, route.throttle);
  return api.throttle === undefined || throttles.take(`${api.id} ${stage}`, api.throttle);
}

type Passed =
  | { readonly refused: RefusalName }
  | {
      readonly refused?: undefined;
      readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
      readonly caller?: CallerIdentity | undefined;
      readonly usageKey?: string | undefined;
    };

async function guard(
  target: ApiTarget,
  match: RouteMatch<ApiRoute>,
  identity: ApiIdentity,
  door: DoorContext,
): Promise<Passed> {
  const { guard } = match.route;
  switch (guard.kind) {
    case "open":
      return {};
    case "unknown":
      door.log.warn(
        { authorizer: guard.name },
        "the template names an authorizer that lambda-run does not know; the request is refused",
      );
      return { refused: "authorizer-failed" };
    case "iam": {
      const caller = door.iam(target.request, target.signedPath);
      return caller === undefined
        ? { refused: target.api.kind === "rest" && !isSigned(target.request) ? "no-route" : "forbidden" }
        : {
            caller: callerIdentity(caller),
            ...(target.api.kind === "http" ? { authorizer: { iam: iamView(caller) } } : {}),
          };
    }
    case "authorizer":
      return askAuthorizer(guard, target, match, identity, door);
  }
}

async function askAuthorizer(
  { authorizer, scopes }: Extract<ApiRoute["guard"], { kind: "authorizer" }>,
  target: ApiTarget,
  match: RouteMatch<ApiRoute>,
  identity: ApiIdentity,
  door: DoorContext,
): Promise<AuthOutcome> {
  const { api, stage, request } = target;
  const event = eventInput(target, match, identity);
  const context = requestContextV1(event);
  if (authorizer.kind === "jwt") {
    const outcome = await door.jwt.ask(authorizer, scopes, { request, stageVariables: api.stageVariables, context });
    if (outcome.refused !== undefined || api.kind === "http") return outcome;
    // A user pool in front of a REST API: claims alone.
    const { jwt } = outcome.authorizer as { readonly jwt: { readonly claims: unknown } };
    return { authorizer: { claims: jwt.claims } };
  }
  const { region, accountId } = door.realm;
  const methodArn = `arn:aws:execute-api:${region}:${accountId}:${api.id}/${stage}/${request.method}${request.path}`;
  try {
    return await door.lambdaAuthorizers.ask({
      authorizer,
      event,
      routeKey: routeKeyOf(match.route),
      methodArn,
      context,
    });
  } catch (error) {
    door.log.warn({ authorizer: authorizer.name, err: error }, "an authorizer could not be asked");
    return { refused: "authorizer-failed" };
  }
}

/** The integration's own timeout: the function goes on, as on AWS, and nobody waits. */
async function run(
  fn: FunctionConfig,
  event: unknown,
  timeoutMs: number,
  traceHeader: string,
  door: DoorContext,
): Promise<InvokeResult | RefusalName> {
  const invoked = door.invoke(fn, { payload: Buffer.from(JSON.stringify(event)), traceHeader });
  // Real time: it guards a real process.
  let cancel: Cancel = () => undefined;
  const timeout = new Promise<"timeout">((resolve) => {
    cancel = realClock.after(timeoutMs, () => resolve("timeout"));
  });
  try {
    return await Promise.race([invoked, timeout]);
  } catch (error) {
    if (error instanceof RequestTooLarge) return "too-large";
    if (error instanceof Throttled) return "throttled-function";
    door.log.error({ function: fn.name, err: error }, "a function behind an API could not be run");
    return "function-failed";
  } finally {
    cancel();
    invoked.catch(() => undefined);
  }
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

function callerIdentity({ accessKeyId, accountId, userId, arn }: Caller): CallerIdentity {
  return { accessKey: accessKeyId, accountId, caller: userId, user: userId, userArn: arn };
}

export function iamView({ accessKeyId, accountId, userId, arn }: Caller): Readonly<Record<string, unknown>> {
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: arn,
    userId,
  };
}
