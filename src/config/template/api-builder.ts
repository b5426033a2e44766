/**
 * REST, HTTP and WebSocket APIs: SAM's and the raw resources, and the routes that raw resources and OpenAPI
 * documents declare. Routes of SAM events are built with the function.
 */
import { resolve as resolvePath } from "node:path";
import type { ApiConfig, ApiSettings } from "../api-config.js";
import type { EventSource, FunctionTarget, HttpApiSource, RequestValidation, RestApiSource } from "../event-source.js";
import { isJsonObject } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import {
  httpApi,
  restApi,
  restStage,
  samHttpApi,
  samRestApi,
  samWebSocketApi,
  v2Integration,
  v2Route,
  v2Stage,
} from "./api-properties.js";
import { apiSettingsOf } from "./api-settings.js";
import { HTTP_TIMEOUT_MS, REST_TIMEOUT_MS } from "./api-timeouts.js";
import { functionTargetOf } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { documentAuthOf } from "./document-auth.js";
import { corsOf, documentCorsOf } from "./cors.js";
import { quickRoutes } from "./http-api-integration.js";
import { integratedRoutesOf } from "./integrated-routes.js";
import { documentIntegrationOf, methodName, operationsOf, proxiedFunctionOf, v2IntegrationOf } from "./integration.js";
import { plainOf } from "./node.js";
import { parseTemplate } from "./parse.js";
import { readProperties } from "./property.js";
import { validationOfOperation } from "./request-validation.js";
import type { TemplateResource } from "./resource.js";
import { awsUrl } from "./resource-type.js";
import { resolve } from "./resolve.js";
import { addWebSocketRoute, checkSamRoutes, webSocketApi } from "./websocket-builder.js";

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
  const api = resource.type === "AWS::Serverless::Api" ? samRest(resource, context) : samHttp(resource, context);
  context.draft.apis.push(api);
  const { MergeDefinitions: merges } = context.scope.propertiesOf(resource).value;
  if (merges !== true) nameLostRoutes(api, context);
  addDocumentRoutes(api, context);
};

function samRest(resource: TemplateResource, context: BuildContext): ApiConfig {
  const properties = readProperties(resource, samRestApi, context.scope);
  const definition = properties.DefinitionBody ?? documentAt(properties.DefinitionUri, context);
  const base = baseOf(resource, context, properties.Name);
  return {
    kind: "rest",
    ...base,
    stages: [properties.StageName ?? "Prod"],
    stageVariables: properties.Variables,
    cors: corsOf(properties.Cors),
    auth: properties.Auth,
    definition,
    // SAM writes `/` in media types as `~1`, because they become JSON pointers.
    binaryMediaTypes: binaryTypesOf(
      properties.BinaryMediaTypes.map((type) => type.replaceAll("~1", "/")),
      definition,
    ),
    integrated: integratedRoutesOf("rest", { ...base, stageVariables: properties.Variables }, definition, context),
  };
}

function samHttp(resource: TemplateResource, context: BuildContext): ApiConfig {
  const properties = readProperties(resource, samHttpApi, context.scope);
  const definition = properties.DefinitionBody ?? documentAt(properties.DefinitionUri, context);
  const base = baseOf(resource, context, properties.Name);
  return {
    kind: "http",
    ...base,
    stages: [properties.StageName ?? "$default"],
    stageVariables: properties.StageVariables,
    cors: corsOf(properties.CorsConfiguration) ?? documentCorsOf(definition),
    auth: properties.Auth,
    definition,
    integrated: integratedRoutesOf("http", { ...base, stageVariables: properties.StageVariables }, definition, context),
  };
}

/** An OpenAPI document may name them, too. */
function binaryTypesOf(own: readonly string[], document: JsonObject | undefined): readonly string[] {
  const named = document?.["x-amazon-apigateway-binary-media-types"];
  const more = Array.isArray(named) ? (named as readonly Json[]).filter((type) => typeof type === "string") : [];
  return [...new Set([...own, ...more])];
}

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

/** REST APIs and HTTP APIs spell it differently. */
function stageOf(
  resource: TemplateResource,
  scope: BuildContext["scope"],
): { readonly StageName: string | undefined; readonly variables: Readonly<Record<string, string>> } {
  if (resource.type.startsWith("AWS::ApiGatewayV2::")) {
    const { StageName, StageVariables: variables } = readProperties(resource, v2Stage, scope);
    return { StageName, variables };
  }
  const { StageName, Variables: variables } = readProperties(resource, restStage, scope);
  return { StageName, variables };
}

/**
 * Routes of `paths` whose integration is a function of this template. SAM takes them as they are: an event of a function
 * adds nothing to an API that has a document (unless its definitions are merged).
 */
function addDocumentRoutes(api: ApiConfig, context: BuildContext): void {
  const { eventSources } = context.draft;
  for (const { method, path, operation, item } of operationsOf(api.definition)) {
    const integration = documentIntegrationOf(api.definition, operation);
    if (integration === undefined) continue;
    const declared = eventSources.findIndex(
      (source) => isRouteOf(api, source) && source.path === path && source.method === method,
    );
    const [event] = declared === -1 ? [] : eventSources.splice(declared, 1);
    const target = proxiedFunctionOf(integration["type"], integration["uri"], api, context);
    if (target === undefined) continue;
    const eventId = event?.functionId === target.functionId ? event.eventId : `${method.toLowerCase()} ${path}`;
    addRoute(
      api,
      {
        ...target,
        eventId,
        method,
        path,
        payloadFormatVersion: integration["payloadFormatVersion"] === "1.0" ? "1.0" : "2.0",
        timeoutMs: Number(integration["timeoutInMillis"] ?? 0),
        auth: documentAuthOf(api.definition, operation),
        streams: integration["responseTransferMode"] === "STREAM",
        validation: validationOfOperation(api.definition, { operation, item }),
      },
      context,
    );
  }
}

const isRouteOf = (api: ApiConfig, source: EventSource): source is HttpApiSource | RestApiSource =>
  (source.kind === "restApi" || source.kind === "httpApi") && source.apiId === api.logicalId;

/** What an event declares, and the document of its API does not, is no route on AWS. */
function nameLostRoutes(api: ApiConfig, { draft, scope }: BuildContext): void {
  const declared = operationsOf(api.definition);
  if (declared.length === 0) return;
  for (const source of draft.eventSources) {
    if (!isRouteOf(api, source)) continue;
    const path = source.path === "$default" ? "/$default" : source.path;
    if (!declared.some((operation) => operation.path === path && operation.method === source.method))
      scope.problems.notice(
        `${api.logicalId}: ${source.method} ${source.path} of ${source.functionId} is not in the API's document: it is a route here, and none on AWS.`,
      );
  }
}

interface Route extends FunctionTarget {
  readonly eventId: string;
  readonly method: string;
  readonly path: string;
  readonly payloadFormatVersion: "1.0" | "2.0";
  /** 0: as long as such an API waits by itself. */
  readonly timeoutMs: number;
  readonly auth: JsonObject | undefined;
  /** Of REST APIs only. */
  readonly streams?: boolean;
  readonly validation?: RequestValidation | undefined;
}

function addRoute(api: ApiConfig, route: Route, { draft }: BuildContext): void {
  const { payloadFormatVersion, streams = false, timeoutMs, validation, ...shared } = route;
  const apiId = api.logicalId;
  if (api.kind === "rest")
    draft.eventSources.push({
      kind: "restApi",
      ...shared,
      apiId,
      timeoutMs: timeoutMs || REST_TIMEOUT_MS,
      apiKeyRequired: false,
      streams,
      validation,
    });
  else
    draft.eventSources.push({
      kind: "httpApi",
      ...shared,
      apiId,
      payloadFormatVersion,
      timeoutMs: timeoutMs || HTTP_TIMEOUT_MS,
    });
}

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
    binaryMediaTypes: binaryTypesOf(binaryMediaTypes, definition),
    integrated: integratedRoutesOf("rest", { ...base, stageVariables }, definition, context),
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
    const { StageName, variables } = stageOf(resource, scope);
    if (StageName === undefined) continue;
    if (!stages.includes(StageName)) stages.push(StageName);
    stageVariables = { ...stageVariables, ...variables };
  }
  return { stages, stageVariables };
}

/** AWS::Serverless::WebSocketApi; its routes are resources of their own. */
export const buildSamWebSocketApi: Builder = (resource, context) => {
  const properties = readProperties(resource, samWebSocketApi, context.scope);
  const { ApiKeySelectionExpression: apiKey, Auth, Name, RouteSelectionExpression: route, Routes } = properties;
  checkSamRoutes({ resource, scope: context.scope, path: [] }, Routes, Auth);
  addWebSocketApi(baseOf(resource, context, Name ?? resource.logicalId), { route, apiKey }, context);
};

function addWebSocketApi(base: Base, expressions: Parameters<typeof webSocketApi>[1], context: BuildContext): void {
  const stages = stagesOf(base.id, "ApiId", context);
  const endpoint = awsUrl.webSocket(context.scope.realm, base.id);
  const shared = { ...base, endpoint, ...stages, cors: undefined, auth: undefined, definition: undefined };
  context.draft.apis.push(webSocketApi(shared, expressions, context));
}

export const buildV2Api: Builder = (resource, context) => {
  const {
    ApiKeySelectionExpression,
    Body: definition,
    CorsConfiguration,
    Name,
    ProtocolType,
    RouteKey,
    RouteSelectionExpression,
    Target,
  } = readProperties(resource, httpApi, context.scope);
  const base = baseOf(resource, context, Name);
  if (ProtocolType === "WEBSOCKET") {
    addWebSocketApi(base, { route: RouteSelectionExpression, apiKey: ApiKeySelectionExpression }, context);
    return;
  }
  const { stages, stageVariables } = stagesOf(base.id, "ApiId", context);
  // "Quick create": an API with a target has a default stage and a catch-all route.
  const all = Target === undefined ? stages : ["$default", ...stages];
  const cors = corsOf(CorsConfiguration) ?? documentCorsOf(definition);
  const declared = integratedRoutesOf("http", { ...base, stageVariables }, definition, context);
  const api: ApiConfig = {
    kind: "http",
    ...base,
    stages: all,
    stageVariables,
    cors,
    auth: undefined,
    definition,
    integrated: [...declared, ...quickRoutes(Target, RouteKey)],
  };
  context.draft.apis.push(api);
  addDocumentRoutes(api, context);
  const target = Target === undefined ? undefined : functionTargetOf(Target, context);
  if (target !== undefined)
    addRouteKey(
      api,
      {
        ...target,
        eventId: resource.logicalId,
        routeKey: RouteKey ?? "$default",
        payloadFormatVersion: "2.0",
        timeoutMs: 0,
        auth: undefined,
      },
      context,
    );
};

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
  } = readProperties(resource, v2Route, scope);
  const api = context.draft.apis.find((candidate) => candidate.id === ApiId);
  if (api?.kind === "websocket") {
    addWebSocketRoute(api, resource, context);
    return;
  }
  const integration = v2IntegrationOf(Target, scope);
  if (!api || !integration) return;
  const {
    IntegrationSubtype,
    IntegrationType,
    IntegrationUri,
    PayloadFormatVersion,
    TimeoutInMillis = 0,
  } = readProperties(integration, v2Integration, scope);
  const isProxy = IntegrationSubtype === undefined;
  const target = isProxy ? proxiedFunctionOf(IntegrationType, IntegrationUri, api, context) : undefined;
  if (target === undefined) return;
  addRouteKey(
    api,
    {
      ...target,
      eventId: resource.logicalId,
      routeKey: RouteKey,
      payloadFormatVersion: PayloadFormatVersion === "2.0" ? "2.0" : "1.0",
      timeoutMs: TimeoutInMillis,
      auth:
        AuthorizationType === undefined
          ? undefined
          : { AuthorizationType, AuthorizerId: AuthorizerId ?? null, AuthorizationScopes: AuthorizationScopes ?? [] },
    },
    context,
  );
};

/** `GET /items/{id}`, or `$default`. */
function addRouteKey(
  api: ApiConfig,
  { routeKey, ...route }: Omit<Route, "method" | "path"> & { readonly routeKey: string },
  context: BuildContext,
): void {
  const [method = "", path = ""] = routeKey === "$default" ? ["ANY", "$default"] : routeKey.split(" ");
  addRoute(api, { ...route, method: methodName(method), path }, context);
}
