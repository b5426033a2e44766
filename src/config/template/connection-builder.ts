/**
 * Connections and API destinations of EventBridge. What stands in them is as the API takes it, which checks it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-connection.html
 */
import * as z from "zod";
import type { JsonObject } from "../json.js";
import { identify } from "./build-context.js";
import type { Builder } from "./build-context.js";
import { flag, integer, json, list, oneOf, readProperties, text } from "./property.js";

const parameters = list(z.object({ Key: text(), Value: text(), IsValueSecret: flag().optional() })).optional();
const httpParameters = z
  .object({ HeaderParameters: parameters, QueryStringParameters: parameters, BodyParameters: parameters })
  .optional();

const connectionProperties = z.object({
  Name: text().optional(),
  Description: text().optional(),
  AuthorizationType: oneOf(["BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"]),
  KmsKeyIdentifier: text().optional(),
  InvocationConnectivityParameters: json().optional(),
  AuthParameters: z.object({
    BasicAuthParameters: z.object({ Username: text(), Password: text() }).optional(),
    ApiKeyAuthParameters: z.object({ ApiKeyName: text(), ApiKeyValue: text() }).optional(),
    OAuthParameters: z
      .object({
        ClientParameters: z.object({ ClientID: text(), ClientSecret: text() }),
        AuthorizationEndpoint: text(),
        HttpMethod: oneOf(["GET", "POST", "PUT"]),
        OAuthHttpParameters: httpParameters,
      })
      .optional(),
    InvocationHttpParameters: httpParameters,
    ConnectivityParameters: json().optional(),
  }),
});

export const buildConnection: Builder = (resource, context) => {
  const { Name: _, ...input } = readProperties(resource, connectionProperties, context.scope);
  const secretArn = context.scope.attribute(resource.logicalId, "SecretArn", context.scope.usageOf(resource));
  context.draft.connections.push({ ...identify(resource, context), secretArn, input: input as JsonObject });
};

const destinationProperties = z.object({
  Name: text().optional(),
  Description: text().optional(),
  ConnectionArn: text(),
  InvocationEndpoint: text(),
  HttpMethod: oneOf(["POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]),
  InvocationRateLimitPerSecond: integer({ min: 1, max: 2 ** 31 - 1 }).optional(),
});

export const buildApiDestination: Builder = (resource, context) => {
  const { Name: _, ...input } = readProperties(resource, destinationProperties, context.scope);
  context.draft.apiDestinations.push({ ...identify(resource, context), input: input as JsonObject });
};
