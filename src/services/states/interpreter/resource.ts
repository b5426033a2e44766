/**
 * The `Resource` of a Task state: a function, an activity, or an action of a service.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
 */
import { StatesError } from "./states-error.js";
import type { TaskPattern, TaskResource } from "./task-runner.js";

const FUNCTION = /^arn:[\w-]+:lambda:[^:]*:[^:]*:function:/;
const ACTIVITY = /^arn:[\w-]+:states:[^:]+:[^:]+:activity:/;
const ACTION =
  /^arn:[\w-]+:states:[^:]*:[^:]*:(?<service>(?:aws-sdk:)?[\w-]+):(?<action>\w+)(?:\.(?<pattern>sync:2|sync|waitForTaskToken))?$/;

export function parseResource(resource: string): TaskResource {
  if (FUNCTION.test(resource)) return { kind: "function", arn: resource };
  if (ACTIVITY.test(resource)) return { kind: "activity", arn: resource };
  const { service, action, pattern } = ACTION.exec(resource)?.groups ?? {};
  if (service === undefined || action === undefined) {
    // CreateStateMachine refuses such a definition, so that only TestState and rows of older versions come here.
    throw new StatesError("States.Runtime", `The resource provided ${resource} is not recognized.`);
  }
  return { kind: "service", service, action, pattern: (pattern as TaskPattern | undefined) ?? "request-response" };
}

/** As events name the action: the pattern belongs to it. */
export const actionText = (action: string, pattern: TaskPattern): string =>
  pattern === "request-response" ? action : `${action}.${pattern}`;
