/**
 * Integrations with mappings: what the request becomes, who is asked, and what the answer becomes. Loaded at the first request to one.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
 */
import type { MappedIntegration, RouteIntegration } from "../../../config/api-integration.js";
import { RegExpTimeout } from "../../../services/states/interpreter/data/bounded-regexp.js";
import type { Admitted } from "../admission.js";
import type { Crossing } from "../crossing.js";
import type { HttpAnswer } from "../message.js";
import { TemplateFault } from "../vtl/bounds.js";
import { callFunction } from "./function-call.js";
import { callService } from "./service-call.js";
import { callSubtype } from "./subtype-call.js";
import { mapRequest, sourcesOf, type MappedRequest } from "./request-mapping.js";
import { mapResponse } from "./response-mapping.js";
import type { IntegrationAnswer } from "./integration-answer.js";
import type { RefusalName } from "../refusals.js";
import { outgoing } from "../result-v1.js";
import { callUrl } from "./url-call.js";
import { proxyToUrl } from "./url-proxy.js";

export async function carryOut(
  integration: Exclude<RouteIntegration, { kind: "fixed" }>,
  crossing: Crossing,
  admitted: Admitted,
): Promise<HttpAnswer> {
  try {
    const answer = await answerOf(integration, crossing, admitted);
    return typeof answer === "string" ? refused(answer, crossing) : answer;
  } catch (error) {
    if (!(error instanceof TemplateFault) && !(error instanceof RegExpTimeout)) throw error;
    crossing.passage.integrationError = `Execution failed due to configuration error: ${error.message}`;
    return refused("misconfigured", crossing);
  }
}

/** What API Gateway says of its own configuration has a space in it. */
function refused(name: RefusalName, { refuse, target }: Crossing): HttpAnswer {
  const answer = refuse(name);
  return name === "misconfigured" && target.api.kind === "rest"
    ? { ...answer, body: Buffer.from('{"message": "Internal server error"}') }
    : answer;
}

async function answerOf(
  integration: Exclude<RouteIntegration, { kind: "fixed" }>,
  crossing: Crossing,
  admitted: Admitted,
): Promise<HttpAnswer | RefusalName> {
  if (integration.kind === "service") return callSubtype(integration, crossing, admitted);
  if (integration.kind === "url") return proxyToUrl(integration, crossing, admitted);
  const sources = sourcesOf(crossing, admitted);
  const request = await mapRequest(integration, crossing, sources);
  if (typeof request === "string") return request;
  const answer = await ask(integration, request, crossing);
  if (typeof answer === "string") return answer;
  if (integration.type === "HTTP_PROXY") {
    const { statusCode, headers, body } = answer;
    return { statusCode, headers: headers.flatMap(([name, value]) => outgoing(name, value) ?? []), body };
  }
  return mapResponse(integration, answer, crossing, sources);
}

function ask(
  integration: MappedIntegration,
  request: MappedRequest,
  crossing: Crossing,
): Promise<IntegrationAnswer | RefusalName> {
  switch (integration.type) {
    case "MOCK":
      return Promise.resolve(mocked(request, crossing));
    case "AWS":
      return integration.function === undefined
        ? callService(integration, request, crossing)
        : callFunction(request, crossing);
    case "HTTP":
    case "HTTP_PROXY":
      return callUrl(integration, request, crossing);
  }
}

/** The status that the request names chooses the response; there is no body. */
function mocked({ body }: MappedRequest, { passage }: Crossing): IntegrationAnswer | RefusalName {
  const status = /statusCode['"]?\s*:\s*['"]?(\d{3})\b/.exec(body.toString("utf8"))?.[1];
  if (status === undefined) {
    passage.integrationError = "Execution failed due to configuration error: Unable to parse statusCode";
    return "misconfigured";
  }
  return { subject: status, statusCode: Number(status), headers: [], body: Buffer.alloc(0) };
}
