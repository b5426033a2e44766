/** Methods of raw REST APIs: AWS::ApiGateway::Method, each on a chain of AWS::ApiGateway::Resource. */
import * as z from "zod";
import { methodName, REST_TIMEOUT_MS } from "./api-builder.js";
import { functionIdOf } from "./build-context.js";
import type { Builder } from "./build-context.js";
import { json, number, readProperties, text } from "./property.js";
import { restPathOf } from "./rest-path.js";

const methodProperties = z.looseObject({
  RestApiId: text(),
  ResourceId: text(),
  HttpMethod: text(),
  ApiKeyRequired: json().optional(),
  AuthorizationType: text().optional(),
  AuthorizerId: text().optional(),
  Integration: z
    .looseObject({
      Uri: text().optional(),
      TimeoutInMillis: number().optional(),
      ResponseTransferMode: text().optional(),
    })
    .optional(),
});

/** AWS::ApiGateway::Method: the path is spread over a chain of AWS::ApiGateway::Resource. */
export const buildRestMethod: Builder = (resource, context) => {
  const properties = readProperties(resource, methodProperties, context.scope);
  const { AuthorizationType, AuthorizerId, Integration } = properties;
  const api = context.draft.apis.find((candidate) => candidate.id === properties.RestApiId);
  const functionId = Integration?.Uri === undefined ? undefined : functionIdOf(Integration.Uri, context);
  if (!api || functionId === undefined) return;
  context.draft.eventSources.push({
    kind: "restApi",
    functionId,
    eventId: resource.logicalId,
    apiId: api.logicalId,
    method: methodName(properties.HttpMethod),
    path: restPathOf(properties.ResourceId, context),
    timeoutMs: Integration?.TimeoutInMillis ?? REST_TIMEOUT_MS,
    auth:
      AuthorizationType === undefined || AuthorizationType === "NONE"
        ? undefined
        : { AuthorizationType, AuthorizerId: AuthorizerId ?? null },
    apiKeyRequired: properties.ApiKeyRequired === true,
    streams: Integration?.ResponseTransferMode === "STREAM",
  });
};
