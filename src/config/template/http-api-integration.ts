/**
 * Integrations of HTTP APIs other than with functions: services by subtype, and other servers, in both spellings.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations.html
 */
import type { IntegratedRoute } from "../api-config.js";
import { SERVICE_SUBTYPES, type ServiceIntegration, type UrlIntegration } from "../api-integration.js";
import { listOf, objectOf, textOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { HTTP_TIMEOUT_MS } from "./api-timeouts.js";
import { methodName } from "./integration.js";
import { textsOf, withStageVariables } from "./mapped-integration.js";

export interface WrittenV2 {
  readonly type: string;
  readonly subtype: string;
  readonly uri: string;
  readonly httpMethod: string;
  readonly connectionType: string;
  readonly requestParameters: Json | undefined;
  readonly responseParameters: UrlIntegration["responseParameters"];
  readonly timeout: Json | undefined;
}

/** AWS::ApiGatewayV2::Integration. */
export function writtenInIntegration(properties: JsonObject): WrittenV2 {
  return {
    type: textOf(properties["IntegrationType"]).toUpperCase(),
    subtype: textOf(properties["IntegrationSubtype"]),
    uri: textOf(properties["IntegrationUri"]),
    httpMethod: textOf(properties["IntegrationMethod"]).toUpperCase(),
    connectionType: textOf(properties["ConnectionType"]),
    requestParameters: properties["RequestParameters"],
    responseParameters: Object.fromEntries(
      Object.entries(objectOf(properties["ResponseParameters"])).map(([status, value]) => [status, pairsOf(value)]),
    ),
    timeout: properties["TimeoutInMillis"],
  };
}

/** CloudFormation has a list of sources and destinations. */
function pairsOf(value: Json | undefined): Readonly<Record<string, string>> {
  const listed = listOf(objectOf(value)["ResponseParameters"]).map(objectOf);
  return Object.fromEntries(listed.map(({ Destination, Source }) => [textOf(Destination), textOf(Source)]));
}

/** The extension of an operation. */
export function writtenInHttpDocument(integration: JsonObject): WrittenV2 {
  return {
    type: textOf(integration["type"]).toUpperCase(),
    subtype: textOf(integration["integrationSubtype"]),
    uri: textOf(integration["uri"]),
    httpMethod: textOf(integration["httpMethod"]).toUpperCase(),
    connectionType: textOf(integration["connectionType"]),
    requestParameters: integration["requestParameters"],
    responseParameters: Object.fromEntries(
      Object.entries(objectOf(integration["responseParameters"])).map(([status, value]) => [status, textsOf(value)]),
    ),
    timeout: integration["timeoutInMillis"],
  };
}

/** "Quick create" of an API with a URL: one route to it. */
export function quickRoutes(target: string | undefined, routeKey = "$default"): readonly IntegratedRoute[] {
  if (target === undefined || !/^https?:/.test(target)) return [];
  const [method = "", path] = routeKey.split(" ");
  const integration: UrlIntegration = {
    kind: "url",
    uri: target,
    httpMethod: "ANY",
    parameters: {},
    responseParameters: {},
    timeoutMs: HTTP_TIMEOUT_MS,
  };
  const place = path === undefined ? { method: "ANY", path: "$default" } : { method: methodName(method), path };
  return [{ ...place, auth: undefined, validation: undefined, integration }];
}

/** A text where nothing here can do it. */
export function httpApiIntegration(
  written: WrittenV2,
  stageVariables: Readonly<Record<string, string>>,
): ServiceIntegration | UrlIntegration | string {
  const { connectionType, responseParameters, subtype, type } = written;
  const timeoutMs = Number(written.timeout ?? 0) || HTTP_TIMEOUT_MS;
  const parameters = textsOf(written.requestParameters);
  if (subtype !== "") {
    const known = SERVICE_SUBTYPES.find((name) => name === subtype);
    return known === undefined
      ? `is an integration with a service (${subtype}), which is not emulated`
      : { kind: "service", subtype: known, parameters, responseParameters, timeoutMs };
  }
  if (type !== "HTTP_PROXY") return `is an integration of type ${type}, which is not emulated`;
  if (connectionType === "VPC_LINK") return "goes through a VPC link, which is not emulated";
  return {
    kind: "url",
    uri: withStageVariables(written.uri, stageVariables),
    httpMethod: written.httpMethod === "" ? "ANY" : written.httpMethod,
    parameters,
    responseParameters,
    timeoutMs,
  };
}
