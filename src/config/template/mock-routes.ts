/**
 * Routes of REST APIs that API Gateway answers by itself: integrations of type MOCK with fixed texts, as CDK and many
 * documents declare them for preflight requests. Templates in VTL are not evaluated: such a route is there for OPTIONS
 * only, with its fixed headers.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
 */
import type { MockRoute } from "../application.js";
import { isJsonObject } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import { restPathOf } from "./rest-path.js";

/** Of AWS::ApiGateway::Method resources and of the API's document. */
export function mockRoutesOf(
  apiId: string,
  document: JsonObject | undefined,
  context: BuildContext,
): readonly MockRoute[] {
  return [...fromMethods(apiId, context), ...fromDocument(document)];
}

function fromMethods(apiId: string, context: BuildContext): readonly MockRoute[] {
  const { scope } = context;
  return [...scope.resources.values()].flatMap((resource) => {
    if (resource.type !== "AWS::ApiGateway::Method") return [];
    const { HttpMethod, Integration, ResourceId, RestApiId } = scope.propertiesOf(resource).value;
    const integration = objectOf(Integration);
    if (RestApiId !== apiId || integration["Type"] !== "MOCK") return [];
    const answers = listOf(integration["IntegrationResponses"]).map(objectOf);
    const answer = answers.find(({ SelectionPattern: pattern }) => pattern === undefined || pattern === "");
    return routeOf(textOf(HttpMethod), restPathOf(textOf(ResourceId), context), {
      status: answer?.["StatusCode"],
      parameters: objectOf(answer?.["ResponseParameters"]),
      templates: objectOf(answer?.["ResponseTemplates"]),
    });
  });
}

function fromDocument(document: JsonObject | undefined): readonly MockRoute[] {
  return Object.entries(objectOf(document?.["paths"])).flatMap(([path, item]) =>
    Object.entries(objectOf(item)).flatMap(([method, operation]) => {
      const integration = objectOf(objectOf(operation)["x-amazon-apigateway-integration"]);
      if (textOf(integration["type"]).toLowerCase() !== "mock") return [];
      const answer = objectOf(objectOf(integration["responses"])["default"]);
      return routeOf(method, path, {
        status: answer["statusCode"],
        parameters: objectOf(answer["responseParameters"]),
        templates: objectOf(answer["responseTemplates"]),
      });
    }),
  );
}

interface Declared {
  readonly status: Json | undefined;
  readonly parameters: JsonObject;
  readonly templates: JsonObject;
}

function routeOf(written: string, path: string, { status, parameters, templates }: Declared): readonly MockRoute[] {
  const method = /any/i.test(written) ? "ANY" : written.toUpperCase();
  const template = templates["application/json"];
  const text = typeof template === "string" ? template : "";
  const isFixed = !/[#$]/.test(text);
  if (!isFixed && method !== "OPTIONS") return [];
  const headers = Object.entries(parameters).flatMap(([name, value]) => {
    const header = /^method\.response\.header\.(.+)$/.exec(name)?.[1];
    // Fixed texts stand in single quotes; everything else would come from an integration that is not there.
    const fixed = typeof value === "string" ? /^'(.*)'$/s.exec(value)?.[1] : undefined;
    return header === undefined || fixed === undefined ? [] : [[header, fixed] as const];
  });
  const statusCode = Number(status ?? 200);
  return [{ method, path, statusCode, headers, body: isFixed ? text : "" }];
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
