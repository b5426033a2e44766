/**
 * The event of REST APIs, and payload format 1.0 of HTTP APIs. Empty maps are `null`; shapes as recorded on AWS.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
import { hash } from "node:crypto";
import { headerOf, mediaTypeOf, parseQuery, type HeaderLine, type HttpRequest } from "./message.js";

export interface ApiIdentity {
  readonly accountId: string;
  readonly apiId: string;
  readonly domainName: string;
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** Who signed or which key was sent, where the route asks for it. */
export interface CallerIdentity {
  readonly accessKey?: string;
  readonly accountId?: string;
  readonly caller?: string;
  readonly userArn?: string;
  readonly user?: string;
  readonly apiKey?: string;
  readonly apiKeyId?: string;
}

export interface EventV1Input {
  readonly request: HttpRequest;
  readonly api: ApiIdentity;
  /** `/items/{id}`, or `$default` in format 1.0 of HTTP APIs. */
  readonly resource: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly binaryMediaTypes: readonly string[];
  readonly caller?: CallerIdentity | undefined;
  readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
  /** Set for HTTP APIs. */
  readonly http?: { readonly routeKey: string } | undefined;
}

/** HTTP APIs hand on a length even where the client sent none (recorded for GET by curl). */
export const NO_LENGTH = "0";

export type EventV1 = Readonly<Record<string, unknown>>;

/** The gateway keeps these to itself. */
const NOT_PASSED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "expect",
  "keep-alive",
  "te",
  "upgrade",
  "proxy-connection",
]);
/** Those that REST APIs drop besides. "Important notes for REST APIs", API Gateway developer guide. */
const NOT_PASSED_BY_REST: ReadonlySet<string> = new Set([
  "content-md5",
  "max-forwards",
  "proxy-authenticate",
  "server",
  "trailer",
  "www-authenticate",
]);
/** Arrive in this spelling whatever the client wrote (recorded). */
const RESPELLED: ReadonlyMap<string, string> = new Map([
  ["authorization", "Authorization"],
  ["user-agent", "User-Agent"],
  ["host", "Host"],
]);

export function eventV1(input: EventV1Input): EventV1 {
  const { request, api, resource, parameters, http } = input;
  const forwarded = forwardedHeaders(request, api);
  const headers = multiMap(
    http === undefined
      ? forwarded.filter(([name]) => !NOT_PASSED_BY_REST.has(name.toLowerCase()))
      : [lengthLine(request), ...forwarded],
  );
  const query = parseQuery(request.query);
  const { body, isBase64Encoded } = bodyOf(request, input);
  return {
    ...(http === undefined ? {} : { version: "1.0" }),
    resource,
    path: http === undefined ? request.path : stagePath(api.stage, request.path),
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: orNull(Object.fromEntries(headers)),
    queryStringParameters: lastOf(query),
    multiValueQueryStringParameters: orNull(Object.fromEntries(query)),
    pathParameters: orNull(parameters),
    stageVariables: orNull(api.stageVariables),
    requestContext: requestContextV1(input),
    body,
    isBase64Encoded,
  };
}

export function requestContextV1({
  request,
  api,
  resource,
  caller,
  authorizer,
  http,
}: EventV1Input): Readonly<Record<string, unknown>> {
  const extendedRequestId = extendedId(request.requestId);
  return {
    resourceId: http?.routeKey ?? idOf(`${api.apiId} ${resource}`, 6),
    resourcePath: resource,
    httpMethod: request.method,
    extendedRequestId,
    requestTime: clfTime(request.receivedAtMs),
    path: stagePath(api.stage, request.path),
    accountId: api.accountId,
    protocol: request.protocol,
    stage: api.stage,
    domainPrefix: api.domainName.split(".")[0] ?? "",
    requestTimeEpoch: request.receivedAtMs,
    requestId: http === undefined ? request.requestId : extendedRequestId,
    identity: {
      cognitoIdentityPoolId: null,
      accountId: caller?.accountId ?? null,
      ...(caller?.apiKey === undefined ? {} : { apiKey: caller.apiKey, apiKeyId: caller.apiKeyId }),
      cognitoIdentityId: null,
      caller: caller?.caller ?? null,
      sourceIp: request.sourceIp,
      principalOrgId: null,
      accessKey: caller?.accessKey ?? null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: caller?.userArn ?? null,
      userAgent: headerOf(request, "user-agent") ?? null,
      user: caller?.user ?? null,
    },
    domainName: api.domainName,
    deploymentId: idOf(`${api.apiId} deployment`, 6),
    apiId: api.apiId,
    ...(authorizer === undefined ? {} : { authorizer }),
  };
}

/** What the client sent, less what concerns one connection, and what the gateway adds. */
export function forwardedHeaders(request: HttpRequest, api: Pick<ApiIdentity, "domainName">): readonly HeaderLine[] {
  const sent = request.headers
    .filter(
      ([name]) =>
        !NOT_PASSED.has(name.toLowerCase()) && !/^(host|x-forwarded-(for|port|proto)|x-amzn-trace-id)$/i.test(name),
    )
    .map(([name, value]): HeaderLine => [RESPELLED.get(name.toLowerCase()) ?? name, value]);
  const forwarded = headerOf(request, "x-forwarded-for");
  return [
    ...sent,
    ["Host", headerOf(request, "host") ?? api.domainName],
    ["X-Amzn-Trace-Id", traceRoot(request)],
    ["X-Forwarded-For", forwarded === undefined ? request.sourceIp : `${forwarded}, ${request.sourceIp}`],
    ["X-Forwarded-Port", headerOf(request, "x-forwarded-port") ?? "443"],
    ["X-Forwarded-Proto", headerOf(request, "x-forwarded-proto") ?? "https"],
  ];
}

/** `Root=1-<time>-<96 bits>`; a client's own root is kept. */
export function traceRoot(request: HttpRequest): string {
  const sent = headerOf(request, "x-amzn-trace-id");
  if (sent !== undefined) return sent;
  const seconds = Math.floor(request.receivedAtMs / 1000).toString(16);
  return `Root=1-${seconds}-${hash("sha256", request.requestId).slice(0, 24)}`;
}

/** `09/Apr/2026:12:34:56 +0000` */
export function clfTime(epochMs: number): string {
  const [, day = "", month = "", year = "", time = ""] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(epochMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

/** Fifteen characters and `=`, as `x-amz-apigw-id` has them. */
export function extendedId(requestId: string): string {
  return `${hash("sha256", requestId, "base64").replace(/[+/]/g, "-").slice(0, 15)}=`;
}

/** Lower-case letters and digits that are the same for the same text. */
export function idOf(text: string, length: number): string {
  return BigInt(`0x${hash("sha256", text)}`)
    .toString(36)
    .slice(0, length);
}

export function stagePath(stage: string, path: string): string {
  return stage === "$default" ? path : `/${stage}${path}`;
}

/** Whether a media type is among those that the API treats as binary; patterns may hold `*`. */
export function isBinaryType(mediaType: string, binaryMediaTypes: readonly string[]): boolean {
  return binaryMediaTypes.some((pattern) => {
    const [type = "", subtype = ""] = pattern.toLowerCase().split("/");
    const [ownType = "", ownSubtype = ""] = mediaType.split("/");
    return (type === "*" || type === ownType) && (subtype === "*" || subtype === ownSubtype);
  });
}

/** Text-like types reach the function of an HTTP API or URL as text, everything else in base64 (forms too). */
export function isTextType(mediaType: string): boolean {
  return (
    mediaType === "" ||
    mediaType.startsWith("text/") ||
    /^application\/(json|xml|javascript|(.+\+)(json|xml))$/.test(mediaType)
  );
}

function bodyOf(
  { body, headers }: HttpRequest,
  { binaryMediaTypes, http }: EventV1Input,
): { readonly body: string | null; readonly isBase64Encoded: boolean } {
  if (body.length === 0) return { body: null, isBase64Encoded: false };
  const mediaType = mediaTypeOf(headerOf({ headers }, "content-type"));
  const binary = http === undefined ? isBinaryType(mediaType, binaryMediaTypes) : !isTextType(mediaType);
  return binary
    ? { body: body.toString("base64"), isBase64Encoded: true }
    : { body: body.toString("utf8"), isBase64Encoded: false };
}

const lengthLine = (request: HttpRequest): HeaderLine => [
  "Content-Length",
  headerOf(request, "content-length") ?? NO_LENGTH,
];

/** Values by name; the first spelling counts. */
export function multiMap(lines: readonly HeaderLine[]): ReadonlyMap<string, readonly string[]> {
  const spelling = new Map<string, string>();
  const values = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const key = spelling.get(name.toLowerCase()) ?? name;
    spelling.set(name.toLowerCase(), key);
    const list = values.get(key);
    if (list === undefined) values.set(key, [value]);
    else list.push(value);
  }
  return values;
}

export function lastOf(values: ReadonlyMap<string, readonly string[]>): Readonly<Record<string, string>> | null {
  return orNull(Object.fromEntries([...values].map(([name, list]) => [name, list.at(-1) ?? ""])));
}

export function orNull<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map;
}
