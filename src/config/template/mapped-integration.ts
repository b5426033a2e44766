/**
 * Integrations of REST APIs with mappings, in the two spellings that they have: AWS::ApiGateway::Method and
 * x-amazon-apigateway-integration.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
 */
import type { ContentHandling, IntegrationResponse, MappedIntegration } from "../api-integration.js";
import { jsonText, listOf, objectOf, textOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { REST_TIMEOUT_MS } from "./api-timeouts.js";
import { functionTargetOf, type BuildContext } from "./build-context.js";
import { embeddedServiceOf } from "../service-uri.js";

const TYPES: ReadonlySet<string> = new Set<MappedIntegration["type"]>(["MOCK", "AWS", "HTTP", "HTTP_PROXY"]);
const isMappedType = (type: string): type is MappedIntegration["type"] => TYPES.has(type);

/** What either spelling says. */
export interface Written {
  readonly type: string;
  readonly uri: string;
  readonly httpMethod: string;
  readonly requestParameters: JsonObject;
  readonly requestTemplates: JsonObject;
  readonly passthrough: string;
  readonly contentHandling: string;
  readonly connectionType: string;
  readonly timeout: Json | undefined;
  readonly responses: readonly IntegrationResponse[];
}

/** `Integration` of a method. */
export function writtenInMethod(integration: JsonObject): Written {
  return {
    type: textOf(integration["Type"]).toUpperCase(),
    uri: textOf(integration["Uri"]),
    httpMethod: textOf(integration["IntegrationHttpMethod"]).toUpperCase(),
    requestParameters: objectOf(integration["RequestParameters"]),
    requestTemplates: objectOf(integration["RequestTemplates"]),
    passthrough: textOf(integration["PassthroughBehavior"]).toUpperCase(),
    contentHandling: textOf(integration["ContentHandling"]),
    connectionType: textOf(integration["ConnectionType"]),
    timeout: integration["TimeoutInMillis"],
    responses: listOf(integration["IntegrationResponses"]).map((value) => {
      const { ContentHandling, ResponseParameters, ResponseTemplates, SelectionPattern, StatusCode } = objectOf(value);
      return responseOf(textOf(SelectionPattern), StatusCode, ResponseParameters, ResponseTemplates, ContentHandling);
    }),
  };
}

/** The extension of an operation. */
export function writtenInDocument(integration: JsonObject): Written {
  return {
    type: textOf(integration["type"]).toUpperCase(),
    uri: textOf(integration["uri"]),
    httpMethod: textOf(integration["httpMethod"]).toUpperCase(),
    requestParameters: objectOf(integration["requestParameters"]),
    requestTemplates: objectOf(integration["requestTemplates"]),
    passthrough: textOf(integration["passthroughBehavior"]).toUpperCase(),
    contentHandling: textOf(integration["contentHandling"]),
    connectionType: textOf(integration["connectionType"]),
    timeout: integration["timeoutInMillis"],
    responses: Object.entries(objectOf(integration["responses"])).map(([pattern, value]) => {
      const { contentHandling, responseParameters, responseTemplates, statusCode } = objectOf(value);
      const own = pattern === "default" ? "" : pattern;
      return responseOf(own, statusCode, responseParameters, responseTemplates, contentHandling);
    }),
  };
}

function responseOf(
  pattern: string,
  status: Json | undefined,
  parameters: Json | undefined,
  templates: Json | undefined,
  handling: Json | undefined,
): IntegrationResponse {
  return {
    pattern,
    statusCode: Number(status ?? 200),
    parameters: textsOf(parameters),
    templates: textsOf(templates),
    contentHandling: handlingOf(textOf(handling)),
  };
}

/** A template that a document writes as an object is meant as its JSON. */
export const textsOf = (value: Json | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(objectOf(value)).map(([name, text]) => [name, text === null ? "" : jsonText(text)]),
  );

const handlingOf = (text: string): ContentHandling | undefined =>
  text === "CONVERT_TO_BINARY" || text === "CONVERT_TO_TEXT" ? text : undefined;

/** A text where nothing here can do it. */
export function mappedIntegration(
  written: Written,
  stageVariables: Readonly<Record<string, string>>,
  context: BuildContext,
): MappedIntegration | string {
  const { type, connectionType, passthrough, timeout } = written;
  if (!isMappedType(type)) return `is an integration of type ${type}, which is not emulated`;
  if (connectionType === "VPC_LINK") return "goes through a VPC link, which is not emulated";
  const uri = withStageVariables(written.uri, stageVariables);
  const isFunction = type === "AWS" && /:lambda:path\/.+\/functions\//.test(uri);
  const target = isFunction ? functionTargetOf(uri, context) : undefined;
  if (isFunction && target === undefined) return "names a function that is not in this template, and is not run";
  if (type === "AWS" && !isFunction) {
    const service = embeddedServiceOf(uri);
    if ("absent" in service) return service.absent;
  }
  return {
    kind: "mapped",
    type,
    uri,
    httpMethod: written.httpMethod,
    function: target,
    requestParameters: textsOf(written.requestParameters),
    requestTemplates: textsOf(written.requestTemplates),
    passthrough: passthrough === "NEVER" || passthrough === "WHEN_NO_TEMPLATES" ? passthrough : "WHEN_NO_MATCH",
    contentHandling: handlingOf(written.contentHandling),
    timeoutMs: Number(timeout ?? 0) || REST_TIMEOUT_MS,
    responses: written.responses,
  };
}

/** Stages may choose the function, its alias, or the host. */
export const withStageVariables = (uri: string, variables: Readonly<Record<string, string>>): string =>
  uri.replace(/\$\{stageVariables\.([^}]+)\}/g, (_, name: string) => variables[name] ?? "");
