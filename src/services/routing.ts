/**
 * Which service a request is meant for. A signed request says so itself: the credential scope names the service. What
 * is not signed is found by target header, path, host name and Query-protocol version, and is S3's when nothing fits.
 */
import type { Mechanism } from "./kit/authenticate.js";
import type { HttpMessage } from "./kit/canonical-request.js";
import type { HostReading } from "./kit/virtual-host.js";
import { serviceEntry, type ServiceEntry, type ServiceIndex } from "./registry.js";

export interface RoutedRequest extends HttpMessage {
  readonly host: HostReading;
}

export function mechanismOf({ headers, query }: Pick<RoutedRequest, "headers" | "query">): Mechanism {
  const { authorization } = headers;
  if (authorization !== undefined) {
    if (authorization.startsWith("AWS4-HMAC-SHA256 ")) return "v4-header";
    return authorization.startsWith("AWS ") ? "v2-header" : "other-header";
  }
  if (query === "") return "none";
  if (hasParameter(query, "X-Amz-Algorithm")) return "v4-query";
  return hasParameter(query, "Signature") && !hasParameter(query, "Action") ? "v2-query" : "none";
}

function hasParameter(query: string, name: string): boolean {
  return query.startsWith(`${name}=`) || query.includes(`&${name}=`);
}

function parameterOf(query: string, name: string): string | undefined {
  if (query === "") return undefined;
  for (const part of query.split("&")) if (part.startsWith(`${name}=`)) return decode(part.slice(name.length + 1));
  return undefined;
}

/** All parameters, decoded; the first of each name counts. */
export function parametersOf(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    if (!parameters.has(name)) parameters.set(name, equals === -1 ? "" : decode(part.slice(equals + 1)));
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** Undefined when only the body can tell: an unsigned form of the Query protocol. */
export function routeOf(request: RoutedRequest, mechanism: Mechanism, index: ServiceIndex): ServiceEntry | undefined {
  const scope = scopeOf(request, mechanism);
  if (scope !== undefined) return index.byScope(scope) ?? serviceEntry(scope, {});
  const target = request.headers["x-amz-target"];
  if (typeof target === "string") {
    const prefix = target.slice(0, target.lastIndexOf("."));
    return index.byTarget(prefix) ?? serviceEntry(prefix === "" ? target : prefix, {});
  }
  if (mechanism === "v2-header" || mechanism === "v2-query") return index.byName("s3");
  const byPath = index.byPath(request.path);
  if (byPath !== undefined) return byPath;
  const byHost = request.host.prefix === "" ? undefined : serviceOfHost(request.host.prefix, index);
  if (byHost !== undefined) return byHost;
  if (hasParameter(request.query, "Action")) {
    const version = parameterOf(request.query, "Version");
    return (version === undefined ? undefined : index.byQueryVersion(version)) ?? index.byName("sts");
  }
  const isForm =
    request.method === "POST" && request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  return isForm ? undefined : index.byName("s3");
}

/** For an unsigned form, by its `Version`. S3 takes no such forms. */
export function routeOfForm(body: Buffer, index: ServiceIndex): ServiceEntry | undefined {
  const form = body.toString("latin1");
  const version = parameterOf(form, "Version");
  if (version !== undefined) return index.byQueryVersion(version) ?? index.byName("sts");
  return hasParameter(form, "Action") ? index.byName("sts") : undefined;
}

/** The service in `KEY/DATE/REGION/SERVICE/aws4_request`. */
function scopeOf(request: RoutedRequest, mechanism: Mechanism): string | undefined {
  let credential: string | undefined;
  if (mechanism === "v4-header") {
    const authorization = request.headers.authorization ?? "";
    const start = authorization.indexOf("Credential=");
    if (start === -1) return undefined;
    const comma = authorization.indexOf(",", start);
    credential = authorization.slice(start + "Credential=".length, comma === -1 ? undefined : comma);
  } else if (mechanism === "v4-query") {
    credential = parameterOf(request.query, "X-Amz-Credential");
  }
  const service = credential?.split("/")[3]?.trim();
  return service === "" ? undefined : service;
}

/** `sqs.localhost`, `sqs.us-east-1.localhost`, and `ID.execute-api.localhost` for those that live under names. */
function serviceOfHost(prefix: string, index: ServiceIndex): ServiceEntry | undefined {
  const labels = prefix.replace(/\.[a-z]{2}(?:-[a-z]+)+-\d$/, "").split(".");
  const found = index.byName(labels.at(-1) ?? "");
  if (found === undefined || found.name === "s3") return undefined;
  return labels.length === 1 || (labels.length === 2 && found.subdomains) ? found : undefined;
}

/** What the client wanted to do, for messages. */
export function operationOf(request: RoutedRequest, form: Buffer | undefined): string {
  const target = request.headers["x-amz-target"];
  if (typeof target === "string") return target.slice(target.lastIndexOf(".") + 1);
  const rpc = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(request.path)?.[1];
  const action = parameterOf(request.query, "Action") ?? (form && parameterOf(form.toString("latin1"), "Action"));
  return rpc ?? action ?? `${request.method} ${request.path}`;
}
