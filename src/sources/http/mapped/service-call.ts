/**
 * A service behind an integration of type AWS of a REST API: an action, or a path of its API.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-aws-proxy.html
 */
import type { MappedIntegration } from "../../../config/api-integration.js";
import { serviceUriOf, type ServiceUri } from "../../../config/service-uri.js";
import type { Crossing } from "../crossing.js";
import type { HeaderLine } from "../message.js";
import type { RefusalName } from "../refusals.js";
import { called, type IntegrationAnswer } from "./integration-answer.js";
import type { MappedRequest } from "./request-mapping.js";
import { filledPath } from "./uri.js";
import { wireOf } from "./wire.js";

export async function callService(
  integration: MappedIntegration,
  request: MappedRequest,
  crossing: Crossing,
): Promise<IntegrationAnswer | RefusalName> {
  const uri = serviceUriOf(integration.uri);
  // Read when the template was.
  if (uri === undefined) return "misconfigured";
  const { query, path } = placeOf(uri, request);
  const action = uri.kind === "action" ? wireOf(uri.service, path) : undefined;
  const named = (name: string): boolean => request.headers.some(([other]) => other.toLowerCase() === name);
  const headers: HeaderLine[] = [...request.headers];
  // "Content-Type: application/json" and the same for Accept, where nothing else is mapped.
  for (const [name, value] of [...(action?.headers ?? []), ...DEFAULTS])
    if (!named(name) && !headers.some(([other]) => other.toLowerCase() === name)) headers.push([name, value]);
  return called(crossing, () =>
    crossing.door.outside.callService({
      service: uri.service,
      method: integration.httpMethod === "" ? "POST" : integration.httpMethod,
      path: action === undefined ? path : "/",
      query: [...(action?.query ?? []), ...query],
      headers,
      body: request.body,
      timeoutMs: integration.timeoutMs,
    }),
  );
}

const DEFAULTS: readonly HeaderLine[] = [
  ["content-type", "application/json"],
  ["accept", "application/json"],
];

/** The operation, or the path with its slash; the URI may have a query of its own. */
function placeOf(
  { call, kind, subdomain }: ServiceUri,
  { path: placeholders, querystring }: MappedRequest,
): { readonly path: string; readonly query: readonly (readonly [string, string])[] } {
  const [written = "", ...rest] = call.split(/[?&]/);
  const own = [...new URLSearchParams(rest.join("&"))];
  const mapped = [...querystring].flatMap(([name, values]) => values.map((value) => [name, value] as const));
  const query = [...own, ...mapped];
  if (kind === "action") return { path: written, query };
  const bucket = subdomain === undefined ? "" : `${subdomain}/`;
  return { path: `/${filledPath(`${bucket}${written.replace(/^\//, "")}`, placeholders)}`, query };
}
