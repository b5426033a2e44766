/** Where the APIs and function URLs of a template answer, and the routes behind them. */
import type { ApiConfig, WebSocketApiConfig } from "../config/api-config.js";
import type { RouteIntegration } from "../config/api-integration.js";
import type { Application } from "../config/application.js";
import type { FunctionUrlSource, HttpApiSource, RestApiSource, WebSocketSource } from "../config/event-source.js";
import { API_PREFIX, URL_PREFIX } from "../sources/http/target.js";

/** Where something answers HTTP, for people. */
export interface FrontDoor {
  readonly kind: "http" | "rest" | "websocket" | "function URL";
  readonly name: string;
  readonly url: string;
  readonly routes: readonly DoorRoute[];
}

export interface DoorRoute {
  /** Upper case, or `ANY`; empty for routes of WebSocket APIs. */
  readonly method: string;
  /** As the template has it; `$default` takes what no other route does. */
  readonly path: string;
  /** Logical id; null where the API answers by itself. */
  readonly function: string | null;
  /** What the API does instead of handing the request on as it is: `AWS sqs`, `MOCK`, `SQS-SendMessage` ... */
  readonly integration?: string;
}

/** Base of an API, without the stage. The only one of those that speak HTTP, or WebSocket, has the bare address. */
export function apiAddress(application: Application, base: string, id: string): string {
  const webSockets = webSocketApisOf(application);
  const alike = webSockets.some((api) => api.id === id) ? webSockets : httpApisOf(application);
  return alike.length <= 1 ? base : `${base}${API_PREFIX}${id}`;
}

/** Base of a function URL of the template. */
export function functionUrlAddress(application: Application, base: string, urlId: string): string {
  const alone = httpApisOf(application).length === 0 && urlsOf(application).length === 1;
  return alone ? base : `${base}${URL_PREFIX}${urlId}`;
}

export function frontDoors(application: Application, base: string): readonly FrontDoor[] {
  const apis = application.apis.map((api): FrontDoor => {
    const [stage] = api.stages;
    const inStage = stage === undefined || stage === "$default" ? "" : `/${stage}`;
    const address = `${apiAddress(application, base, api.id)}${inStage}`;
    return {
      kind: api.kind,
      name: api.logicalId,
      url: api.kind === "websocket" ? address.replace(/^http/, "ws") : address,
      routes: api.kind === "websocket" ? messageRoutesOf(api, application) : routesOf(api, application),
    };
  });
  const urls = urlsOf(application).map((source): FrontDoor => ({
    kind: "function URL",
    name: source.functionId,
    url: `${functionUrlAddress(application, base, source.urlId)}/`,
    routes: [{ method: "ANY", path: "$default", function: source.functionId }],
  }));
  return [...apis, ...urls];
}

function routesOf(api: HttpApi, { eventSources }: Application): readonly DoorRoute[] {
  const routes = eventSources
    .filter(
      (source): source is HttpApiSource | RestApiSource =>
        (source.kind === "httpApi" || source.kind === "restApi") && source.apiId === api.logicalId,
    )
    .map(({ method, path, functionId }): DoorRoute => ({ method, path, function: functionId }));
  const integrated = api.integrated.map(({ method, path, integration }): DoorRoute => ({
    method,
    path,
    function: (integration.kind === "mapped" ? integration.function?.functionId : undefined) ?? null,
    integration: integrationText(integration),
  }));
  return [...routes, ...integrated];
}

/** Absent ones answer 501. */
function integrationText(integration: RouteIntegration): string {
  switch (integration.kind) {
    case "fixed":
      return String(integration.statusCode);
    case "service":
      return integration.subtype;
    case "url":
      return `HTTP_PROXY ${integration.uri}`;
    case "mapped": {
      const { type, uri } = integration;
      if (type !== "AWS") return uri === "" ? type : `${type} ${uri}`;
      return `AWS ${uri.split(":")[4] ?? ""}`;
    }
  }
}

function messageRoutesOf(api: WebSocketApiConfig, { eventSources }: Application): readonly DoorRoute[] {
  const routes = eventSources
    .filter((source): source is WebSocketSource => source.kind === "webSocket" && source.apiId === api.logicalId)
    .map(({ routeKey, functionId }): DoorRoute => ({ method: "", path: routeKey, function: functionId }));
  const fixed = api.fixedRoutes.map(({ routeKey }): DoorRoute => ({ method: "", path: routeKey, function: null }));
  return [...routes, ...fixed];
}

type HttpApi = Exclude<ApiConfig, { kind: "websocket" }>;

export const httpApisOf = ({ apis }: Application): readonly HttpApi[] =>
  apis.filter((api): api is HttpApi => api.kind !== "websocket");

export const webSocketApisOf = ({ apis }: Application): readonly WebSocketApiConfig[] =>
  apis.filter((api) => api.kind === "websocket");

export const urlsOf = ({ eventSources }: Application): readonly FunctionUrlSource[] =>
  eventSources.filter((source): source is FunctionUrlSource => source.kind === "functionUrl");
