/**
 * Authorizers that an OpenAPI document declares among its security schemes, in the form of authorizer resources.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
 */
import { isJsonObject, objectOf } from "../../../config/json.js";
import type { Json, JsonObject } from "../../../config/json.js";

/** By the name of the scheme; those that are no authorizers (API keys, IAM) are left out. */
export function documentAuthorizers(document: JsonObject | undefined): Readonly<Record<string, JsonObject>> {
  const schemes = {
    ...objectOf(document?.["securityDefinitions"]),
    ...objectOf(objectOf(document?.["components"])["securitySchemes"]),
  };
  return Object.fromEntries(
    Object.entries(schemes).flatMap(([name, value]) => {
      const scheme = objectOf(value);
      const authorizer = scheme["x-amazon-apigateway-authorizer"];
      return isJsonObject(authorizer) ? [[name, resourceOf(scheme, authorizer)]] : [];
    }),
  );
}

function resourceOf(scheme: JsonObject, authorizer: JsonObject): JsonObject {
  const declared = authorizer["type"];
  const type = typeof declared === "string" ? declared.toUpperCase() : "";
  const jwt = objectOf(authorizer["jwtConfiguration"]);
  // A token is where the scheme says; `identitySource` is for the others.
  const token = type === "TOKEN" || type === "COGNITO_USER_POOLS" ? scheme["name"] : undefined;
  return defined({
    Type: type,
    AuthorizerUri: authorizer["authorizerUri"],
    AuthorizerPayloadFormatVersion: authorizer["authorizerPayloadFormatVersion"],
    AuthorizerResultTtlInSeconds: authorizer["authorizerResultTtlInSeconds"],
    EnableSimpleResponses: authorizer["enableSimpleResponses"],
    IdentitySource: typeof token === "string" ? `method.request.header.${token}` : authorizer["identitySource"],
    IdentityValidationExpression: authorizer["identityValidationExpression"],
    ProviderARNs: authorizer["providerARNs"],
    JwtConfiguration: defined({ Issuer: jwt["issuer"], Audience: jwt["audience"] }),
  });
}

function defined(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
