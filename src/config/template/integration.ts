/**
 * What stands behind a route: a function of this template, or something that is not emulated. Routes of the second kind
 * are told when the stack starts and answer 501 by name, so that no other route takes their requests.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
 */
import type { ApiConfig, MockRoute } from "../api-config.js";
import type { FunctionTarget } from "../event-source.js";
import { isJsonObject, textOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { functionTargetOf } from "./build-context.js";
import type { BuildContext } from "./build-context.js";
import type { TemplateResource } from "./resource.js";
import { restPathOf } from "./rest-path.js";

export const methodName = (name: string): string => (/any/i.test(name) ? "ANY" : name.toUpperCase());

/** Where requests go to the function as they are: other integrations with a function need mapping templates. */
export function proxiedFunctionOf(
  type: Json | undefined,
  uri: Json | undefined,
  { stageVariables }: Pick<ApiConfig, "stageVariables">,
  context: BuildContext,
): FunctionTarget | undefined {
  const isProxy = type === undefined || (typeof type === "string" && type.toUpperCase() === "AWS_PROXY");
  if (!isProxy || typeof uri !== "string") return undefined;
  // Stages may choose the function, or its alias.
  const named = uri.replace(/\$\{stageVariables\.([^}]+)\}/g, (_, name: string) => stageVariables[name] ?? "");
  return functionTargetOf(named, context);
}

/** What the `Target` of a route names: `integrations/<id>`. */
export function v2IntegrationOf(target: string, scope: BuildContext["scope"]): TemplateResource | undefined {
  const id = target.replace(/^integrations\//, "");
  return [...scope.resources.values()].find(
    (other) =>
      other.type === "AWS::ApiGatewayV2::Integration" && scope.nameOf(other.logicalId, scope.usageOf(other)) === id,
  );
}

/** Documents of HTTP APIs may keep integrations among their components. */
export function documentIntegrationOf(document: JsonObject | undefined, operation: JsonObject): JsonObject | undefined {
  const integration = operation["x-amazon-apigateway-integration"];
  if (!isJsonObject(integration)) return undefined;
  const { $ref: reference } = integration;
  if (typeof reference !== "string") return integration;
  let found: Json | undefined = document;
  for (const step of reference.replace(/^#\//, "").split("/")) found = isJsonObject(found) ? found[step] : undefined;
  return isJsonObject(found) ? found : undefined;
}

interface Declared {
  readonly method: string;
  readonly path: string;
  readonly type: Json | undefined;
  readonly uri: Json | undefined;
  /** A service of AWS that an HTTP API calls itself. */
  readonly subtype?: Json | undefined;
}

export type ApiIdentity = Pick<ApiConfig, "id" | "logicalId" | "stageVariables">;

/** Routes of raw resources and of the document that nothing here can answer. */
export function absentRoutesOf(
  api: ApiIdentity,
  document: JsonObject | undefined,
  context: BuildContext,
): readonly MockRoute[] {
  const declared = [...ofMethods(api.id, context), ...ofRoutes(api.id, context), ...ofDocument(document)];
  return declared.flatMap((route) => {
    const what = faultOf(route, api, context);
    return what === undefined ? [] : [absentRoute(api, route, what, context)];
  });
}

/** Told once, and answered by name. */
export function absentRoute(
  { logicalId }: ApiIdentity,
  { method, path }: Pick<Declared, "method" | "path">,
  what: string,
  { scope }: BuildContext,
): MockRoute {
  const name = path === "$default" ? path : `${method} ${path}`;
  const message = `${logicalId}: ${name} ${what}; it answers 501.`;
  scope.problems.notice(message);
  return {
    method,
    path,
    statusCode: 501,
    headers: [],
    auth: { AuthorizationType: "NONE" },
    body: JSON.stringify({ message: `${name} of ${logicalId} ${what} by lambda-run.` }),
  };
}

function faultOf({ type, uri, subtype }: Declared, api: ApiIdentity, context: BuildContext): string | undefined {
  const name = typeof type === "string" ? type.toUpperCase() : "AWS_PROXY";
  if (name === "MOCK") return undefined;
  if (typeof subtype === "string") return `is an integration with a service (${subtype}), which is not emulated`;
  if (name !== "AWS_PROXY") return `is an integration of type ${name}, which is not emulated`;
  if (proxiedFunctionOf(type, uri, api, context) !== undefined) return undefined;
  return "names a function that is not in this template, and is not run";
}

function ofMethods(apiId: string, { scope, ...context }: BuildContext): readonly Declared[] {
  return [...scope.resources.values()].flatMap((resource) => {
    if (resource.type !== "AWS::ApiGateway::Method") return [];
    const { HttpMethod, Integration, ResourceId, RestApiId } = scope.propertiesOf(resource).value;
    if (RestApiId !== apiId || !isJsonObject(Integration)) return [];
    const path = restPathOf(textOf(ResourceId), { scope, ...context });
    return [{ method: methodName(textOf(HttpMethod)), path, type: Integration["Type"], uri: Integration["Uri"] }];
  });
}

function ofRoutes(apiId: string, { scope }: BuildContext): readonly Declared[] {
  return [...scope.resources.values()].flatMap((resource) => {
    if (resource.type !== "AWS::ApiGatewayV2::Route") return [];
    const { ApiId, RouteKey, Target } = scope.propertiesOf(resource).value;
    if (ApiId !== apiId) return [];
    const integration = v2IntegrationOf(textOf(Target), scope);
    if (integration === undefined) return [];
    const {
      IntegrationSubtype: subtype,
      IntegrationType: type,
      IntegrationUri: uri,
    } = scope.propertiesOf(integration).value;
    const [method = "", path = "$default"] = textOf(RouteKey).split(" ");
    return [{ method: path === "$default" ? "ANY" : methodName(method), path, type, uri, subtype }];
  });
}

function ofDocument(document: JsonObject | undefined): readonly Declared[] {
  return operationsOf(document).flatMap(({ method, path, operation }) => {
    const integration = documentIntegrationOf(document, operation);
    if (integration === undefined) return [];
    const { integrationSubtype: subtype, type, uri } = integration;
    return [{ method, path, type, uri, subtype }];
  });
}

const METHODS = new Set(["get", "put", "post", "delete", "options", "head", "patch", "any"]);

export interface DocumentOperation {
  readonly method: string;
  /** As written: `/$default` is the route for everything else. */
  readonly path: string;
  readonly operation: JsonObject;
  /** What all operations of this path share. */
  readonly item: JsonObject;
}

/** Operations of an OpenAPI document, whatever is behind them. */
export function operationsOf(document: JsonObject | undefined): readonly DocumentOperation[] {
  const paths = document?.["paths"];
  if (!isJsonObject(paths)) return [];
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(isJsonObject(item) ? item : {}).flatMap(([name, operation]) => {
      const known = METHODS.has(name.toLowerCase()) || name === "x-amazon-apigateway-any-method";
      return known && isJsonObject(operation) && isJsonObject(item)
        ? [{ method: methodName(name), path, operation, item }]
        : [];
    }),
  );
}
