/**
 * What a request to a REST API becomes for its integration: parameters by name, body by template.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html
 */
import type { MappedIntegration } from "../../../config/api-integration.js";
import type { Json } from "../../../config/json.js";
import { logContext, valueAt } from "../access-log.js";
import type { Admitted } from "../admission.js";
import type { Crossing } from "../crossing.js";
import { forwardedHeaders, multiMap } from "../event-v1.js";
import { flatAuthorizer } from "../integration.js";
import { decodePath, headerOf, mediaTypeOf, parseQuery, type HeaderLine, type HttpRequest } from "../message.js";
import { evaluate } from "../vtl/evaluate.js";
import { bodyValue } from "./body-value.js";
import { requestPayload } from "./payload.js";
import { templateVariables, type Overrides, type Parameters } from "./template-variables.js";

export interface MappedRequest {
  /** By the placeholders in the URI. */
  readonly path: ReadonlyMap<string, string>;
  readonly querystring: ReadonlyMap<string, readonly string[]>;
  /** In the order of mapping; names as mapped. */
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

/** What mappings and templates can read. */
export interface Sources {
  readonly request: HttpRequest;
  readonly parameters: Parameters;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly headerLists: ReadonlyMap<string, readonly string[]>;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** `$context`, read when it is asked for: it grows on the way. */
  readonly context: () => Json;
}

/** What an access log knows when all is over. */
const NOT_YET: ReadonlySet<string> = new Set(["status", "responseLength", "dataProcessed", "responseLatency"]);

const lasts = (lists: ReadonlyMap<string, readonly string[]>): Readonly<Record<string, string>> =>
  Object.fromEntries([...lists].map(([name, list]) => [name, list.at(-1) ?? ""]));

export function sourcesOf(crossing: Crossing, { authorizer, request }: Admitted): Sources {
  const { event, parameters, passage, routeKey, target } = crossing;
  const query = parseQuery(request.query);
  const headerLists = multiMap(forwardedHeaders(request, event.api));
  const path = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, decodePath(value)]));
  return {
    request,
    parameters: { path, querystring: lasts(query), header: lasts(headerLists) },
    query,
    headerLists,
    stageVariables: target.api.stageVariables,
    context: () => {
      const known = logContext({ target, event, routeKey, passage, statusCode: 0, bodyBytes: 0 });
      const asked = Object.entries(known).filter(([name]) => !NOT_YET.has(name));
      // Without what is not known.
      const text = JSON.stringify(Object.fromEntries([...asked, ["authorizer", flatAuthorizer(authorizer)]]));
      return JSON.parse(text) as Json;
    },
  };
}

/** A refusal where no template fits and none may be left out. */
export async function mapRequest(
  integration: MappedIntegration,
  { target: { api } }: Crossing,
  sources: Sources,
): Promise<MappedRequest | "unsupported-type"> {
  const { request, context, parameters, query, stageVariables } = sources;
  const isProxy = integration.type === "HTTP_PROXY";
  const payload = isProxy ? request.body : requestPayload(request, integration.contentHandling, api.binaryMediaTypes);
  const mapped = mappedParameters(integration.requestParameters, sources);
  const template = isProxy ? undefined : templateFor(request, integration);
  if (template === "none") return "unsupported-type";
  let body = payload;
  let overrides: Overrides = { status: undefined, values: new Map() };
  if (template !== undefined) {
    const input = { body: payload.toString("utf8"), parameters, stageVariables, context: context() };
    const { variables, overrides: read } = templateVariables(input, "requestOverride");
    body = Buffer.from(await evaluate(template, variables));
    overrides = read();
  }
  const place = (name: string): ReadonlyMap<string, string> => overrides.values.get(name) ?? new Map<string, string>();
  return {
    path: new Map([...mapped.path, ...place("path")]),
    querystring: new Map([
      ...(isProxy ? query : []),
      ...mapped.querystring,
      ...[...place("querystring")].map(([name, value]) => [name, [value]] as const),
    ]),
    headers: [...mapped.headers, ...place("header")],
    body,
  };
}

/** "none" where the request is refused; undefined where its body goes through as it is. */
function templateFor(request: HttpRequest, integration: MappedIntegration): string | undefined {
  const { passthrough, requestTemplates } = integration;
  // "If no content type is specified, application/json".
  const type = mediaTypeOf(headerOf(request, "content-type") ?? "application/json");
  const found = Object.entries(requestTemplates).find(([name]) => mediaTypeOf(name) === type);
  if (found !== undefined) return found[1];
  const isRefused =
    passthrough === "NEVER" || (passthrough === "WHEN_NO_TEMPLATES" && Object.keys(requestTemplates).length > 0);
  return isRefused ? "none" : undefined;
}

function mappedParameters(
  mappings: Readonly<Record<string, string>>,
  sources: Sources,
): {
  readonly path: ReadonlyMap<string, string>;
  readonly querystring: ReadonlyMap<string, readonly string[]>;
  readonly headers: readonly HeaderLine[];
} {
  const path = new Map<string, string>();
  const querystring = new Map<string, readonly string[]>();
  const headers: HeaderLine[] = [];
  for (const [to, from] of Object.entries(mappings)) {
    const [, place, name = ""] = /^integration\.request\.(path|querystring|header)\.(.+)$/.exec(to) ?? [];
    const values = valuesOf(from, sources);
    if (place === undefined || values === undefined) continue;
    if (place === "querystring") querystring.set(name, values);
    else if (place === "path") path.set(name, values.at(-1) ?? "");
    else headers.push(...values.map((value): HeaderLine => [name, value]));
  }
  return { path, querystring, headers };
}

/** Undefined for what the request does not have. */
function valuesOf(expression: string, sources: Sources): readonly string[] | undefined {
  const fixed = /^'(.*)'$/s.exec(expression)?.[1];
  if (fixed !== undefined) return [fixed];
  const general = generalValue(expression, sources);
  if (general !== undefined) return [general];
  const body = /^method\.request\.body(?:\.(.+))?$/s.exec(expression);
  if (body !== null) {
    const value = bodyValue(sources.request.body.toString("utf8"), body[1]);
    return value === undefined ? undefined : [value];
  }
  const [, place, name = ""] =
    /^method\.request\.(path|querystring|header|multivaluequerystring|multivalueheader)\.(.+)$/.exec(expression) ?? [];
  switch (place) {
    case "path":
      return listed(sources.parameters.path[name]);
    case "querystring":
      return listed(sources.parameters.querystring[name]);
    case "multivaluequerystring":
      return sources.query.get(name);
    case "header":
      return listed(headerList(name, sources)?.at(-1));
    case "multivalueheader":
      return headerList(name, sources);
    default:
      return undefined;
  }
}

const listed = (value: string | undefined): readonly string[] | undefined =>
  value === undefined ? undefined : [value];

const headerList = (name: string, { headerLists }: Sources): readonly string[] | undefined =>
  [...headerLists].find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];

/** `stageVariables.x` and `context.x`, which requests and answers have alike. */
export function generalValue(expression: string, { context, stageVariables }: Sources): string | undefined {
  const [, kind, name = ""] = /^(stageVariables|context)\.(.+)$/.exec(expression) ?? [];
  if (kind === "stageVariables") return stageVariables[name];
  return kind === "context" ? valueAt(context() as Readonly<Record<string, unknown>>, name) : undefined;
}
