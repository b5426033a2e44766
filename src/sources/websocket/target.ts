/** Which WebSocket API a request is for, by the addresses that APIs have here, and what of its path is left after the stage. */
import type { HttpRequest } from "../http/message.js";
import { namedTarget } from "../http/target.js";
import type { WebSocketApi } from "./api-model.js";

export interface WebSocketTarget {
  readonly api: WebSocketApi;
  readonly stage: string;
  /** Begins with a slash, or is empty. */
  readonly rest: string;
}

/** Undefined where it is for none. The stage may be left out when an API has only one. */
export function webSocketTarget(request: HttpRequest, apis: readonly WebSocketApi[]): WebSocketTarget | undefined {
  const named = namedTarget(request);
  if (named?.kind === "lambda-url") return undefined;
  if (named === undefined) {
    const staged = apis.map((api) => inStage(api, request.path)).find((target) => target !== undefined);
    const [only, ...others] = apis;
    return staged ?? (only !== undefined && others.length === 0 ? withoutStage(only, request.path) : undefined);
  }
  const id = named.id.toLowerCase();
  const api = apis.find(({ config }) => config.id === id || config.logicalId.toLowerCase() === id);
  return api && (inStage(api, named.request.path) ?? withoutStage(api, named.request.path));
}

function inStage(api: WebSocketApi, path: string): WebSocketTarget | undefined {
  const [, stage = ""] = path.split("/", 2);
  return api.config.stages.includes(stage) ? { api, stage, rest: path.slice(stage.length + 1) } : undefined;
}

function withoutStage(api: WebSocketApi, path: string): WebSocketTarget | undefined {
  const [only, ...others] = api.config.stages;
  return only === undefined || others.length > 0 ? undefined : { api, stage: only, rest: path };
}
