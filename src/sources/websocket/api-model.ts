/** The WebSocket APIs of the application, made ready for connections: routes by key, each with what guards it. */
import type { WebSocketApiConfig, WebSocketFixedRoute } from "../../config/api-config.js";
import type { Application } from "../../config/application.js";
import type { WebSocketRoute, WebSocketSource } from "../../config/event-source.js";
import { authorizersOf, guardOf, type Guard } from "../http/auth/guards.js";

export interface Route extends WebSocketRoute {
  readonly guard: Guard;
  /** The function behind it; undefined where the route is a fixed one. */
  readonly source: WebSocketSource | undefined;
  readonly fixed: WebSocketFixedRoute | undefined;
}

export interface WebSocketApi {
  readonly config: WebSocketApiConfig;
  readonly routes: ReadonlyMap<string, Route>;
}

export function apisOf({ apis, eventSources }: Application): readonly WebSocketApi[] {
  return apis.flatMap((config) => {
    if (config.kind !== "websocket") return [];
    const authorizers = authorizersOf(config);
    const guarded = (route: WebSocketRoute): Guard => guardOf(route.auth, undefined, authorizers, "");
    const sources = eventSources.filter(
      (source): source is WebSocketSource => source.kind === "webSocket" && source.apiId === config.logicalId,
    );
    const routes = new Map<string, Route>();
    for (const fixed of config.fixedRoutes)
      routes.set(fixed.routeKey, { ...fixed, guard: guarded(fixed), source: undefined, fixed });
    for (const source of sources)
      routes.set(source.routeKey, { ...source, guard: guarded(source), source, fixed: undefined });
    return [{ config, routes }];
  });
}
