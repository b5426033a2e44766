/**
 * Routes of REST APIs that API Gateway answers by itself: integrations of type MOCK with fixed texts, as CDK and many
 * documents declare them for preflight requests. Templates in VTL are not evaluated: such a route answers OPTIONS with its
 * fixed headers, and other methods with 501.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
 */
import type { MockRoute } from "../api-config.js";
import { listOf, objectOf, textOf } from "../json.js";
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
    const answers = listOf(integration["IntegrationResponses"]).map((value): Answer => {
      const { ResponseParameters, ResponseTemplates, SelectionPattern, StatusCode } = objectOf(value);
      return {
        pattern: textOf(SelectionPattern),
        status: StatusCode,
        parameters: objectOf(ResponseParameters),
        templates: objectOf(ResponseTemplates),
      };
    });
    return [
      {
        method: methodName(textOf(HttpMethod)),
        path: restPathOf(textOf(ResourceId), context),
        request: objectOf(integration["RequestTemplates"]),
        answers,
        auth: methodAuthOf(method),
      },
    ];
  });
}

function fromDocument(document: JsonObject | undefined): readonly Declared[] {
  return operationsOf(document).flatMap(({ method, path, operation }) => {
    const integration = documentIntegrationOf(document, operation) ?? {};
    if (textOf(integration["type"]).toLowerCase() !== "mock") return [];
    const answers = Object.entries(objectOf(integration["responses"])).map(([pattern, value]): Answer => {
      const { responseParameters, responseTemplates, statusCode } = objectOf(value);
      return {
        pattern: pattern === "default" ? "" : pattern,
        status: statusCode,
        parameters: objectOf(responseParameters),
        templates: objectOf(responseTemplates),
      };
    });
    const request = objectOf(integration["requestTemplates"]);
    return [{ method, path, request, answers, auth: documentAuthOf(document, operation) }];
  });
}

/** One of the integration's responses. */
interface Answer {
  /** Of the statuses that it is for; empty = all others. */
  readonly pattern: string;
  readonly status: Json | undefined;
  readonly parameters: JsonObject;
  readonly templates: JsonObject;
}

interface Declared {
  readonly method: string;
  readonly path: string;
  /** Request templates by media type: they name the status that chooses the answer. */
  readonly request: JsonObject;
  readonly answers: readonly Answer[];
  readonly auth: JsonObject | undefined;
}

/** "Unable to parse statusCode": what API Gateway makes of a MOCK whose request template names none, or names one that has no answer. */
const NO_STATUS = {
  statusCode: 500,
  headers: [["x-amzn-ErrorType", "InternalServerErrorException"]],
  body: '{"message": "Internal server error"}',
} as const;

/** Requests without a body have the type of JSON. */
function answerOf({ answers, request }: Declared): Answer | undefined {
  const status = /statusCode['"]?\s*:\s*['"]?(\d{3})\b/.exec(textOf(request["application/json"]))?.[1];
  if (status === undefined) return undefined;
  return (
    answers.find(({ pattern }) => pattern !== "" && matches(pattern, status)) ??
    answers.find(({ pattern }) => pattern === "")
  );
}

/** What is no pattern of JavaScript's (Java's have more) matches nothing. */
function matches(pattern: string, status: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(status);
  } catch {
    return false;
  }
}

function routeOf(mock: Declared, api: ApiIdentity, context: BuildContext): MockRoute {
  const { method, path, auth } = mock;
  const answer = answerOf(mock);
  if (answer === undefined) return { method, path, ...NO_STATUS, auth };
  const { parameters, status, templates } = answer;
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
