/**
 * Another server behind an HTTP API: the request as it is but for mapped parameters, and the same of the answer.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
 */
import type { UrlIntegration } from "../../../config/api-integration.js";
import { callHttp } from "../../../services/kit/http-call.js";
import type { Admitted } from "../admission.js";
import type { Crossing } from "../crossing.js";
import { forwardedHeaders } from "../event-v1.js";
import { MAX_PAYLOAD_BYTES, type HeaderLine, type HttpAnswer } from "../message.js";
import type { RefusalName } from "../refusals.js";
import { passedOn } from "../result-v2.js";
import { called, type IntegrationAnswer } from "./integration-answer.js";
import { sourcesOf, type Sources } from "./request-mapping.js";
import { selected } from "./selection.js";
import { filledPath, serverUrl } from "./uri.js";

export async function proxyToUrl(
  integration: UrlIntegration,
  crossing: Crossing,
  admitted: Admitted,
): Promise<HttpAnswer | RefusalName> {
  const { door, event } = crossing;
  const sources = sourcesOf(crossing, admitted);
  const { parameters, query, request } = sources;
  const change = changesIn(integration.parameters, sources);
  const { path } = change;
  const sent = forwardedHeaders(request, event.api).filter(([name]) => name.toLowerCase() !== "host");
  const headers = change.apply("header", lists(sent), "any case");
  const answer = await called(crossing, async () => {
    const url = serverUrl(door.outside.localUrl(filledPath(integration.uri, new Map(Object.entries(parameters.path)))));
    if (path !== undefined) url.pathname = path.startsWith("/") ? path : `/${path}`;
    for (const [name, values] of change.apply("querystring", query, "exact"))
      for (const value of values) url.searchParams.append(name, value);
    return callHttp({
      url,
      method: integration.httpMethod === "ANY" ? request.method : integration.httpMethod,
      headers: [...headers].map(([name, values]): HeaderLine => [name, values.join(",")]),
      body: request.body.length === 0 ? undefined : request.body,
      timeoutMs: integration.timeoutMs,
      maxBytes: MAX_PAYLOAD_BYTES,
    });
  });
  if (typeof answer === "string") return answer;
  return respelled(proxied(answer), integration.responseParameters, sources);
}

/** An HTTP API gives headers no other names, as REST APIs do. */
export function proxied({ statusCode, headers, body }: IntegrationAnswer): HttpAnswer {
  return { statusCode, headers: headers.flatMap(([name, value]) => passedOn(name, value) ?? []), body };
}

/** `append:header.x`, `overwrite:statuscode` ... for the status that came. */
export function respelled(
  answer: HttpAnswer,
  byStatus: UrlIntegration["responseParameters"],
  sources: Sources,
): HttpAnswer {
  const mappings = byStatus[String(answer.statusCode)];
  if (mappings === undefined) return answer;
  const change = changesIn(mappings, sources, answer);
  const headers = [...change.apply("header", lists(answer.headers), "any case")];
  return {
    statusCode: Number(change.status ?? answer.statusCode),
    headers: headers.flatMap(([name, values]) => values.map((value): HeaderLine => [name, value])),
    body: answer.body,
  };
}

type Lists = ReadonlyMap<string, readonly string[]>;

interface Changes {
  readonly path: string | undefined;
  readonly status: string | undefined;
  readonly apply: (place: "header" | "querystring", to: Lists, spelling: "exact" | "any case") => Lists;
}

function lists(lines: readonly HeaderLine[]): Lists {
  const found = new Map<string, string[]>();
  for (const [name, value] of lines) found.set(name, [...(found.get(name) ?? []), value]);
  return found;
}

/** What names nothing that is there changes nothing. */
function changesIn(mappings: Readonly<Record<string, string>>, sources: Sources, answer?: HttpAnswer): Changes {
  const all = Object.entries(mappings).map(([key, expression]) => {
    const [, verb = "", place = "", name = ""] = /^(append|overwrite|remove):(\w+)(?:\.(.+))?$/.exec(key) ?? [];
    return { verb, place, name, value: selected(expression, sources, answer) };
  });
  const single = (place: string): string | undefined =>
    all.find((change) => change.verb === "overwrite" && change.place === place)?.value;
  return {
    path: single("path"),
    status: single("statuscode"),
    apply: (place, to, spelling) => {
      const result = new Map(to);
      for (const { verb, name, value, place: at } of all) {
        if (at !== place || (verb !== "remove" && value === undefined)) continue;
        const same = (other: string): boolean =>
          other === name || (spelling === "any case" && other.toLowerCase() === name.toLowerCase());
        const key = [...result.keys()].find(same) ?? name;
        if (verb === "remove") result.delete(key);
        else result.set(key, verb === "append" ? [...(result.get(key) ?? []), value ?? ""] : [value ?? ""]);
      }
      return result;
    },
  };
}
