/** Which route of the template a request took, from the event that its function got. */
import type { Application } from "../../config/application.js";
import type { EventSource, FunctionUrlSource, HttpApiSource, RestApiSource } from "../../config/event-source.js";
import { isJsonObject, jsonText, type Json } from "../../config/json.js";
import type { Reason } from "./reason.js";

type Door = HttpApiSource | RestApiSource | FunctionUrlSource;

export const isDoor = (source: EventSource): source is Door =>
  source.kind === "httpApi" || source.kind === "restApi" || source.kind === "functionUrl";

export function routeReason(source: Door, event: Json | undefined, { apis }: Application): Reason {
  const taken = routeOf(event);
  if (source.kind === "functionUrl") {
    const matched = taken.apiId === source.urlId;
    return {
      matched,
      rule: `${source.functionId}: its function URL`,
      because: matched ? "it takes every method and path" : "the request came to an API",
    };
  }
  const api = apis.find(({ logicalId }) => logicalId === source.apiId);
  const own = source.path.endsWith("$default") ? "$default" : `${source.method} ${source.path}`;
  const rule = `${source.eventId}: ${own} of ${source.apiId}`;
  if (api === undefined || api.id !== taken.apiId) {
    const other = apis.find(({ id }) => id === taken.apiId)?.logicalId;
    const because = `the request came to ${other ?? (taken.apiId === "" ? "no API" : taken.apiId)}`;
    return { matched: false, rule, because };
  }
  const matched = taken.route === own || (source.method === "ANY" && taken.path === source.path);
  return {
    matched,
    rule,
    because: matched ? "method and path are those of the route" : `the request took ${taken.route}`,
  };
}

interface Taken {
  readonly apiId: string;
  /** `GET /items/{id}`, `ANY /items`, `$default`. */
  readonly route: string;
  readonly path: string;
}

/** Format 2.0 names the route, format 1.0 the resource and the method. */
function routeOf(event: Json | undefined): Taken {
  const { resource, httpMethod, routeKey, requestContext } = isJsonObject(event) ? event : {};
  const apiId = isJsonObject(requestContext) ? jsonText(requestContext["apiId"]) : "";
  const path = jsonText(resource);
  const route = routeKey === undefined ? `${jsonText(httpMethod)} ${path}` : jsonText(routeKey);
  return { apiId, route, path };
}
