/**
 * WebSocket APIs of raw resources, and of SAM's, whose routes are made into raw ones (`websocket-resources.ts`). Routes with a
 * function behind them become event sources; those that the API answers by itself, or that nothing here runs, stay with the API.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
 */
import type { WebSocketApiConfig, WebSocketFixedRoute } from "../api-config.js";
import type { WebSocketRoute } from "../event-source.js";
import { listOf, objectOf, textOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { v2Integration, v2Route } from "./api-properties.js";
import type { BuildContext } from "./build-context.js";
import { methodAuthOf } from "./document-auth.js";
import { proxiedFunctionOf, v2IntegrationOf } from "./integration.js";
import { readProperties, refuse, type Place } from "./property.js";
import type { TemplateResource } from "./resource.js";
import { DEFAULT_STAGE } from "./websocket-resources.js";

/** "Integration timeout: 50 milliseconds - 29 seconds for all integration types". Quotas for WebSocket APIs. */
const TIMEOUT_MS = 29_000;
const DEFAULT_ROUTE_SELECTION = "$request.body.action";
const DEFAULT_KEY_SELECTION = "$request.header.x-api-key";

type Shared = Omit<
  WebSocketApiConfig,
  "kind" | "routeSelectionExpression" | "apiKeySelectionExpression" | "fixedRoutes"
>;

export function webSocketApi(
  shared: Shared,
  expressions: { readonly route: string | undefined; readonly apiKey: string | undefined },
  context: BuildContext,
): WebSocketApiConfig {
  const { scope } = context;
  const fixedRoutes = [...scope.resources.values()].flatMap((resource) => {
    if (resource.type !== "AWS::ApiGatewayV2::Route" || scope.propertiesOf(resource).value["ApiId"] !== shared.id)
      return [];
    const route = fixedRouteOf(shared, resource, context);
    return route === undefined ? [] : [route];
  });
  return {
    kind: "websocket",
    ...shared,
    stages: shared.stages.length === 0 ? [DEFAULT_STAGE] : shared.stages,
    routeSelectionExpression: expressions.route ?? DEFAULT_ROUTE_SELECTION,
    apiKeySelectionExpression: expressions.apiKey ?? DEFAULT_KEY_SELECTION,
    fixedRoutes,
  };
}

/** What SAM refuses. */
export function checkSamRoutes(place: Place, routes: JsonObject, auth: JsonObject | undefined): void {
  const keys = Object.keys(routes);
  if (keys.length === 0)
    throw refuse({ ...place, path: ["Routes"] }, "A WebSocket API has at least one route", undefined, "Add one.");
  const odd = keys.find((key) => !/^(?:\$connect|\$disconnect|\$default|[A-Za-z0-9]+)$/.test(key));
  if (odd !== undefined)
    throw refuse(
      { ...place, path: ["Routes", odd], atKey: true },
      `SAM takes no route key "${odd}"`,
      "it makes logical ids of the keys: letters and digits alone, $connect, $disconnect and $default",
      "Change the key, or declare the route as AWS::ApiGatewayV2::Route.",
    );
  if (auth === undefined) return;
  const at = { ...place, path: ["Auth"] };
  const type = textOf(auth["AuthType"]).toUpperCase();
  if (!["NONE", "AWS_IAM", "CUSTOM"].includes(type))
    throw refuse(at, "AuthType of a WebSocket API is NONE, AWS_IAM or CUSTOM", undefined, "Write one of these.");
  if (!keys.includes("$connect"))
    throw refuse(at, "Auth guards $connect, and there is no such route", undefined, "Add $connect to Routes.");
  if (type === "CUSTOM" && textOf(auth["AuthArn"]) === "")
    throw refuse(at, "AuthType CUSTOM needs AuthArn", undefined, "Name the authorizer's function: !GetAtt Fn.Arn.");
}

/** A route with a function behind it. */
export function addWebSocketRoute(api: WebSocketApiConfig, resource: TemplateResource, context: BuildContext): void {
  const { scope } = context;
  const { RequestModels, RequestParameters, Target = "" } = readProperties(resource, v2Route, scope);
  const route = routeOf(resource, context);
  const unchecked = [
    ...(RequestModels === undefined ? [] : ["RequestModels"]),
    ...(RequestParameters === undefined ? [] : ["RequestParameters"]),
  ];
  if (unchecked.length > 0)
    scope.problems.notice(
      `${api.logicalId}: ${unchecked.join(" and ")} of the route ${route.routeKey} are not evaluated; every message reaches its function.`,
    );
  const integration = v2IntegrationOf(Target, scope);
  if (integration === undefined) return;
  const {
    ContentHandlingStrategy,
    IntegrationType,
    IntegrationUri,
    TimeoutInMillis = 0,
  } = readProperties(integration, v2Integration, scope);
  const target = proxiedFunctionOf(IntegrationType, IntegrationUri, api, context);
  if (target === undefined) return;
  context.draft.eventSources.push({
    kind: "webSocket",
    ...target,
    eventId: resource.logicalId,
    apiId: api.logicalId,
    ...route,
    timeoutMs: TimeoutInMillis || TIMEOUT_MS,
    takesBinary: ContentHandlingStrategy === "CONVERT_TO_TEXT",
  });
}

function routeOf(resource: TemplateResource, { scope }: BuildContext): WebSocketRoute {
  const { value } = scope.propertiesOf(resource);
  const id = scope.nameOf(resource.logicalId, scope.usageOf(resource));
  const hasResponse = [...scope.resources.values()].some(
    (other) => other.type === "AWS::ApiGatewayV2::RouteResponse" && scope.propertiesOf(other).value["RouteId"] === id,
  );
  const auth = methodAuthOf(value);
  return {
    routeKey: textOf(value["RouteKey"]),
    answers: hasResponse || textOf(value["RouteResponseSelectionExpression"]) !== "",
    auth,
    apiKeyRequired: auth?.["ApiKeyRequired"] === true,
  };
}

/** Undefined where a function is behind it. */
function fixedRouteOf(
  api: Pick<WebSocketApiConfig, "logicalId" | "stageVariables">,
  resource: TemplateResource,
  context: BuildContext,
): WebSocketFixedRoute | undefined {
  const { scope } = context;
  const route = routeOf(resource, context);
  const integration = v2IntegrationOf(textOf(scope.propertiesOf(resource).value["Target"]), scope);
  const absent = (what: string): WebSocketFixedRoute => {
    const told = route.routeKey === "$connect" ? "connections get 501" : "whoever sends to it is told";
    scope.problems.notice(`${api.logicalId}: ${route.routeKey} ${what}; ${told}.`);
    return {
      ...route,
      statusCode: 501,
      body: "",
      absent: `${route.routeKey} of ${api.logicalId} ${what} by lambda-run.`,
    };
  };
  if (integration === undefined)
    // "Setting up an integration for $connect is optional": such a connection is let in.
    return route.routeKey === "$connect" || route.routeKey === "$disconnect"
      ? { ...route, statusCode: 200, body: "", absent: undefined }
      : absent("has no integration, and is not answered");
  const { value } = scope.propertiesOf(integration);
  const type = textOf(value["IntegrationType"]).toUpperCase() || "AWS_PROXY";
  if (type === "MOCK") {
    const mock = mockOf(value, integration, context);
    return mock === undefined
      ? absent("is a MOCK integration with a mapping template, which is not emulated")
      : { ...route, ...mock, absent: undefined };
  }
  if (type !== "AWS_PROXY") return absent(`is an integration of type ${type}, which is not emulated`);
  return proxiedFunctionOf(type, value["IntegrationUri"], api, context) === undefined
    ? absent("names a function that is not in this template, and is not run")
    : undefined;
}

/** The status that the request template names, and the fixed text of the response that it chooses. */
function mockOf(
  properties: JsonObject,
  integration: TemplateResource,
  { scope }: BuildContext,
): Pick<WebSocketFixedRoute, "statusCode" | "body"> | undefined {
  const id = scope.nameOf(integration.logicalId, scope.usageOf(integration));
  const request = firstText(properties["RequestTemplates"]);
  const status = /statusCode['"]?\s*:\s*['"]?(\d{3})\b/.exec(request)?.[1];
  // "Unable to parse statusCode": what a MOCK gives whose template names none.
  if (status === undefined) return { statusCode: 500, body: "" };
  const responses = [...scope.resources.values()].flatMap((resource) => {
    const { value } = scope.propertiesOf(resource);
    return resource.type === "AWS::ApiGatewayV2::IntegrationResponse" && value["IntegrationId"] === id ? [value] : [];
  });
  const chosen =
    responses.find((response) => fits(textOf(response["IntegrationResponseKey"]), status)) ??
    responses.find((response) => textOf(response["IntegrationResponseKey"]) === "$default");
  const body = firstText(chosen?.["ResponseTemplates"]);
  return /[#$]/.test(body) ? undefined : { statusCode: Number(status), body };
}

/** `/2\d\d/`. What is no pattern of JavaScript's (Java's have more) fits nothing. */
function fits(key: string, status: string): boolean {
  const pattern = /^\/(.*)\/$/s.exec(key)?.[1];
  if (pattern === undefined) return false;
  try {
    return new RegExp(`^(?:${pattern})$`).test(status);
  } catch {
    return false;
  }
}

function firstText(templates: Json | undefined): string {
  const [first] = Object.values(objectOf(templates));
  return textOf(first ?? listOf(templates)[0]);
}
