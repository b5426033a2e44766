/** Which resources of tasks are run here: the rest fail when they are reached, so that `doctor` tells of them before. */
import type { TaskResource } from "../../services/states/interpreter/task-runner.js";
import { CALLED_APIS } from "./called-apis.js";
import { SDK_SERVICES } from "./clients/services.js";

const OPTIMISED: ReadonlySet<string> = new Set([
  "lambda:invoke",
  "states:startExecution",
  "events:putEvents",
  "apigateway:invoke",
  ...CALLED_APIS,
]);

/** Whether an API of a service here has the action is known to its client alone. */
export function isEmulated(resource: TaskResource): boolean {
  if (resource.kind !== "service") return true;
  const { service, action, pattern } = resource;
  const [, sdkName] = /^aws-sdk:(.+)$/.exec(service) ?? [];
  if (sdkName !== undefined) return SDK_SERVICES.has(sdkName);
  const waitsForEnd = pattern === "sync" || pattern === "sync:2";
  const name = `${service}:${action}`;
  return OPTIMISED.has(name) && (!waitsForEnd || name === "states:startExecution");
}
