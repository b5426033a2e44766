/** From a request to its operation, by method and path as the API model writes them. */
import type { ServerResponse } from "node:http";
import type { Logger } from "../../shared/logger.js";
import { readBody } from "../kit/body.js";
import { parseJsonObject } from "../kit/json-protocol.js";
import { answerRestJson, decodedPart, queryMembers, type QueryForm } from "../kit/rest-json.js";
import type { ServiceRequest } from "../service.js";
import type { Operation } from "./context.js";
import { pipesError } from "./errors.js";

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
  /** What the path names. */
  readonly member?: string;
}

const ROUTES: readonly Route[] = [
  { method: "GET", path: /^\/v1\/pipes\/?$/, operation: "ListPipes" },
  { method: "POST", path: /^\/v1\/pipes\/([^/]+)$/, operation: "CreatePipe", member: "Name" },
  { method: "PUT", path: /^\/v1\/pipes\/([^/]+)$/, operation: "UpdatePipe", member: "Name" },
  { method: "GET", path: /^\/v1\/pipes\/([^/]+)$/, operation: "DescribePipe", member: "Name" },
  { method: "DELETE", path: /^\/v1\/pipes\/([^/]+)$/, operation: "DeletePipe", member: "Name" },
  { method: "POST", path: /^\/v1\/pipes\/([^/]+)\/start$/, operation: "StartPipe", member: "Name" },
  { method: "POST", path: /^\/v1\/pipes\/([^/]+)\/stop$/, operation: "StopPipe", member: "Name" },
  { method: "GET", path: /^\/tags\/(.+)$/, operation: "ListTagsForResource", member: "resourceArn" },
  { method: "POST", path: /^\/tags\/(.+)$/, operation: "TagResource", member: "resourceArn" },
  { method: "DELETE", path: /^\/tags\/(.+)$/, operation: "UntagResource", member: "resourceArn" },
];

const QUERY: QueryForm = { numbers: new Set(["Limit"]), lists: new Set(["tagKeys"]) };

const MAX_BODY_BYTES = 1024 * 1024;

export function answer(
  request: ServiceRequest,
  response: ServerResponse,
  operations: Readonly<Record<string, Operation>>,
  log: Logger,
): Promise<void> {
  return answerRestJson(request, response, { messageKey: "message", log }, async () => {
    const { method, path } = request;
    const route = ROUTES.find((one) => one.method === method && one.path.test(path));
    const run = route === undefined ? undefined : operations[route.operation];
    if (route === undefined || run === undefined) throw pipesError.notEmulated(`${method} ${path}`);
    const query = new URLSearchParams(request.query);
    const body = parseJsonObject(await readBody(request, MAX_BODY_BYTES));
    const named = route.path.exec(path)?.[1];
    const members = route.member === undefined || named === undefined ? {} : { [route.member]: decodedPart(named) };
    return run({ query, input: { ...body, ...queryMembers(query, QUERY), ...members } });
  });
}
