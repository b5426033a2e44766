/** Finds the operation of a request by method and path, as the API model writes them. */
import { ABSENT_ROUTES } from "./absent.js";
import type { RawOperation, Route } from "./context.js";
import { handleInvokeWithResponseStream } from "./invoke-stream.js";
import { handleInvoke, handleInvokeAsync } from "./invoke.js";
import { ALIAS_ROUTES } from "./operations/aliases.js";
import { CAPACITY_ROUTES } from "./operations/capacity.js";
import { CODE_SIGNING_ROUTES } from "./operations/code-signing.js";
import { DURABLE_ROUTES } from "./operations/durable.js";
import { EVENT_INVOKE_ROUTES } from "./operations/event-invoke.js";
import { FUNCTION_ROUTES } from "./operations/functions.js";
import { LAYER_PERMISSION_ROUTES } from "./operations/layer-permissions.js";
import { LAYER_ROUTES } from "./operations/layers.js";
import { MAPPING_ROUTES } from "./operations/mappings.js";
import { PERMISSION_ROUTES } from "./operations/permissions.js";
import { PROVISIONED_ROUTES } from "./operations/provisioned.js";
import { RESOURCE_POLICY_ROUTES } from "./operations/resource-policy.js";
import { TAG_ROUTES } from "./operations/tags.js";
import { UPDATE_ROUTES } from "./operations/updates.js";
import { URL_ROUTES } from "./operations/urls.js";

const raw = (path: string, name: string, run: RawOperation): Route => ({ method: "POST", path, name, raw: run });

/** Invoke first: it is nearly every request. */
const ROUTES: readonly Route[] = [
  raw("/2015-03-31/functions/{FunctionName}/invocations", "Invoke", handleInvoke),
  raw(
    "/2021-11-15/functions/{FunctionName}/response-streaming-invocations",
    "InvokeWithResponseStream",
    handleInvokeWithResponseStream,
  ),
  raw("/2014-11-13/functions/{FunctionName}/invoke-async", "InvokeAsync", handleInvokeAsync),
  ...FUNCTION_ROUTES,
  ...UPDATE_ROUTES,
  ...ALIAS_ROUTES,
  ...CAPACITY_ROUTES,
  ...PROVISIONED_ROUTES,
  ...CODE_SIGNING_ROUTES,
  ...EVENT_INVOKE_ROUTES,
  ...URL_ROUTES,
  ...PERMISSION_ROUTES,
  ...RESOURCE_POLICY_ROUTES,
  ...LAYER_ROUTES,
  ...LAYER_PERMISSION_ROUTES,
  ...TAG_ROUTES,
  ...MAPPING_ROUTES,
  ...DURABLE_ROUTES,
];

const COMPILED = [...ROUTES, ...ABSENT_ROUTES].map((route) => {
  const names: string[] = [];
  const pattern = route.path.replace(/\{(\w+)(\+?)\}/g, (_, name: string, greedy: string) => {
    names.push(name);
    return greedy === "" ? "([^/]+)" : "(.+?)";
  });
  return { route, names, pattern: new RegExp(`^${pattern}/?$`) };
});

export interface RouteMatch {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

export function findRoute(method: string, path: string, query: string): RouteMatch | undefined {
  for (const { route, names, pattern } of COMPILED) {
    if (route.method !== method) continue;
    if (route.query !== undefined && !query.split("&").includes(route.query)) continue;
    const match = pattern.exec(path);
    if (match === null) continue;
    const values = Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? "")]));
    return { route, path: values };
  }
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
