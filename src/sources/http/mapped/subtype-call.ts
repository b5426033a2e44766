/**
 * Services that HTTP APIs call themselves. The answer of the service is the API's.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
 */
import type { ServiceIntegration } from "../../../config/api-integration.js";
import type { Admitted } from "../admission.js";
import type { Crossing } from "../crossing.js";
import type { ServiceCall } from "../door-context.js";
import type { HeaderLine, HttpAnswer } from "../message.js";
import type { RefusalName } from "../refusals.js";
import { called } from "./integration-answer.js";
import { sourcesOf } from "./request-mapping.js";
import { selected } from "./selection.js";
import { formOf, SUBTYPES } from "./subtypes.js";
import { proxied, respelled } from "./url-proxy.js";
import { wireOf } from "./wire.js";

export async function callSubtype(
  integration: ServiceIntegration,
  crossing: Crossing,
  admitted: Admitted,
): Promise<HttpAnswer | RefusalName> {
  const sources = sourcesOf(crossing, admitted);
  const values = new Map(
    Object.entries(integration.parameters).flatMap(([name, expression]) => {
      const value = selected(expression, sources);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const { subtype, timeoutMs } = integration;
  const { operation, service, members, required } = SUBTYPES[subtype];
  if (required.some((name) => !values.has(name))) return "bad-request";
  const wire = wireOf(service, operation);
  const isForm = wire?.query.length !== 0;
  const body = isForm ? formOf(wire?.query ?? [], values) : JSON.stringify(members(values));
  const headers: readonly HeaderLine[] = isForm
    ? [["content-type", "application/x-www-form-urlencoded"]]
    : (wire?.headers ?? []);
  const call: ServiceCall = {
    service,
    method: "POST",
    path: "/",
    query: [],
    headers,
    body: Buffer.from(body),
    timeoutMs,
  };
  const answer = await called(crossing, () => crossing.door.outside.callService(call));
  if (typeof answer === "string") return answer;
  return respelled(proxied(answer), integration.responseParameters, sources);
}
