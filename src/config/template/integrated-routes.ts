/**
 * Routes of raw resources and of an API's document behind which no function gets the request as it is. Those that nothing
 * here can answer are told when the stack starts and answer 501 by name, so that no other route takes their requests.
 */
import type { IntegratedRoute } from "../api-config.js";
import type { RouteIntegration } from "../api-integration.js";
import { isJsonObject, textOf } from "../json.js";
import type { JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import { documentAuthOf, methodAuthOf } from "./document-auth.js";
import { httpApiIntegration, writtenInHttpDocument, writtenInIntegration } from "./http-api-integration.js";
import {
  documentIntegrationOf,
  methodName,
  operationsOf,
  proxiedFunctionOf,
  v2IntegrationOf,
  type ApiIdentity,
} from "./integration.js";
import { mappedIntegration, writtenInDocument, writtenInMethod, type Written } from "./mapped-integration.js";
import { validationOfMethod, validationOfOperation } from "./request-validation.js";
import { restPathOf } from "./rest-path.js";

type Declared = Omit<IntegratedRoute, "integration"> & {
  /** Why it cannot be had; undefined where the function gets the request as it is. */
  readonly integration: RouteIntegration | string | undefined;
};

export function integratedRoutesOf(
  kind: "rest" | "http",
  api: ApiIdentity,
  document: JsonObject | undefined,
  context: BuildContext,
): readonly IntegratedRoute[] {
  const declared =
    kind === "rest"
      ? [...ofMethods(api, context), ...ofRestDocument(api, document, context)]
      : [...ofRoutes(api, context), ...ofHttpDocument(api, document, context)];
  return declared.flatMap(({ integration, ...route }) => {
    if (integration === undefined) return [];
    if (typeof integration === "string") return [absentRoute(api, route, integration, context)];
    return [{ ...route, integration }];
  });
}

/** Told once, and answered by name. */
function absentRoute(
  { logicalId }: ApiIdentity,
  { method, path }: Pick<IntegratedRoute, "method" | "path">,
  what: string,
  { scope }: BuildContext,
): IntegratedRoute {
  const name = path === "$default" ? path : `${method} ${path}`;
  scope.problems.notice(`${logicalId}: ${name} ${what}; it answers 501.`);
  const body = JSON.stringify({ message: `${name} of ${logicalId} ${what} by lambda-run.` });
  return {
    method,
    path,
    auth: { AuthorizationType: "NONE" },
    validation: undefined,
    integration: { kind: "fixed", statusCode: 501, headers: [], body },
  };
}

const ABSENT_FUNCTION = "names a function that is not in this template, and is not run";

function restIntegration(
  written: Written,
  api: ApiIdentity,
  context: BuildContext,
): RouteIntegration | string | undefined {
  if (written.type !== "" && written.type !== "AWS_PROXY")
    return mappedIntegration(written, api.stageVariables, context);
  return proxiedFunctionOf("AWS_PROXY", written.uri, api, context) === undefined ? ABSENT_FUNCTION : undefined;
}

function ofMethods(api: ApiIdentity, context: BuildContext): readonly Declared[] {
  const { scope } = context;
  return [...scope.resources.values()].flatMap((resource): Declared[] => {
    if (resource.type !== "AWS::ApiGateway::Method") return [];
    const method = scope.propertiesOf(resource).value;
    const { HttpMethod, Integration, ResourceId, RestApiId } = method;
    if (RestApiId !== api.id || !isJsonObject(Integration)) return [];
    return [
      {
        method: methodName(textOf(HttpMethod)),
        path: restPathOf(textOf(ResourceId), context),
        auth: methodAuthOf(method),
        validation: validationOfMethod(method, context),
        integration: restIntegration(writtenInMethod(Integration), api, context),
      },
    ];
  });
}

function ofRestDocument(
  api: ApiIdentity,
  document: JsonObject | undefined,
  context: BuildContext,
): readonly Declared[] {
  return operationsOf(document).flatMap(({ method, path, operation, item }): Declared[] => {
    const integration = documentIntegrationOf(document, operation);
    if (integration === undefined) return [];
    return [
      {
        method,
        path,
        auth: documentAuthOf(document, operation),
        validation: validationOfOperation(document, { operation, item }),
        integration: restIntegration(writtenInDocument(integration), api, context),
      },
    ];
  });
}

function ofRoutes(api: ApiIdentity, context: BuildContext): readonly Declared[] {
  const { scope } = context;
  return [...scope.resources.values()].flatMap((resource): Declared[] => {
    if (resource.type !== "AWS::ApiGatewayV2::Route") return [];
    const route = scope.propertiesOf(resource).value;
    const { ApiId, RouteKey, Target } = route;
    if (ApiId !== api.id) return [];
    const integration = v2IntegrationOf(textOf(Target), scope);
    if (integration === undefined) return [];
    const written = writtenInIntegration(scope.propertiesOf(integration).value);
    const [method = "", path = "$default"] = textOf(RouteKey).split(" ");
    return [
      {
        method: path === "$default" ? "ANY" : methodName(method),
        path,
        auth: route["AuthorizationType"] === undefined ? undefined : methodAuthOf(route),
        validation: undefined,
        integration: v2Integration(written, api, context),
      },
    ];
  });
}

function ofHttpDocument(
  api: ApiIdentity,
  document: JsonObject | undefined,
  context: BuildContext,
): readonly Declared[] {
  return operationsOf(document).flatMap(({ method, path, operation }): Declared[] => {
    const integration = documentIntegrationOf(document, operation);
    if (integration === undefined) return [];
    const written = writtenInHttpDocument(integration);
    const auth = documentAuthOf(document, operation);
    return [{ method, path, auth, validation: undefined, integration: v2Integration(written, api, context) }];
  });
}

function v2Integration(
  written: ReturnType<typeof writtenInIntegration>,
  api: ApiIdentity,
  context: BuildContext,
): RouteIntegration | string | undefined {
  const { subtype, type, uri } = written;
  if (subtype !== "" || (type !== "" && type !== "AWS_PROXY")) return httpApiIntegration(written, api.stageVariables);
  return proxiedFunctionOf("AWS_PROXY", uri, api, context) === undefined ? ABSENT_FUNCTION : undefined;
}
