/**
 * REST, HTTP and WebSocket APIs: SAM's and the raw resources, and the routes that raw resources and OpenAPI
 * documents declare. Routes of SAM events are built with the function.
 */
import { resolve as resolvePath } from "node:path";
import * as z from "zod";
import type { ApiConfig, ApiSettings } from "../application.js";
import { isJsonObject } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { apiSettingsOf } from "./api-settings.js";
import { functionIdOf } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { documentAuthOf } from "./document-auth.js";
import { corsOf } from "./cors.js";
import { mockRoutesOf } from "./mock-routes.js";
import { plainOf } from "./node.js";
import { parseTemplate } from "./parse.js";
import { json, jsonObject, list, number, readProperties, text, textMap, ignored } from "./property.js";
import type { TemplateResource } from "./resource.js";
import { awsUrl } from "./resource-types.js";
import { resolve } from "./resolve.js";

export const REST_TIMEOUT_MS = 29_000;
const HTTP_TIMEOUT_MS = 30_000;

const samApi = z.looseObject({
  Name: text().optional(),
  StageName: text().optional(),
  Cors: json().optional(),
  CorsConfiguration: json().optional(),
  Auth: jsonObject().optional(),
  BinaryMediaTypes: list(text()).default([]),
  Variables: textMap().default({}),
  StageVariables: textMap().default({}),
  DefinitionBody: jsonObject().optional(),
  DefinitionUri: json().optional(),
});

interface Base {
  readonly settings: ApiSettings;
  readonly logicalId: string;
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
}

function baseOf(resource: TemplateResource, context: BuildContext, name: string | undefined): Base {
  const { scope } = context;
  const { logicalId } = resource;
  const id = scope.nameOf(logicalId, scope.usageOf(resource));
  return {
    logicalId,
    id,
    name: name ?? `${scope.stackName}-${logicalId}`,
    endpoint: awsUrl.api(scope.realm, id),
    settings: apiSettingsOf(resource, id, context),
  };
}

/** AWS::Serverless::Api and AWS::Serverless::HttpApi. */
export const buildSamApi: Builder = (resource, context) => {
  const properties = readProperties(resource, samApi, context.scope);
  const isRest = resource.type === "AWS::Serverless::Api";
  const stage = properties.StageName ?? (isRest ? "Prod" : "$default");
  const definition = properties.DefinitionBody ?? documentAt(properties.DefinitionUri, context);
  const shared = {
    ...baseOf(resource, context, properties.Name),
    stages: [stage],
    stageVariables: isRest ? properties.Variables : properties.StageVariables,
    cors: corsOf(isRest ? properties.Cors : properties.CorsConfiguration),
    auth: properties.Auth,
    definition,
  };
  // SAM writes `/` in media types as `~1`, because they become JSON pointers.
  const binaryMediaTypes = properties.BinaryMediaTypes.map((type) => type.replaceAll("~1", "/"));
  const api: ApiConfig = isRest
    ? { kind: "rest", ...shared, binaryMediaTypes, mocks: mockRoutesOf(shared.id, definition, context) }
    : { kind: "http", ...shared };
  context.draft.apis.push(api);
  addDocumentRoutes(api, context);
};

/** An OpenAPI file beside the template. */
function documentAt(location: Json | undefined, context: BuildContext): JsonObject | undefined {
  if (typeof location !== "string" || location.startsWith("s3://")) return undefined;
  const file = resolvePath(context.baseFolder, location);
  const content = context.readText(file);
  const resolved =
    content === undefined ? undefined : resolve(parseTemplate(content, file), context.scope, ["DefinitionUri"]);
  const plain = resolved && plainOf(resolved);
  return isJsonObject(plain) ? plain : undefined;
}

const METHODS = new Set([
  "get",
  "put",
  "post",
  "delete",
  "options",
  "head",
  "patch",
  "any",
  "x-amazon-apigateway-any-method",
]);

/** Routes of `paths` whose integration is a function of this template. */
function addDocumentRoutes(api: ApiConfig, context: BuildContext): void {
  const paths = api.definition?.["paths"];
  if (!isJsonObject(paths)) return;
  for (const [path, item] of Object.entries(paths)) {
    for (const [name, operation] of Object.entries(isJsonObject(item) ? item : {})) {
      if (!METHODS.has(name.toLowerCase()) || !isJsonObject(operation)) continue;
      const integration = operation["x-amazon-apigateway-integration"];
      const uri = isJsonObject(integration) ? integration["uri"] : undefined;
      const functionId = typeof uri === "string" ? functionIdOf(uri, context) : undefined;
      if (functionId === undefined || !isJsonObject(integration)) continue;
      const declared = context.draft.eventSources.some(
        (source) =>
          (source.kind === "restApi" || source.kind === "httpApi") &&
          source.apiId === api.logicalId &&
          source.path === path &&
          source.method === methodName(name),
      );
      if (declared) continue;
      const version = integration["payloadFormatVersion"] === "1.0" ? "1.0" : "2.0";
      addRoute(
        api,
        functionId,
        `${name} ${path}`,
        methodName(name),
        path,
        version,
        Number(integration["timeoutInMillis"] ?? 0),
        context,
        documentAuthOf(api.definition, operation),
        integration["responseTransferMode"] === "STREAM",
      );
    }
  }
}

export const methodName = (name: string): string => (/any/i.test(name) ? "ANY" : name.toUpperCase());

function addRoute(
  api: ApiConfig,
  functionId: string,
  eventId: string,
  method: string,
  path: string,
  payloadFormatVersion: "1.0" | "2.0",
  timeoutMs: number,
  { draft }: BuildContext,
  auth?: JsonObject,
  streams = false,
): void {
  const route = { functionId, eventId, apiId: api.logicalId, method, path, auth };
  if (api.kind === "rest")
    draft.eventSources.push({
      kind: "restApi",
      ...route,
      timeoutMs: timeoutMs || REST_TIMEOUT_MS,
      apiKeyRequired: false,
      streams,
    });
  else
    draft.eventSources.push({
      kind: "httpApi",
      ...route,
      payloadFormatVersion,
      timeoutMs: timeoutMs || HTTP_TIMEOUT_MS,
    });
}

const restApi = z.looseObject({
  Name: text().optional(),
  Body: jsonObject().optional(),
  BinaryMediaTypes: list(text()).default([]),
});
const stageProperties = z.looseObject({
  RestApiId: text().optional(),
  StageName: text().optional(),
  Variables: textMap().default({}),
});

export const buildRestApi: Builder = (resource, context) => {
  const {
    BinaryMediaTypes: binaryMediaTypes,
    Body: definition,
    Name,
  } = readProperties(resource, restApi, context.scope);
  const base = baseOf(resource, context, Name);
  const { stages, stageVariables } = stagesOf(base.id, "RestApiId", context);
  const api: ApiConfig = {
    kind: "rest",
    ...base,
    stages,
    stageVariables,
    cors: undefined,
    auth: undefined,
    definition,
    binaryMediaTypes,
    mocks: mockRoutesOf(base.id, definition, context),
  };
  context.draft.apis.push(api);
  addDocumentRoutes(api, context);
};

/** Stages are resources of their own (or a property of the deployment). */
function stagesOf(
  apiId: string,
  property: "RestApiId" | "ApiId",
  { scope }: BuildContext,
): { stages: string[]; stageVariables: Record<string, string> } {
  const stages: string[] = [];
  let stageVariables: Record<string, string> = {};
  for (const resource of scope.resources.values()) {
    if (!/^AWS::ApiGateway(V2)?::(Stage|Deployment)$/.test(resource.type)) continue;
    const { value } = scope.propertiesOf(resource);
    if (value[property] !== apiId) continue;
    const { StageName, Variables } = readProperties(resource, stageProperties, scope);
    if (StageName === undefined) continue;
    if (!stages.includes(StageName)) stages.push(StageName);
    stageVariables = { ...stageVariables, ...Variables };
  }
  return { stages, stageVariables };
}

const v2Api = z.object({
  Name: text().optional(),
  ProtocolType: text().optional(),
  CorsConfiguration: json().optional(),
  Body: jsonObject().optional(),
  RouteKey: text().optional(),
  Target: text().optional(),
  RouteSelectionExpression: text().optional(),
  ...ignored(
    "ApiKeySelectionExpression",
    "BasePath",
    "BodyS3Location",
    "CredentialsArn",
    "Description",
    "DisableExecuteApiEndpoint",
  ),
  ...ignored("DisableSchemaValidation", "FailOnWarnings", "IpAddressType", "Tags", "Version"),
});

export const buildV2Api: Builder = (resource, context) => {
  const {
    Body: definition,
    CorsConfiguration,
    Name,
    ProtocolType,
    RouteKey,
    Target,
  } = readProperties(resource, v2Api, context.scope);
  const base = baseOf(resource, context, Name);
  const { stages, stageVariables } = stagesOf(base.id, "ApiId", context);
  const kind = ProtocolType === "WEBSOCKET" ? "websocket" : "http";
  const endpoint = kind === "websocket" ? awsUrl.webSocket(context.scope.realm, base.id) : base.endpoint;
  // "Quick create": an API with a target has a default stage and a catch-all route.
  const all = Target === undefined ? stages : ["$default", ...stages];
  const api: ApiConfig = {
    kind,
    ...base,
    endpoint,
    stages: all,
    stageVariables,
    cors: corsOf(CorsConfiguration),
    auth: undefined,
    definition,
  };
  context.draft.apis.push(api);
  addDocumentRoutes(api, context);
  const functionId = Target === undefined ? undefined : functionIdOf(Target, context);
  if (functionId !== undefined)
    addRouteKey(api, functionId, resource.logicalId, RouteKey ?? "$default", "2.0", 0, context);
};

const routeProperties = z.looseObject({
  ApiId: text(),
  RouteKey: text(),
  Target: text().optional(),
  AuthorizationType: text().optional(),
  AuthorizerId: text().optional(),
  AuthorizationScopes: json().optional(),
});
const integrationProperties = z.looseObject({
  IntegrationUri: text().optional(),
  PayloadFormatVersion: text().optional(),
  TimeoutInMillis: number().optional(),
});

/** AWS::ApiGatewayV2::Route: `Target` is `integrations/<id>`. */
export const buildV2Route: Builder = (resource, context) => {
  const { scope } = context;
  const {
    ApiId,
    AuthorizationScopes,
    AuthorizationType,
    AuthorizerId,
    RouteKey,
    Target = "",
  } = readProperties(resource, routeProperties, scope);
  const api = context.draft.apis.find((candidate) => candidate.id === ApiId);
  const integrationId = Target.replace(/^integrations\//, "");
  const integration = [...scope.resources.values()].find(
    (other) =>
      other.type === "AWS::ApiGatewayV2::Integration" &&
      scope.nameOf(other.logicalId, scope.usageOf(other)) === integrationId,
  );
  if (!api || !integration) return;
  const {
    IntegrationUri = "",
    PayloadFormatVersion,
    TimeoutInMillis = 0,
  } = readProperties(integration, integrationProperties, scope);
  const functionId = functionIdOf(IntegrationUri, context);
  if (functionId === undefined) return;
  addRouteKey(
    api,
    functionId,
    resource.logicalId,
    RouteKey,
    PayloadFormatVersion === "2.0" ? "2.0" : "1.0",
    TimeoutInMillis,
    context,
    AuthorizationType === undefined
      ? undefined
      : { AuthorizationType, AuthorizerId: AuthorizerId ?? null, AuthorizationScopes: AuthorizationScopes ?? [] },
  );
};

/** `GET /items/{id}`, `$default`, or the name of a WebSocket route. */
function addRouteKey(
  api: ApiConfig,
  functionId: string,
  eventId: string,
  routeKey: string,
  version: "1.0" | "2.0",
  timeoutMs: number,
  context: BuildContext,
  auth?: JsonObject,
): void {
  if (api.kind === "websocket") {
    context.draft.eventSources.push({ kind: "webSocket", functionId, eventId, apiId: api.logicalId, routeKey });
    return;
  }
  const [method = "", path = ""] = routeKey === "$default" ? ["ANY", "$default"] : routeKey.split(" ");
  addRoute(api, functionId, eventId, methodName(method), path, version, timeoutMs, context, auth);
}
