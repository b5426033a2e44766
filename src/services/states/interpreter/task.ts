/**
 * Task: has work done, and waits for its end.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
 */
import { randomBytes } from "node:crypto";
import type { Json, JsonObject } from "../../../config/json.js";
import { objectOf, textOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { effectiveInput, workInput } from "./data-flow.js";
import { evaluate } from "./data/jsonata.js";
import { fillTemplate } from "./data/template.js";
import type { Deadlines } from "./deadlines.js";
import { underDeadlines } from "./deadlines.js";
import { numberOf } from "./number-field.js";
import { isTooLarge, tooLargeCause } from "./payload-limit.js";
import { parseResource } from "./resource.js";
import type { Step } from "./run.js";
import { StateFailure, StatesError, TaskTimeout } from "./states-error.js";
import { TaskEvents } from "./task-events.js";
import type { TaskCall, TaskProgress, TaskResource } from "./task-runner.js";

const TOKEN_BYTES = 480;

export async function doTask(step: Step): Promise<Json> {
  const resource = parseResource(textOf(step.state["Resource"]));
  const token = hasToken(resource) ? randomBytes(TOKEN_BYTES).toString("base64") : undefined;
  // The token of an activity is its worker's alone: GetActivityTask tells it.
  step.taskToken = resource.kind === "service" ? token : undefined;
  const input = effectiveInput(step);
  const parameters = await workInput(step, input);
  const timeoutSeconds = await numberOf(step, input, { name: "TimeoutSeconds", of: step.state, kind: "integer" });
  const heartbeatSeconds = await numberOf(step, input, { name: "HeartbeatSeconds", of: step.state, kind: "integer" });
  const deadlines: Deadlines = {
    timeoutSeconds,
    // A function has no way to send one, and LambdaFunctionScheduled no member for it.
    heartbeatSeconds: resource.kind === "function" ? undefined : heartbeatSeconds,
  };
  const credentials = await credentialsOf(step, input);
  await check(step, resource, parameters);
  const events = new TaskEvents(step, resource);
  events.scheduled(parameters, deadlines, credentials);
  if (resource.kind !== "activity") events.started();
  const call: TaskCall = {
    resource,
    parameters,
    token,
    executionArn: step.run.executionArn,
    heartbeatSeconds: deadlines.heartbeatSeconds,
    credentials,
  };
  const result = await outcome(step, call, deadlines, events);
  events.succeeded(result);
  return result;
}

function hasToken(resource: TaskResource): boolean {
  return resource.kind === "activity" || (resource.kind === "service" && resource.pattern === "waitForTaskToken");
}

async function check(step: Step, resource: TaskResource, parameters: Json): Promise<void> {
  const faults = (await step.run.tasks.faults?.(resource, parameters)) ?? [];
  if (faults.length === 0) return;
  throw new StatesError(
    "States.Runtime",
    `The Parameters '${JSON.stringify(parameters)}' could not be used to start the Task: [${faults.join(", ")}]`,
  );
}

/** The result, or the failure once the history has it. */
async function outcome(step: Step, call: TaskCall, deadlines: Deadlines, events: TaskEvents): Promise<Json> {
  const { run, frame } = step;
  try {
    const result = await underDeadlines(run.clock, deadlines, frame.signal, async (signal, heartbeat) => {
      // What is told after the end, the history does not have.
      const whileRunning = (tell: () => void): void => {
        if (!signal.aborted) tell();
      };
      const progress: TaskProgress = {
        submitted: (output) => whileRunning(() => events.submitted(output)),
        started: (workerName) => whileRunning(() => events.started(workerName)),
        heartbeat,
        exchanged: (exchange) => run.probe?.exchanged?.(exchange),
      };
      return run.tasks.run(call, progress, signal);
    });
    if (!isTooLarge(result)) return result;
    throw new StateFailure("States.DataLimitExceeded", tooLargeCause(nameOf(call.resource)));
  } catch (thrown) {
    if (frame.signal.aborted || !(thrown instanceof StatesError)) throw thrown;
    const { error, cause } = thrown.failure;
    events.failed(thrown instanceof TaskTimeout ? "TimedOut" : "Failed", thrown.failure);
    throw thrown instanceof StateFailure ? thrown : new StateFailure(error, cause);
  }
}

const nameOf = (resource: TaskResource): string => (resource.kind === "service" ? resource.service : resource.arn);

async function credentialsOf(step: Step, input: Json): Promise<JsonObject | undefined> {
  const template = step.state["Credentials"];
  if (template === undefined) return undefined;
  const scope = scopeOf(step, input);
  return objectOf(
    step.language === "JSONata" ? await evaluate(template, scope, "Credentials") : fillTemplate(template, scope),
  );
}
