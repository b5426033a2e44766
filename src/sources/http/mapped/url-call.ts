/**
 * Another server behind a REST API: HTTP with mappings, HTTP_PROXY with the request as it is.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
 */
import type { MappedIntegration } from "../../../config/api-integration.js";
import { callHttp } from "../../../services/kit/http-call.js";
import type { Crossing } from "../crossing.js";
import { forwardedHeaders, traceRoot } from "../event-v1.js";
import { headerOf, MAX_PAYLOAD_BYTES, type HeaderLine } from "../message.js";
import type { RefusalName } from "../refusals.js";
import { called, type IntegrationAnswer } from "./integration-answer.js";
import type { MappedRequest } from "./request-mapping.js";
import { filledPath, serverUrl } from "./uri.js";

export async function callUrl(
  integration: MappedIntegration,
  { body, headers, path, querystring }: MappedRequest,
  crossing: Crossing,
): Promise<IntegrationAnswer | RefusalName> {
  const { door, target } = crossing;
  const isProxy = integration.type === "HTTP_PROXY";
  const method =
    integration.httpMethod === "" || integration.httpMethod === "ANY" ? target.request.method : integration.httpMethod;
  return called(crossing, async () => {
    const url = serverUrl(door.outside.localUrl(filledPath(integration.uri, path)));
    for (const [name, values] of querystring) for (const value of values) url.searchParams.append(name, value);
    return callHttp({
      url,
      method,
      headers: [...(isProxy ? passedOn(crossing) : ownHeaders(crossing)), ...headers],
      body: body.length === 0 ? undefined : body,
      timeoutMs: integration.timeoutMs,
      maxBytes: MAX_PAYLOAD_BYTES,
    });
  });
}

/** All that the client sent; the host is the server's own. */
function passedOn({ event, target: { request } }: Crossing): readonly HeaderLine[] {
  return forwardedHeaders(request, event.api).filter(([name]) => name.toLowerCase() !== "host");
}

function ownHeaders({ target: { api, request } }: Crossing): readonly HeaderLine[] {
  return [
    ["X-Amzn-Trace-Id", traceRoot(request)],
    ["x-amzn-apigateway-api-id", api.id],
    ["Accept", headerOf(request, "accept") ?? "application/json"],
    ["User-Agent", `AmazonAPIGateway_${api.id}`],
    ...(request.body.length === 0
      ? []
      : [["Content-Type", headerOf(request, "content-type") ?? "application/json"] as const]),
  ];
}
