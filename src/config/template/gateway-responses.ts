/**
 * What a REST API says instead of its own error answers: SAM's `GatewayResponses`, AWS::ApiGateway::GatewayResponse, and
 * the extension of an OpenAPI document.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
 */
import type { GatewayResponse } from "../api-config.js";
import { objectOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";

const HEADER = /^gatewayresponse\.header\.(.+)$/;

/** By response type, such as `DEFAULT_4XX`; `resources` are the properties of the API's own GatewayResponse resources. */
export function gatewayResponsesOf(
  api: JsonObject,
  resources: readonly JsonObject[],
): Readonly<Record<string, GatewayResponse>> {
  const document = objectOf(api["DefinitionBody"] ?? api["Body"]);
  const written = objectOf(document["x-amazon-apigateway-gateway-responses"]);
  return Object.fromEntries([
    ...Object.entries(written).map(([type, value]) => {
      const { responseParameters, responseTemplates, statusCode } = objectOf(value);
      return [type, responseOf(statusCode, plainHeaders(responseParameters), responseTemplates)] as const;
    }),
    ...Object.entries(objectOf(api["GatewayResponses"])).map(([type, value]) => {
      const { ResponseParameters, ResponseTemplates, StatusCode } = objectOf(value);
      const headers = Object.entries(objectOf(objectOf(ResponseParameters)["Headers"]));
      return [type, responseOf(StatusCode, headers, ResponseTemplates)] as const;
    }),
    ...resources.map(({ ResponseParameters, ResponseTemplates, ResponseType, StatusCode }) => {
      const type = typeof ResponseType === "string" ? ResponseType : "";
      return [type, responseOf(StatusCode, plainHeaders(ResponseParameters), ResponseTemplates)] as const;
    }),
  ]);
}

const plainHeaders = (parameters: Json | undefined): readonly (readonly [string, Json])[] =>
  Object.entries(objectOf(parameters)).flatMap(([name, value]) => {
    const header = HEADER.exec(name)?.[1];
    return header === undefined ? [] : [[header, value] as const];
  });

function responseOf(
  status: Json | undefined,
  headers: readonly (readonly [string, Json])[],
  templates: Json | undefined,
): GatewayResponse {
  const template = objectOf(templates)["application/json"];
  return {
    statusCode: status === undefined || status === null ? undefined : Number(status),
    headers: headers.flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : [])),
    template: typeof template === "string" ? template : undefined,
  };
}
