/** Which resources of tasks are run here: the rest fail when they are reached, so that a start and `doctor` tell of them before. */
import type { TaskResource } from "../../services/states/interpreter/task-runner.js";
import { SDK_SERVICES } from "./clients/services.js";

export type ServiceResource = Extract<TaskResource, { kind: "service" }>;

/** By the end of the resource's ARN, without the pattern. */
const OPTIMISED = [
  "lambda:invoke",
  "states:startExecution",
  "events:putEvents",
  "apigateway:invoke",
  "http:invoke",
  "sqs:sendMessage",
  "sns:publish",
  "dynamodb:getItem",
  "dynamodb:putItem",
  "dynamodb:updateItem",
  "dynamodb:deleteItem",
] as const;

export type OptimisedAction = (typeof OPTIMISED)[number];

/** The service of `aws-sdk:SERVICE`, as `SDK_SERVICES` has it; undefined for anything else. */
export const sdkServiceOf = (service: string): string | undefined => /^aws-sdk:(.+)$/.exec(service)?.[1];

/** Whether an API of a service here has the action is known to its client alone. */
export function isEmulated(resource: TaskResource): boolean {
  if (resource.kind !== "service") return true;
  const { service, action, pattern } = resource;
  const name = `${service}:${action}`;
  if (pattern === "sync" || pattern === "sync:2") return name === "states:startExecution";
  return OPTIMISED.some((known) => known === name) || SDK_SERVICES.has(sdkServiceOf(service) ?? "");
}
