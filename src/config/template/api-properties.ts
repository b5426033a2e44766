/**
 * Properties of the API resources, SAM's and raw ones: all that AWS has, so that whoever starts a stack hears only of
 * those that really are left out (custom domains, canaries, mutual TLS).
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
 */
import * as z from "zod";
import { ignored, json, jsonObject, list, number, text, textMap } from "./property.js";

/** Read as they stand, by `api-settings.ts` and by what looks after models. */
const settings = ignored;

const samShape = {
  Name: text().optional(),
  StageName: text().optional(),
  Auth: jsonObject().optional(),
  DefinitionBody: jsonObject().optional(),
  DefinitionUri: json().optional(),
  ...ignored("Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "PropagateTags", "Tags"),
};
export const samRestApi = z.object({
  ...samShape,
  Cors: json().optional(),
  BinaryMediaTypes: list(text()).default([]),
  Variables: textMap().default({}),
  ...settings(
    "AccessLogSetting",
    "ApiKeySourceType",
    "GatewayResponses",
    "MinimumCompressionSize",
    "MethodSettings",
    "Models",
  ),
  ...ignored("AlwaysDeploy", "CacheClusterEnabled", "CacheClusterSize", "EndpointConfiguration", "IpAddressType"),
  ...ignored("MergeDefinitions", "Mode", "OpenApiVersion", "Policy", "SecurityPolicy", "TracingEnabled"),
});
export const samHttpApi = z.object({
  ...samShape,
  CorsConfiguration: json().optional(),
  StageVariables: textMap().default({}),
  ...settings("AccessLogSettings", "DefaultRouteSettings", "RouteSettings"),
});

export const samWebSocketApi = z.object({
  Name: text().optional(),
  RouteSelectionExpression: text(),
  ApiKeySelectionExpression: text().optional(),
  Routes: jsonObject(),
  Auth: jsonObject().optional(),
  // Made into resources of their own.
  ...settings("StageName", "StageVariables"),
  ...settings("AccessLogSettings", "DefaultRouteSettings", "RouteSettings"),
  ...ignored("Description", "DisableExecuteApiEndpoint", "DisableSchemaValidation", "FailOnWarnings", "IpAddressType"),
  ...ignored("PropagateTags", "Tags"),
});

export const restApi = z.object({
  Name: text().optional(),
  Body: jsonObject().optional(),
  BinaryMediaTypes: list(text()).default([]),
  ...settings("ApiKeySourceType", "MinimumCompressionSize"),
  ...ignored("BodyS3Location", "CloneFrom", "Description", "DisableExecuteApiEndpoint", "EndpointAccessMode"),
  ...ignored("EndpointConfiguration", "FailOnWarnings", "Mode", "Parameters", "Policy", "SecurityPolicy", "Tags"),
});
/** AWS::ApiGateway::Stage, and a deployment that names one. */
export const restStage = z.object({
  RestApiId: text().optional(),
  StageName: text().optional(),
  Variables: textMap().default({}),
  ...settings("AccessLogSetting", "MethodSettings"),
  ...ignored("CacheClusterEnabled", "CacheClusterSize", "ClientCertificateId", "DeploymentId", "Description"),
  ...ignored("DocumentationVersion", "StageDescription", "Tags", "TracingEnabled"),
});
export const restMethod = z.object({
  RestApiId: text(),
  ResourceId: text(),
  HttpMethod: text(),
  ApiKeyRequired: json().optional(),
  AuthorizationType: text().optional(),
  AuthorizerId: text().optional(),
  AuthorizationScopes: json().optional(),
  Integration: z
    .looseObject({
      Type: text().optional(),
      Uri: text().optional(),
      TimeoutInMillis: number().optional(),
      ResponseTransferMode: text().optional(),
    })
    .optional(),
  ...settings("RequestModels", "RequestParameters", "RequestValidatorId"),
  ...ignored("MethodResponses", "OperationName"),
});

export const httpApi = z.object({
  Name: text().optional(),
  ProtocolType: text().optional(),
  CorsConfiguration: json().optional(),
  Body: jsonObject().optional(),
  RouteKey: text().optional(),
  Target: text().optional(),
  RouteSelectionExpression: text().optional(),
  ApiKeySelectionExpression: text().optional(),
  ...ignored("BasePath", "BodyS3Location", "CredentialsArn", "Description"),
  ...ignored("DisableExecuteApiEndpoint", "DisableSchemaValidation", "FailOnWarnings", "IpAddressType", "Tags"),
  ...ignored("Version"),
});
export const v2Stage = z.object({
  ApiId: text().optional(),
  StageName: text().optional(),
  StageVariables: textMap().default({}),
  ...settings("AccessLogSettings", "DefaultRouteSettings", "RouteSettings"),
  ...ignored("AccessPolicyId", "AutoDeploy", "ClientCertificateId", "DeploymentId", "Description", "Tags"),
});
export const v2Route = z.object({
  ApiId: text(),
  RouteKey: text(),
  Target: text().optional(),
  AuthorizationType: text().optional(),
  AuthorizerId: text().optional(),
  AuthorizationScopes: json().optional(),
  RequestModels: json().optional(),
  RequestParameters: json().optional(),
  ...settings("ApiKeyRequired", "RouteResponseSelectionExpression"),
  ...ignored("ModelSelectionExpression", "OperationName"),
});
export const v2Integration = z.object({
  ApiId: text().optional(),
  IntegrationType: text().optional(),
  IntegrationSubtype: text().optional(),
  IntegrationUri: text().optional(),
  PayloadFormatVersion: text().optional(),
  TimeoutInMillis: number().optional(),
  ContentHandlingStrategy: text().optional(),
  ...ignored("ConnectionId", "ConnectionType", "CredentialsArn", "Description"),
  ...ignored("IntegrationMethod", "PassthroughBehavior", "RequestParameters", "RequestTemplates"),
  ...ignored("ResponseParameters", "TemplateSelectionExpression", "TlsConfig"),
});
