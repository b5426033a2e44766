/**
 * Which API or function URL a request is for. Each has a host name of its own (`ID.execute-api.localhost`,
 * `ID.lambda-url.localhost`) and, for clients that cannot resolve those, a path (`/_aws/execute-api/ID`,
 * `/_aws/lambda-url/ID`). What comes to the bare address goes to the API that has a route for it.
 */
import type { KnownUrl } from "../../services/lambda/index.js";
import type { Api } from "./api-model.js";
import { extendedId, traceRoot } from "./event-v1.js";
import { headerOf, type HeaderLine, type HttpRequest } from "./message.js";

/** An API, the stage, and the path as its routes see it. */
export interface ApiTarget {
  readonly kind: "api";
  readonly api: Api;
  readonly stage: string;
  readonly request: HttpRequest;
  /** What a signature was made over. */
  readonly signedPath: string;
}

export interface UrlTarget {
  readonly kind: "url";
  readonly url: KnownUrl;
  readonly request: HttpRequest;
  readonly signedPath: string;
}

export const API_PREFIX = "/_aws/execute-api/";
export const URL_PREFIX = "/_aws/lambda-url/";

export function targetOf(
  request: HttpRequest,
  apis: readonly Api[],
  urls: () => readonly KnownUrl[],
): ApiTarget | UrlTarget | undefined {
  const named = namedTarget(request);
  if (named?.kind === "execute-api") {
    const api = apis.find(({ id, logicalId }) => id === named.id || logicalId === named.id);
    return api && inStage(api, named.request, request.path);
  }
  if (named?.kind === "lambda-url") {
    const url = urls().find((candidate) => candidate.url.urlId === named.id);
    return url && { kind: "url", url, request: named.request, signedPath: request.path };
  }
  const [first] = apis;
  if (first === undefined) {
    const [only, ...others] = urls();
    return only === undefined || others.length > 0
      ? undefined
      : { kind: "url", url: only, request, signedPath: request.path };
  }
  const targets = apis.map((api) => inStage(api, request, request.path));
  const takes = ({ api, request: inner }: ApiTarget): boolean =>
    api.routes.find(inner.method, inner.path) !== undefined;
  return (
    targets.find((target) => target.request !== request && takes(target)) ??
    // Without a stage in the path AWS knows only those that have a default one.
    targets.find((target) => target.stage === "$default" && takes(target)) ??
    targets.find((target) => target.request !== request) ??
    targets.find(takes) ??
    targets.find(({ api, request: inner }) => api.routes.methodsAt(inner.path).length > 0) ??
    inStage(first, request, request.path)
  );
}

/** An API or URL that the request names itself, whether there is one or not. */
export function namedTarget(
  request: HttpRequest,
): { readonly kind: "execute-api" | "lambda-url"; readonly id: string; readonly request: HttpRequest } | undefined {
  const host = headerOf(request, "host") ?? "";
  const [, hostId = "", service] = /^([a-z0-9]+)\.(execute-api|lambda-url)\./i.exec(host) ?? [];
  if (service !== undefined)
    return { kind: service.toLowerCase() === "execute-api" ? "execute-api" : "lambda-url", id: hostId, request };
  for (const [prefix, kind] of [
    [API_PREFIX, "execute-api"],
    [URL_PREFIX, "lambda-url"],
  ] as const) {
    if (!request.path.startsWith(prefix)) continue;
    const rest = request.path.slice(prefix.length);
    const slash = rest.indexOf("/");
    return {
      kind,
      id: slash === -1 ? rest : rest.slice(0, slash),
      request: { ...request, path: slash === -1 ? "/" : rest.slice(slash) },
    };
  }
  return undefined;
}

/** The first segment names the stage, or the stage is the default one, or the only one: then it may be left out. */
function inStage(api: Api, request: HttpRequest, signedPath: string): ApiTarget {
  const [, first = ""] = request.path.split("/", 2);
  const rest = request.path.slice(first.length + 1);
  if (first !== "" && api.stages.includes(first)) {
    return { kind: "api", api, stage: first, request: { ...request, path: rest === "" ? "/" : rest }, signedPath };
  }
  const stage = api.stages.includes("$default") ? "$default" : (api.stages[0] ?? "$default");
  return { kind: "api", api, stage, request, signedPath };
}

/** What an API says of itself with every answer. */
export function apiIdLines({ api, request }: ApiTarget): readonly HeaderLine[] {
  const extended = extendedId(request.requestId);
  if (api.kind === "http") return [["Apigw-Requestid", extended]];
  return [
    ["x-amzn-RequestId", request.requestId],
    ["x-amz-apigw-id", extended],
    ["X-Amzn-Trace-Id", traceRoot(request)],
  ];
}
