/** The APIs of the application, made ready for requests: routes in a table, each with what guards it. */
import type { ApiConfig, ApiSettings, IntegratedRoute, Throttle, UsagePlan } from "../../config/api-config.js";
import type { RouteIntegration } from "../../config/api-integration.js";
import type { Application } from "../../config/application.js";
import type { ApiCors, FunctionTarget, HttpApiSource, RestApiSource } from "../../config/event-source.js";
import type { JsonObject } from "../../config/json.js";
import { authorizersOf, guardOf, type Guard } from "./auth/guards.js";
import { restPreflight } from "./cors.js";
import { validatorOf, type Validate } from "./request-validation.js";
import { RouteTable } from "./routes.js";

export interface ApiRoute {
  readonly method: string;
  readonly path: string;
  /** Undefined where no function is behind it. */
  readonly target: FunctionTarget | undefined;
  readonly timeoutMs: number;
  readonly payload: "rest" | "1.0" | "2.0";
  /** The answer goes out while the function writes it. */
  readonly streams: boolean;
  readonly guard: Guard;
  readonly apiKeyRequired: boolean;
  readonly throttle: Throttle | undefined;
  readonly validate: Validate | undefined;
  /** Where no function gets the request as it is. */
  readonly integration: RouteIntegration | undefined;
}

export interface Api {
  readonly kind: "rest" | "http";
  readonly id: string;
  readonly logicalId: string;
  readonly name: string;
  readonly stages: readonly string[];
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly cors: ApiCors | undefined;
  readonly binaryMediaTypes: readonly string[];
  readonly throttle: Throttle | undefined;
  readonly usagePlans: readonly UsagePlan[];
  readonly apiKeySource: ApiSettings["apiKeySource"];
  readonly minimumCompressionBytes: number | undefined;
  readonly gatewayResponses: ApiSettings["gatewayResponses"];
  readonly accessLog: ApiSettings["accessLog"];
  readonly routes: RouteTable<ApiRoute>;
}

type HttpApi = Exclude<ApiConfig, { kind: "websocket" }>;

/** WebSocket APIs are left out: nothing here speaks to them. */
export function apisOf(application: Application): readonly Api[] {
  return application.apis.flatMap((api) => (api.kind === "websocket" ? [] : [makeApi(api, application)]));
}

function makeApi(api: HttpApi, { eventSources }: Application): Api {
  const { settings } = api;
  const authorizers = authorizersOf(api);
  const routes = eventSources
    .filter(
      (source): source is HttpApiSource | RestApiSource =>
        (source.kind === "httpApi" || source.kind === "restApi") && source.apiId === api.logicalId,
    )
    .map((source): ApiRoute => {
      const routeKey = source.path === "$default" ? "$default" : `${source.method} ${source.path}`;
      return {
        method: source.path === "$default" ? "ANY" : source.method,
        path: pathOf(source.path),
        target: source,
        timeoutMs: source.timeoutMs,
        payload: source.kind === "restApi" ? "rest" : source.payloadFormatVersion,
        streams: source.kind === "restApi" && source.streams,
        guard: guardOf(source.auth, api.auth, authorizers, source.method),
        apiKeyRequired: (source.kind === "restApi" && source.apiKeyRequired) || requiresKey(source.auth, api.auth),
        throttle: settings.routeThrottles[routeKey],
        validate:
          source.kind === "restApi" && source.validation !== undefined ? validatorOf(source.validation) : undefined,
        integration: undefined,
      };
    });
  const integrated = api.integrated.map((route) =>
    integratedRoute(route, api, guardOf(route.auth, api.auth, authorizers, route.method)),
  );
  return {
    kind: api.kind,
    id: api.id,
    logicalId: api.logicalId,
    name: api.name,
    stages: api.stages.length > 0 ? api.stages : [api.kind === "rest" ? "Prod" : "$default"],
    stageVariables: api.stageVariables,
    cors: api.cors,
    binaryMediaTypes: api.kind === "rest" ? api.binaryMediaTypes : [],
    throttle: settings.throttle,
    usagePlans: settings.usagePlans,
    apiKeySource: settings.apiKeySource,
    minimumCompressionBytes: api.kind === "rest" ? settings.minimumCompressionBytes : undefined,
    gatewayResponses: settings.gatewayResponses,
    accessLog: settings.accessLog,
    routes: new RouteTable(api.kind, [
      ...routes,
      ...integrated,
      ...(api.kind === "rest" && api.cors !== undefined
        ? preflightRoutes(api, api.cors, [...routes, ...integrated])
        : []),
    ]),
  };
}

/** Documents write it as a path. */
const pathOf = (path: string): string => (path === "/$default" ? "$default" : path);

function integratedRoute(route: IntegratedRoute, api: HttpApi, guard: Guard): ApiRoute {
  const { auth, integration, method, path, validation } = route;
  const key = path === "$default" ? path : `${method} ${path}`;
  return {
    method,
    path: pathOf(path),
    target: integration.kind === "mapped" ? integration.function : undefined,
    timeoutMs: integration.kind === "fixed" ? 0 : integration.timeoutMs,
    payload: api.kind === "rest" ? "rest" : "2.0",
    streams: false,
    guard,
    apiKeyRequired: requiresKey(auth, api.auth),
    throttle: api.settings.routeThrottles[key],
    validate: validation === undefined ? undefined : validatorOf(validation),
    integration,
  };
}

/**
 * SAM's `Cors` gives every path a MOCK method for OPTIONS. The API's default authorizer and its key guard these, too,
 * unless the template says otherwise: a preflight request then gets 401.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
 */
function preflightRoutes(api: HttpApi, cors: ApiCors, routes: readonly ApiRoute[]): readonly ApiRoute[] {
  const guard = guardOf(undefined, api.auth, authorizersOf(api), "OPTIONS");
  const auth = {
    ApiKeyRequired: api.auth?.["AddApiKeyRequiredToCorsPreflight"] !== false && requiresKey(undefined, api.auth),
  };
  return [...new Set(routes.map(({ path }) => path))].flatMap((path) => {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    if (methods.includes("OPTIONS")) return [];
    const integration = { kind: "fixed", ...restPreflight(cors, methods) } as const;
    const route = { method: "OPTIONS", path, auth, validation: undefined, integration };
    return [integratedRoute(route, { ...api, auth: undefined }, guard)];
  });
}

/** SAM: `ApiKeyRequired` of the API holds for every route that does not say otherwise. */
function requiresKey(route: JsonObject | undefined, api: JsonObject | undefined): boolean {
  return (route?.["ApiKeyRequired"] ?? api?.["ApiKeyRequired"]) === true;
}

export function routeKeyOf(route: ApiRoute | undefined): string {
  return route === undefined || route.path === "$default" ? "$default" : `${route.method} ${route.path}`;
}
