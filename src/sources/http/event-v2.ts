/**
 * Payload format 2.0: HTTP APIs, and function URLs with their small differences. What is not there is left out.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import {
  clfTime,
  extendedId,
  forwardedHeaders,
  isTextType,
  NO_LENGTH,
  stagePath,
  type ApiIdentity,
} from "./event-v1.js";
import { decodePath, headerOf, mediaTypeOf, parseQuery, type HttpRequest } from "./message.js";

export interface EventV2Input {
  readonly request: HttpRequest;
  readonly api: ApiIdentity;
  /** `GET /items/{id}` or `$default`. */
  readonly routeKey: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** `{lambda: ...}`, `{jwt: ...}` or `{iam: ...}`. */
  readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
  /** Function URLs keep the path as sent and carry some members of no value. */
  readonly functionUrl?: boolean;
}

export type EventV2 = Readonly<Record<string, unknown>>;

export function eventV2(input: EventV2Input): EventV2 {
  const { request, api, routeKey, parameters, functionUrl = false } = input;
  const { headers, cookies } = splitHeaders(request, api, functionUrl);
  const query = parseQuery(request.query);
  const path = functionUrl ? request.path : decodePath(stagePath(api.stage, request.path));
  const binary = !isTextType(mediaTypeOf(headerOf(request, "content-type")));
  return {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString: request.query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers,
    ...(query.size === 0
      ? {}
      : { queryStringParameters: Object.fromEntries([...query].map(([name, values]) => [name, values.join(",")])) }),
    requestContext: requestContextV2(input, path),
    ...(Object.keys(parameters).length === 0
      ? {}
      : {
          pathParameters: Object.fromEntries(
            Object.entries(parameters).map(([name, value]) => [name, decodePath(value)]),
          ),
        }),
    ...(Object.keys(api.stageVariables).length === 0 ? {} : { stageVariables: api.stageVariables }),
    ...(request.body.length === 0 ? {} : { body: request.body.toString(binary ? "base64" : "utf8") }),
    isBase64Encoded: request.body.length > 0 && binary,
  };
}

function requestContextV2(
  { request, api, routeKey, authorizer, functionUrl = false }: EventV2Input,
  path: string,
): Readonly<Record<string, unknown>> {
  return {
    // A URL without IAM shows no account.
    accountId: functionUrl && authorizer === undefined ? "anonymous" : api.accountId,
    apiId: api.apiId,
    ...(authorizer === undefined ? {} : { ...(functionUrl ? { authentication: null } : {}), authorizer }),
    domainName: api.domainName,
    domainPrefix: api.domainName.split(".")[0] ?? "",
    http: {
      method: request.method,
      path,
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: headerOf(request, "user-agent") ?? "",
    },
    requestId: functionUrl ? request.requestId : extendedId(request.requestId),
    routeKey,
    stage: api.stage,
    time: clfTime(request.receivedAtMs),
    timeEpoch: request.receivedAtMs,
  };
}

/** Names in lower case, values of one name joined; cookies go into a list of their own. */
export function splitHeaders(
  request: HttpRequest,
  api: Pick<ApiIdentity, "domainName">,
  functionUrl: boolean,
): { readonly headers: Readonly<Record<string, string>>; readonly cookies: readonly string[] } {
  // A map, since clients choose the names.
  const headers = new Map<string, string>();
  const cookies: string[] = [];
  const length = headerOf(request, "content-length") ?? (functionUrl ? undefined : NO_LENGTH);
  if (length !== undefined) headers.set("content-length", length);
  for (const [name, value] of forwardedHeaders(request, api)) {
    const key = name.toLowerCase();
    if (key === "cookie") cookies.push(...value.split(/;\s*/).filter((cookie) => cookie !== ""));
    else {
      const before = headers.get(key);
      headers.set(key, before === undefined ? value : `${before},${value}`);
    }
  }
  return { headers: Object.fromEntries([...headers].toSorted(([a], [b]) => (a < b ? -1 : 1))), cookies };
}
