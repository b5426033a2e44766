/** Methods of raw REST APIs: AWS::ApiGateway::Method, each on a chain of AWS::ApiGateway::Resource. */
import { restMethod } from "./api-properties.js";
import { REST_TIMEOUT_MS } from "./api-timeouts.js";
import type { Builder } from "./build-context.js";
import { methodName, proxiedFunctionOf } from "./integration.js";
import { readProperties } from "./property.js";
import { validationOfMethod } from "./request-validation.js";
import { restPathOf } from "./rest-path.js";

/** AWS::ApiGateway::Method: the path is spread over a chain of AWS::ApiGateway::Resource. */
export const buildRestMethod: Builder = (resource, context) => {
  const properties = readProperties(resource, restMethod, context.scope);
  const { AuthorizationScopes, AuthorizationType, AuthorizerId, Integration } = properties;
  const api = context.draft.apis.find((candidate) => candidate.id === properties.RestApiId);
  const target = api && proxiedFunctionOf(Integration?.Type, Integration?.Uri, api, context);
  if (!api || target === undefined) return;
  context.draft.eventSources.push({
    kind: "restApi",
    ...target,
    eventId: resource.logicalId,
    apiId: api.logicalId,
    method: methodName(properties.HttpMethod),
    path: restPathOf(properties.ResourceId, context),
    timeoutMs: Integration?.TimeoutInMillis ?? REST_TIMEOUT_MS,
    auth:
      AuthorizationType === undefined || AuthorizationType === "NONE"
        ? undefined
        : { AuthorizationType, AuthorizerId: AuthorizerId ?? null, AuthorizationScopes: AuthorizationScopes ?? [] },
    apiKeyRequired: properties.ApiKeyRequired === true,
    validation: validationOfMethod(context.scope.propertiesOf(resource).value, context),
    streams: Integration?.ResponseTransferMode === "STREAM",
  });
};
