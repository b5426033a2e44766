/**
 * The events of a WebSocket API: its routes' and its authorizer's. Shapes as recorded on AWS (2022 to 2024).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
 */
import {
  clfTime,
  forwardedHeaders,
  lastOf,
  multiMap,
  orNull,
  type ApiIdentity,
  type CallerIdentity,
} from "../http/event-v1.js";
import { headerOf, parseQuery, type HeaderLine, type HttpRequest } from "../http/message.js";

/** What is known of a connection since its handshake. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly connectedAtMs: number;
  /** The handshake. */
  readonly request: HttpRequest;
  readonly api: ApiIdentity;
  readonly caller?: CallerIdentity | undefined;
  /** What the Lambda authorizer of $connect said. */
  readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
}

/** One run of a route. */
export interface Occasion {
  readonly eventType: "CONNECT" | "MESSAGE" | "DISCONNECT";
  readonly routeKey: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly messageId?: string;
  readonly disconnect?: Disconnection;
}

export interface Disconnection {
  readonly statusCode: number;
  readonly reason: string;
}

/** How a client leaves that says nothing. */
export const NO_STATUS: Disconnection = { statusCode: 1005, reason: "Client-side close frame status not set" };
/** How one leaves that is cut off. */
export const CUT_OFF: Disconnection = { statusCode: 1006, reason: "Connection Closed Abnormally" };

export function requestContext(facts: ConnectionFacts, occasion: Occasion): Readonly<Record<string, unknown>> {
  const { api, authorizer, caller, connectedAtMs, connectionId, request } = facts;
  const { atMs, disconnect, eventType, messageId, requestId, routeKey } = occasion;
  const userAgent = headerOf(request, "user-agent");
  return {
    routeKey,
    ...(disconnect === undefined ? {} : { disconnectStatusCode: disconnect.statusCode }),
    ...(authorizer === undefined ? {} : { authorizer }),
    ...(messageId === undefined ? {} : { messageId }),
    eventType,
    extendedRequestId: requestId,
    requestTime: clfTime(atMs),
    messageDirection: "IN",
    ...(disconnect === undefined ? {} : { disconnectReason: disconnect.reason }),
    stage: api.stage,
    connectedAt: connectedAtMs,
    requestTimeEpoch: atMs,
    identity: {
      sourceIp: request.sourceIp,
      ...(userAgent === undefined ? {} : { userAgent }),
      ...caller,
    },
    requestId,
    domainName: api.domainName,
    connectionId,
    apiId: api.apiId,
  };
}

export function connectEvent(facts: ConnectionFacts, occasion: Occasion): Readonly<Record<string, unknown>> {
  const { headers, multiValueHeaders } = headerMaps(forwardedHeaders(facts.request, facts.api));
  return {
    headers,
    multiValueHeaders,
    ...queryMaps(facts.request),
    ...stageVariables(facts),
    requestContext: requestContext(facts, occasion),
    isBase64Encoded: false,
  };
}

export function messageEvent(
  facts: ConnectionFacts,
  occasion: Occasion,
  message: { readonly body: string; readonly isBase64Encoded: boolean },
): Readonly<Record<string, unknown>> {
  return { requestContext: requestContext(facts, occasion), ...stageVariables(facts), ...message };
}

/** The headers are the gateway's own by then. */
export function disconnectEvent(facts: ConnectionFacts, occasion: Occasion): Readonly<Record<string, unknown>> {
  const { headers, multiValueHeaders } = headerMaps([
    ["Host", headerOf(facts.request, "host") ?? facts.api.domainName],
    ["x-api-key", ""],
    ["X-Forwarded-For", ""],
    ["x-restapi", ""],
  ]);
  return {
    headers,
    multiValueHeaders,
    ...stageVariables(facts),
    requestContext: requestContext(facts, occasion),
    isBase64Encoded: false,
  };
}

/**
 * What the authorizer of $connect is asked. It sees the handshake whole.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
 */
export function authorizerEvent(
  facts: ConnectionFacts,
  occasion: Occasion,
  methodArn: string,
): Readonly<Record<string, unknown>> {
  const handshake: readonly HeaderLine[] = [
    ["Connection", "upgrade"],
    ["content-length", "0"],
    ["Upgrade", "websocket"],
  ];
  const query = parseQuery(facts.request.query);
  return {
    type: "REQUEST",
    methodArn,
    ...headerMaps([...forwardedHeaders(facts.request, facts.api), ...handshake]),
    queryStringParameters: lastOf(query) ?? {},
    multiValueQueryStringParameters: Object.fromEntries(query),
    stageVariables: facts.api.stageVariables,
    requestContext: requestContext(facts, occasion),
  };
}

/** Whatever case they are written in, as recorded. */
const byName = ([first]: HeaderLine, [second]: HeaderLine): number => {
  const [a, b] = [first.toLowerCase(), second.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
};

function headerMaps(lines: readonly HeaderLine[]): { readonly headers: unknown; readonly multiValueHeaders: unknown } {
  const headers = multiMap([...lines].sort(byName));
  return { headers: lastOf(headers), multiValueHeaders: Object.fromEntries(headers) };
}

/** Left out where there is none. */
function queryMaps(request: HttpRequest): Readonly<Record<string, unknown>> {
  const query = parseQuery(request.query);
  if (query.size === 0) return {};
  return { queryStringParameters: lastOf(query), multiValueQueryStringParameters: Object.fromEntries(query) };
}

function stageVariables({ api }: ConnectionFacts): Readonly<Record<string, unknown>> {
  return orNull(api.stageVariables) === null ? {} : { stageVariables: api.stageVariables };
}
