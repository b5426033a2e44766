/** The APIs of the application, made ready for requests: routes in a table, each with what guards it. */
import type { ApiConfig, ApiSettings, MockRoute, Throttle, UsagePlan } from "../../config/api-config.js";
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
  /** What the API answers by itself; no function is behind it. */
  readonly mock: MockRoute | undefined;
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

/** WebSocket APIs are left out: nothing here speaks to them. */
export function apisOf(application: Application): readonly Api[] {
  return application.apis.flatMap((api) => (api.kind === "websocket" ? [] : [makeApi(api, application)]));
}

function makeApi(api: Exclude<ApiConfig, { kind: "websocket" }>, { eventSources }: Application): Api {
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
        mock: undefined,
      };
    });
  const mocks = api.mocks.map((mock) =>
    mockRoute(mock, api.kind, guardOf(mock.auth, api.auth, authorizers, mock.method), api.auth),
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
      ...mocks,
      ...(api.kind === "rest" && api.cors !== undefined ? preflightRoutes(api, api.cors, [...routes, ...mocks]) : []),
    ]),
  };
}

/** Documents write it as a path. */
const pathOf = (path: string): string => (path === "/$default" ? "$default" : path);

const mockRoute = (mock: MockRoute, kind: "rest" | "http", guard: Guard, api: JsonObject | undefined): ApiRoute => ({
  method: mock.method,
  path: pathOf(mock.path),
  target: undefined,
  timeoutMs: 0,
  payload: kind === "rest" ? "rest" : "2.0",
  streams: false,
  guard,
  apiKeyRequired: requiresKey(mock.auth, api),
  throttle: undefined,
  validate: undefined,
  mock,
});

/**
 * SAM's `Cors` gives every path a MOCK method for OPTIONS. The API's default authorizer and its key guard these, too,
 * unless the template says otherwise: a preflight request then gets 401.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
 */
function preflightRoutes(
  api: Exclude<ApiConfig, { kind: "websocket" }>,
  cors: ApiCors,
  routes: readonly ApiRoute[],
): readonly ApiRoute[] {
  const guard = guardOf(undefined, api.auth, authorizersOf(api), "OPTIONS");
  const auth = {
    ApiKeyRequired: api.auth?.["AddApiKeyRequiredToCorsPreflight"] !== false && requiresKey(undefined, api.auth),
  };
  return [...new Set(routes.map(({ path }) => path))].flatMap((path) => {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    if (methods.includes("OPTIONS")) return [];
    const mock = { method: "OPTIONS", path, ...restPreflight(cors, methods), auth };
    return [mockRoute(mock, "rest", guard, undefined)];
  });
}

/** SAM: `ApiKeyRequired` of the API holds for every route that does not say otherwise. */
function requiresKey(route: JsonObject | undefined, api: JsonObject | undefined): boolean {
  return (route?.["ApiKeyRequired"] ?? api?.["ApiKeyRequired"]) === true;
}

export function routeKeyOf(route: ApiRoute | undefined): string {
  return route === undefined || route.path === "$default" ? "$default" : `${route.method} ${route.path}`;
}
