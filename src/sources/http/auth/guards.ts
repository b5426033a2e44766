/**
 * What stands before a route, read from SAM's `Auth`, from raw authorizer resources and from OpenAPI documents.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-controlling-access-to-apis.html
 */
import type { ApiConfig } from "../../../config/api-config.js";
import { isJsonObject } from "../../../config/json.js";
import type { Json, JsonObject } from "../../../config/json.js";
import { parseArn } from "../../../shared/arn.js";
import { documentAuthorizers } from "./document.js";

export interface LambdaAuthorizer {
  readonly kind: "lambda";
  readonly name: string;
  readonly functionArn: string;
  readonly type: "TOKEN" | "REQUEST";
  readonly payload: "rest" | "1.0" | "2.0";
  readonly simpleResponses: boolean;
  /** `method.request.header.X` in REST APIs, `$request.header.X` in HTTP APIs. */
  readonly identitySources: readonly string[];
  /** A token that does not match is refused unseen. */
  readonly validation: string | undefined;
  readonly ttlSeconds: number;
}

export interface JwtAuthorizer {
  readonly kind: "jwt";
  readonly name: string;
  readonly issuer: string;
  /** Empty = any. */
  readonly audiences: readonly string[];
  readonly identitySource: string;
}

export type Authorizer = LambdaAuthorizer | JwtAuthorizer;

export type Guard =
  | { readonly kind: "open" }
  | { readonly kind: "iam" }
  | { readonly kind: "authorizer"; readonly authorizer: Authorizer; readonly scopes: readonly string[] }
  /** Named, and nothing here knows how to ask it. */
  | { readonly kind: "unknown"; readonly name: string };

const REST_TTL_SECONDS = 300;

export type Authorizers = ReadonlyMap<string, Authorizer>;

export function authorizersOf(api: ApiConfig): Authorizers {
  const found = new Map<string, Authorizer>();
  // Authorizers of WebSocket APIs are those of REST APIs, asked each time.
  const kind = api.kind === "http" ? "http" : "rest";
  const declared = objectAt(api.auth, "Authorizers");
  for (const [name, value] of Object.entries(declared)) {
    const authorizer = isJsonObject(value) ? fromSam(name, value, kind) : undefined;
    if (authorizer !== undefined) found.set(name, authorizer);
  }
  const raw = { ...documentAuthorizers(api.definition), ...api.settings.authorizers };
  for (const [id, properties] of Object.entries(raw)) {
    const authorizer = fromResource(id, properties, kind);
    if (authorizer !== undefined) found.set(id, authorizer);
  }
  return found;
}

export function guardOf(
  route: JsonObject | undefined,
  api: JsonObject | undefined,
  authorizers: Authorizers,
  method: string,
): Guard {
  const raw = textAt(route, "AuthorizationType");
  if (raw === "NONE") return { kind: "open" };
  if (raw === "AWS_IAM") return { kind: "iam" };
  const named = raw === undefined ? textAt(route, "Authorizer") : textAt(route, "AuthorizerId");
  // SAM leaves preflight requests open unless told otherwise.
  const byDefault =
    method === "OPTIONS" && api?.["AddDefaultAuthorizerToCorsPreflight"] === false
      ? undefined
      : textAt(api, "DefaultAuthorizer");
  const name = named ?? byDefault;
  if (name === undefined || name === "NONE") return { kind: "open" };
  if (name === "AWS_IAM") return { kind: "iam" };
  const authorizer = authorizers.get(name);
  if (authorizer === undefined) return { kind: "unknown", name };
  const scopes =
    textsAt(route, "AuthorizationScopes") ??
    textsAt(objectAt(objectAt(api, "Authorizers"), name), "AuthorizationScopes") ??
    [];
  return { kind: "authorizer", authorizer, scopes };
}

function fromSam(name: string, declared: JsonObject, kind: "rest" | "http"): Authorizer | undefined {
  const jwt = objectAt(declared, "JwtConfiguration");
  const issuer = textAt(jwt, "issuer") ?? textAt(jwt, "Issuer");
  if (issuer !== undefined) {
    const audiences = textsAt(jwt, "audience") ?? textsAt(jwt, "Audience") ?? [];
    return {
      kind: "jwt",
      name,
      issuer,
      audiences,
      identitySource: textAt(declared, "IdentitySource") ?? "$request.header.Authorization",
    };
  }
  const [pool] = textsAt(declared, "UserPoolArn") ?? [];
  if (pool !== undefined) return fromUserPool(name, pool, textAt(objectAt(declared, "Identity"), "Header"));
  const functionArn = textAt(declared, "FunctionArn");
  if (functionArn === undefined) return undefined;
  const identity = objectAt(declared, "Identity");
  const every = Number(identity["ReauthorizeEvery"] ?? (kind === "rest" ? REST_TTL_SECONDS : 0));
  const isToken = kind === "rest" && (textAt(declared, "FunctionPayloadType") ?? "TOKEN") === "TOKEN";
  const version = textAt(declared, "AuthorizerPayloadFormatVersion") ?? "2.0";
  return {
    kind: "lambda",
    name,
    functionArn: functionArn.replace(/:(\$\{.*)?$/, ""),
    type: isToken ? "TOKEN" : "REQUEST",
    payload: kind === "rest" ? "rest" : version.startsWith("1") ? "1.0" : "2.0",
    simpleResponses: declared["EnableSimpleResponses"] === true,
    identitySources: isToken
      ? [`method.request.header.${textAt(identity, "Header") ?? "Authorization"}`]
      : identitySourcesOf(identity, kind),
    validation: textAt(identity, "ValidationExpression"),
    ttlSeconds: every,
  };
}

function identitySourcesOf(identity: JsonObject, kind: "rest" | "http"): readonly string[] {
  const start = kind === "rest" ? "method.request." : "$request.";
  const own = kind === "rest" ? "" : "$";
  return [
    ...(textsAt(identity, "Headers") ?? []).map((name) => `${start}header.${name}`),
    ...(textsAt(identity, "QueryStrings") ?? []).map((name) => `${start}querystring.${name}`),
    ...(textsAt(identity, "StageVariables") ?? []).map((name) => `${own}stageVariables.${name}`),
    ...(textsAt(identity, "Context") ?? []).map((name) => `${own}context.${name}`),
  ];
}

/** AWS::ApiGateway::Authorizer and AWS::ApiGatewayV2::Authorizer. */
function fromResource(id: string, properties: JsonObject, kind: "rest" | "http"): Authorizer | undefined {
  const type = textAt(properties, "AuthorizerType") ?? textAt(properties, "Type") ?? "";
  const name = textAt(properties, "Name") ?? id;
  const sources = textsAt(properties, "IdentitySource")?.flatMap((text) => text.split(/\s*,\s*/)) ?? [];
  if (type === "JWT") {
    const jwt = objectAt(properties, "JwtConfiguration");
    return {
      kind: "jwt",
      name,
      issuer: textAt(jwt, "Issuer") ?? "",
      audiences: textsAt(jwt, "Audience") ?? [],
      identitySource: sources[0] ?? "$request.header.Authorization",
    };
  }
  if (type === "COGNITO_USER_POOLS") {
    const [pool = ""] = textsAt(properties, "ProviderARNs") ?? [];
    return fromUserPool(name, pool, sources[0]?.replace("method.request.header.", ""));
  }
  const functionArn = /functions\/(arn:aws[^/]*)\/invocations/.exec(textAt(properties, "AuthorizerUri") ?? "")?.[1];
  if (functionArn === undefined) return undefined;
  const version = textAt(properties, "AuthorizerPayloadFormatVersion") ?? "1.0";
  const ttl = properties["AuthorizerResultTtlInSeconds"];
  return {
    kind: "lambda",
    name,
    functionArn,
    type: type === "TOKEN" ? "TOKEN" : "REQUEST",
    payload: kind === "rest" ? "rest" : version === "2.0" ? "2.0" : "1.0",
    simpleResponses: properties["EnableSimpleResponses"] === true,
    identitySources: sources,
    validation: textAt(properties, "IdentityValidationExpression"),
    ttlSeconds: ttl === undefined ? (kind === "rest" ? REST_TTL_SECONDS : 0) : Number(ttl),
  };
}

/** Tokens of a user pool are JWTs of its issuer. */
function fromUserPool(name: string, poolArn: string, header: string | undefined): JwtAuthorizer {
  const { region = "us-east-1", resource = "" } = parseArn(poolArn) ?? {};
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${resource.replace(/^userpool\//, "")}`;
  return { kind: "jwt", name, issuer, audiences: [], identitySource: `$request.header.${header ?? "Authorization"}` };
}

function objectAt(object: JsonObject | undefined, key: string): JsonObject {
  const value = object?.[key];
  return isJsonObject(value) ? value : {};
}

function textAt(object: JsonObject | undefined, key: string): string | undefined {
  const value = object?.[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function textsAt(object: JsonObject | undefined, key: string): readonly string[] | undefined {
  const value = object?.[key];
  if (typeof value === "string") return [value];
  return Array.isArray(value)
    ? (value as readonly Json[]).filter((item): item is string => typeof item === "string")
    : undefined;
}
