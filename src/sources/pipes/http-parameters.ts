/** Calls of API Gateway: the path's `*` are filled in one after the other, headers and query may be paths into the event. */
import { parseArn } from "../../shared/arn.js";
import { partOf, textParameter, textsParameter } from "./parameters.js";
import type { Members, PipeEvent } from "./event.js";
import type { HttpCall } from "./services.js";

export function httpCall(arn: string, parameters: Members | undefined, view: PipeEvent, body: string): HttpCall {
  const http = partOf(parameters, "HttpParameters");
  const values = textsParameter(http["PathParameterValues"], view);
  const filled = arn.replaceAll("*", () => encodeURIComponent(values.shift() ?? ""));
  return {
    arn: filled,
    headers: texts(partOf(http, "HeaderParameters"), view),
    query: texts(partOf(http, "QueryStringParameters"), view),
    body,
  };
}

const texts = (given: Members, view: PipeEvent): Record<string, string> =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, textParameter(value, view) ?? ""]));

export interface ApiRoute {
  readonly apiId: string;
  readonly stage: string;
  readonly method: string;
  /** Without the first slash. */
  readonly path: string;
}

/** `API/STAGE/METHOD/PATH` of an ARN. */
export function apiRoute(arn: string): ApiRoute {
  const [apiId = "", stage = "", method = "", ...path] = parseArn(arn)?.resource.split("/") ?? [];
  return { apiId, stage, method, path: path.join("/") };
}
