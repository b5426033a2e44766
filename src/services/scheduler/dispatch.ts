/** From a request to its operation, by method and path as the API model writes them, and to the answer. */
import type { ServerResponse } from "node:http";
import type { Logger } from "../../shared/logger.js";
import { readBody } from "../kit/body.js";
import { parseJsonObject, type JsonObject } from "../kit/json-protocol.js";
import { answerRestJson, decodedPart, queryMembers, type QueryForm } from "../kit/rest-json.js";
import type { ServiceRequest } from "../service.js";
import type { Operation } from "./context.js";
import { schedulerError } from "./errors.js";

/** Of the path, after its first part; and what that part names. */
const RESOURCES: Readonly<
  Record<string, { readonly member: string; readonly operations: Readonly<Record<string, string>> }>
> = {
  schedules: {
    member: "Name",
    operations: { POST: "CreateSchedule", PUT: "UpdateSchedule", GET: "GetSchedule", DELETE: "DeleteSchedule" },
  },
  "schedule-groups": {
    member: "Name",
    operations: { POST: "CreateScheduleGroup", GET: "GetScheduleGroup", DELETE: "DeleteScheduleGroup" },
  },
  tags: {
    member: "ResourceArn",
    operations: { GET: "ListTagsForResource", POST: "TagResource", DELETE: "UntagResource" },
  },
};
const LISTS: Readonly<Record<string, string>> = {
  schedules: "ListSchedules",
  "schedule-groups": "ListScheduleGroups",
};

const QUERY: QueryForm = {
  names: new Map([
    ["clientToken", "ClientToken"],
    ["groupName", "GroupName"],
    ["ScheduleGroup", "GroupName"],
  ]),
  numbers: new Set(["MaxResults"]),
  lists: new Set(["TagKeys"]),
};

const MAX_BODY_BYTES = 1024 * 1024;

interface Match {
  readonly operation: string;
  readonly named: JsonObject;
}

function match(method: string, path: string): Match | undefined {
  const [, resource = "", name, ...rest] = path.split("/");
  if (rest.length > 0) return undefined;
  if (name === undefined || name === "") {
    const list = method === "GET" && Object.hasOwn(LISTS, resource) ? LISTS[resource] : undefined;
    return list === undefined ? undefined : { operation: list, named: {} };
  }
  const known = Object.hasOwn(RESOURCES, resource) ? RESOURCES[resource] : undefined;
  const operation = known?.operations[method];
  if (known === undefined || operation === undefined) return undefined;
  return { operation, named: { [known.member]: decodedPart(name) } };
}

export function answer(
  request: ServiceRequest,
  response: ServerResponse,
  operations: Readonly<Record<string, Operation>>,
  log: Logger,
): Promise<void> {
  return answerRestJson(request, response, { messageKey: "Message", log }, async () => {
    const found = match(request.method, request.path);
    const run = found === undefined ? undefined : operations[found.operation];
    if (found === undefined || run === undefined) throw schedulerError.notEmulated(`${request.method} ${request.path}`);
    const query = new URLSearchParams(request.query);
    const body = parseJsonObject(await readBody(request, MAX_BODY_BYTES));
    return run({ query, input: { ...body, ...queryMembers(query, QUERY), ...found.named } });
  });
}
