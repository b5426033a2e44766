/**
 * Where routes and their integrations are written, and the functions of this template behind them.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
 */
import type { ApiConfig } from "../api-config.js";
import type { FunctionTarget } from "../event-source.js";
import { isJsonObject } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import { functionTargetOf } from "./build-context.js";
import type { BuildContext } from "./build-context.js";
import { withStageVariables } from "./mapped-integration.js";
import type { TemplateResource } from "./resource.js";

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
  return functionTargetOf(withStageVariables(uri, stageVariables), context);
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

export type ApiIdentity = Pick<ApiConfig, "id" | "logicalId" | "stageVariables">;

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
