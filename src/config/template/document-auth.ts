/**
 * What an OpenAPI document asks of those who call an operation, in the form that raw methods and routes have.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
 */
import { objectOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";

const API_KEY_HEADER = "x-api-key";

/** Undefined where the document says nothing: then the API's own rule holds. */
export function documentAuthOf(document: JsonObject | undefined, operation: JsonObject): JsonObject | undefined {
  if (objectOf(operation["x-amazon-apigateway-auth"])["type"] === "AWS_IAM") return { AuthorizationType: "AWS_IAM" };
  const security = operation["security"] ?? document?.["security"];
  if (!Array.isArray(security)) return undefined;
  const schemes = {
    ...objectOf(document?.["securityDefinitions"]),
    ...objectOf(objectOf(document?.["components"])["securitySchemes"]),
  };
  let auth: JsonObject = { AuthorizationType: "NONE" };
  for (const requirement of security as readonly Json[]) {
    for (const [name, scopes] of Object.entries(objectOf(requirement))) {
      const scheme = objectOf(schemes[name]);
      if (scheme["x-amazon-apigateway-authtype"] === "awsSigv4") auth = { ...auth, AuthorizationType: "AWS_IAM" };
      else if (isApiKey(scheme)) auth = { ...auth, ApiKeyRequired: true };
      else auth = { ...auth, AuthorizationType: "CUSTOM", AuthorizerId: name, AuthorizationScopes: scopes ?? [] };
    }
  }
  return auth;
}

/** The same of AWS::ApiGateway::Method. */
export function methodAuthOf(method: JsonObject): JsonObject | undefined {
  const { ApiKeyRequired, AuthorizationScopes, AuthorizationType, AuthorizerId } = method;
  const key = ApiKeyRequired === true || ApiKeyRequired === "true" ? { ApiKeyRequired: true } : {};
  return AuthorizationType === undefined || AuthorizationType === "NONE"
    ? { AuthorizationType: "NONE", ...key }
    : { AuthorizationType, AuthorizerId: AuthorizerId ?? null, AuthorizationScopes: AuthorizationScopes ?? [], ...key };
}

function isApiKey(scheme: JsonObject): boolean {
  const name = scheme["name"];
  const isAuthorizer = "x-amazon-apigateway-authorizer" in scheme || "x-amazon-apigateway-authtype" in scheme;
  return !isAuthorizer && typeof name === "string" && name.toLowerCase() === API_KEY_HEADER;
}
