/**
 * Routes of REST APIs that API Gateway answers by itself: integrations of type MOCK with fixed texts, as CDK and many
 * documents declare them for preflight requests. Templates in VTL are not evaluated: such a route answers OPTIONS with its
 * fixed headers, and other methods with 501.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
 */
import type { MockRoute } from "../application.js";
import { isJsonObject } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import { documentAuthOf, methodAuthOf } from "./document-auth.js";
import {
  absentRoute,
  absentRoutesOf,
  documentIntegrationOf,
  methodName,
  operationsOf,
  type ApiIdentity,
} from "./integration.js";
import { restPathOf } from "./rest-path.js";

/** Of AWS::ApiGateway::Method resources and of the API's document, and those that are not emulated. */
export function mockRoutesOf(
  api: ApiIdentity,
  document: JsonObject | undefined,
  context: BuildContext,
): readonly MockRoute[] {
  const declared = [...fromMethods(api.id, context), ...fromDocument(document)];
  return [...declared.map((mock) => routeOf(mock, api, context)), ...absentRoutesOf(api, document, context)];
}

function fromMethods(apiId: string, context: BuildContext): readonly Declared[] {
  const { scope } = context;
  return [...scope.resources.values()].flatMap((resource) => {
    if (resource.type !== "AWS::ApiGateway::Method") return [];
    const method = scope.propertiesOf(resource).value;
    const { HttpMethod, Integration, ResourceId, RestApiId } = method;
    const integration = objectOf(Integration);
    if (RestApiId !== apiId || integration["Type"] !== "MOCK") return [];
    const answers = listOf(integration["IntegrationResponses"]).map(objectOf);
    const answer = answers.find(({ SelectionPattern: pattern }) => pattern === undefined || pattern === "");
    return [
      {
        method: methodName(textOf(HttpMethod)),
        path: restPathOf(textOf(ResourceId), context),
        status: answer?.["StatusCode"],
        parameters: objectOf(answer?.["ResponseParameters"]),
        templates: objectOf(answer?.["ResponseTemplates"]),
        auth: methodAuthOf(method),
      },
    ];
  });
}

function fromDocument(document: JsonObject | undefined): readonly Declared[] {
  return operationsOf(document).flatMap(({ method, path, operation }) => {
    const integration = documentIntegrationOf(document, operation) ?? {};
    if (textOf(integration["type"]).toLowerCase() !== "mock") return [];
    const answer = objectOf(objectOf(integration["responses"])["default"]);
    return [
      {
        method,
        path,
        status: answer["statusCode"],
        parameters: objectOf(answer["responseParameters"]),
        templates: objectOf(answer["responseTemplates"]),
        auth: documentAuthOf(document, operation),
      },
    ];
  });
}

interface Declared {
  readonly method: string;
  readonly path: string;
  readonly status: Json | undefined;
  readonly parameters: JsonObject;
  readonly templates: JsonObject;
  readonly auth: JsonObject | undefined;
}

function routeOf(mock: Declared, api: ApiIdentity, context: BuildContext): MockRoute {
  const { method, path, status, parameters, templates, auth } = mock;
  const template = templates["application/json"];
  const text = typeof template === "string" ? template : "";
  const isFixed = !/[#$]/.test(text);
  if (!isFixed && method !== "OPTIONS")
    return absentRoute(api, mock, "is a MOCK integration with a mapping template, which is not emulated", context);
  const headers = Object.entries(parameters).flatMap(([name, value]) => {
    const header = /^method\.response\.header\.(.+)$/.exec(name)?.[1];
    // Fixed texts stand in single quotes; everything else would come from an integration that is not there.
    const fixed = typeof value === "string" ? /^'(.*)'$/s.exec(value)?.[1] : undefined;
    return header === undefined || fixed === undefined ? [] : [[header, fixed] as const];
  });
  const statusCode = Number(status ?? 200);
  return { method, path, statusCode, headers, body: isFixed ? text : "", auth };
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
