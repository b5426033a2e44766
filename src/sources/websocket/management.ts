/**
 * The management API: `@connections` of a stage, or of all stages where no stage is named, since ids of connections are unique.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
 */
import { isSigned } from "../http/auth/iam.js";
import { decodePath, headerOf, jsonAnswer, type HttpAnswer, type HttpRequest } from "../http/message.js";
import { refusal } from "../http/refusals.js";
import { namedTarget } from "../http/target.js";
import type { Connection } from "./connection.js";
import type { Door } from "./door.js";
import { isForeign } from "./foreign.js";
import { MAX_MESSAGE_BYTES } from "./frame-watch.js";
import { CONNECTION_ID } from "./id.js";

/** Undefined where the request is for something else: nothing but an API and its stage stands before it. */
export function connectionIn(request: HttpRequest): string | undefined {
  // Most requests are for something else.
  if (!request.path.includes("/@connections/")) return undefined;
  const named = namedTarget(request);
  if (named?.kind === "lambda-url") return undefined;
  const id = /^(?:\/[^/]+)?\/@connections\/(.+)$/.exec((named?.request ?? request).path)?.[1];
  return id === undefined ? undefined : decodePath(id);
}

export function manage(
  door: Door,
  request: HttpRequest,
  connectionId: string,
  origins: ReadonlySet<string>,
): HttpAnswer {
  if (isForeign(request, origins))
    return jsonAnswer(403, { message: "Requests from the pages of other sites are refused." });
  if (!isSigned(request)) return refusal("rest", "no-route");
  const { caller, fault } = door.iam(request, request.path);
  if (caller === undefined) return refusal("rest", "forbidden", fault);
  if (!CONNECTION_ID.test(connectionId))
    return failure(400, "BadRequestException", `Invalid connectionId: ${connectionId}`);
  const connection = door.connections.get(connectionId);
  if (connection?.isReachable !== true || !isAddressed(connection, request)) return failure(410, "GoneException");
  switch (request.method) {
    case "POST":
      return post(connection, request.body);
    case "GET":
      return jsonAnswer(200, described(connection));
    case "DELETE":
      connection.close({ statusCode: 1000, reason: "Connection Closed Normally" });
      return { statusCode: 204, headers: [], body: Buffer.alloc(0) };
    default:
      return refusal("rest", "no-route");
  }
}

/** An address may name another API, or another stage. */
function isAddressed({ api, facts }: Connection, request: HttpRequest): boolean {
  const named = namedTarget(request);
  const id = named?.id.toLowerCase();
  if (id !== undefined && id !== facts.api.apiId && id !== api?.config.logicalId.toLowerCase()) return false;
  const { path } = named?.request ?? request;
  const stage = path.slice(0, path.indexOf("/@connections/"));
  return stage === "" || stage === `/${facts.api.stage}`;
}

function post(connection: Connection, data: Buffer): HttpAnswer {
  if (data.length > MAX_MESSAGE_BYTES)
    return failure(413, "PayloadTooLargeException", `The message is larger than ${MAX_MESSAGE_BYTES} bytes`);
  switch (connection.send(data)) {
    case "sent":
      return { statusCode: 200, headers: [], body: Buffer.alloc(0) };
    case "full":
      return failure(429, "LimitExceededException", "The client does not read what it is sent");
    case "gone":
      return failure(410, "GoneException");
  }
}

function described({ facts, lastActiveAtMs }: Connection): object {
  const { connectedAtMs, request } = facts;
  return {
    connectedAt: new Date(connectedAtMs).toISOString(),
    identity: { sourceIp: request.sourceIp, userAgent: headerOf(request, "user-agent") ?? null },
    lastActiveAt: new Date(lastActiveAtMs).toISOString(),
  };
}

/** A connection that is gone is told by its status and type alone: SDKs call it "UnknownError" on AWS, too. */
function failure(statusCode: number, type: string, message?: string): HttpAnswer {
  const line = [["x-amzn-ErrorType", type]] as const;
  return message === undefined
    ? { statusCode, headers: line, body: Buffer.alloc(0) }
    : jsonAnswer(statusCode, { message }, line);
}
