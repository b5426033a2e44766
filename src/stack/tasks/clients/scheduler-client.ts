/** EventBridge Scheduler: a REST API whose members are in PascalCase, called without an SDK. */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { addressUrl, type ServiceAddress } from "../../backends/endpoints.js";
import { asText, isoText, type ServiceAnswer, type ServiceClient } from "../service-call.js";
import { encodeStrictly } from "../../../services/kit/canonical-request.js";
import { sendSigned } from "./signed-request.js";

interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Members in braces go into the path. */
  readonly path: string;
  /** Members that go into the query, with their names there. */
  readonly query: Readonly<Record<string, string>>;
}

const SCHEDULE = "/schedules/{Name}";
const GROUP = "/schedule-groups/{Name}";
const TAGS = "/tags/{ResourceArn}";
const PAGES = { NextToken: "NextToken", MaxResults: "MaxResults" };

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html */
const ROUTES: Readonly<Record<string, Route>> = {
  CreateSchedule: { method: "POST", path: SCHEDULE, query: {} },
  GetSchedule: { method: "GET", path: SCHEDULE, query: { GroupName: "groupName" } },
  UpdateSchedule: { method: "PUT", path: SCHEDULE, query: {} },
  DeleteSchedule: { method: "DELETE", path: SCHEDULE, query: { GroupName: "groupName", ClientToken: "clientToken" } },
  ListSchedules: {
    method: "GET",
    path: "/schedules",
    query: { GroupName: "ScheduleGroup", NamePrefix: "NamePrefix", State: "State", ...PAGES },
  },
  CreateScheduleGroup: { method: "POST", path: GROUP, query: {} },
  GetScheduleGroup: { method: "GET", path: GROUP, query: {} },
  DeleteScheduleGroup: { method: "DELETE", path: GROUP, query: { ClientToken: "clientToken" } },
  ListScheduleGroups: { method: "GET", path: "/schedule-groups", query: { NamePrefix: "NamePrefix", ...PAGES } },
  ListTagsForResource: { method: "GET", path: TAGS, query: {} },
  TagResource: { method: "POST", path: TAGS, query: {} },
  UntagResource: { method: "DELETE", path: TAGS, query: { TagKeys: "TagKeys" } },
};

const DATES: ReadonlySet<string> = new Set(["StartDate", "EndDate", "CreationDate", "LastModificationDate"]);
/** What the gateway and the protocol answer besides the errors of the API. */
const UNMODELED: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "SerializationException",
  "UnknownOperationException",
]);

export class SchedulerClient implements ServiceClient {
  readonly #address: () => ServiceAddress;

  constructor(address: () => ServiceAddress) {
    this.#address = address;
  }

  hasOperation(operation: string): boolean {
    return operation in ROUTES;
  }

  faults(): readonly string[] {
    return [];
  }

  async call(operation: string, parameters: JsonObject, signal: AbortSignal): Promise<ServiceAnswer> {
    const route = ROUTES[operation];
    if (route === undefined) throw new Error(`EventBridge Scheduler has no ${operation}`);
    const address = this.#address();
    const { method } = route;
    const { url, rest } = urlOf(route, parameters, addressUrl(address, "scheduler"));
    const body = method === "POST" || method === "PUT" ? JSON.stringify(rest) : "";
    const headers: Record<string, string> = body === "" ? {} : { "content-type": "application/json" };
    const request = { method, url, headers, body, service: "scheduler" };
    const { members, http } = await sendSigned(request, address, UNMODELED, signal);
    return { output: converted(members, (seconds) => isoText(new Date(Number(seconds) * 1000))), http };
  }
}

function urlOf({ path, query }: Route, parameters: JsonObject, base: string): { url: URL; rest: JsonObject } {
  const rest = new Map(Object.entries(parameters).filter(([, value]) => value !== null));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = asText(rest.get(name) ?? "");
    rest.delete(name);
    return encodeStrictly(value);
  });
  const url = new URL(filled, base);
  for (const [name, shown] of Object.entries(query)) {
    const value = rest.get(name);
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? (value as readonly Json[]) : [value])
      url.searchParams.append(shown, asText(item));
  }
  return { url, rest: converted(Object.fromEntries(rest), (text) => Date.parse(asText(text)) / 1000) };
}

function converted(members: JsonObject, change: (value: Json) => Json): JsonObject {
  const changed = (name: string, value: Json): Json => {
    if (DATES.has(name)) return change(value);
    // The input of a target is text, and takes any JSON.
    if (name === "Input") return asText(value);
    if (Array.isArray(value)) return (value as readonly Json[]).map((item) => changed("", item));
    return isJsonObject(value) ? converted(value, change) : value;
  };
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, changed(name, value)]));
}
