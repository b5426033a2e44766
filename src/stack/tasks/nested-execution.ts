/**
 * `arn:aws:states:::states:startExecution`, alone and with `.sync` and `.sync:2`. Results as recorded on AWS (2023 to 2025):
 * members in the order of the alphabet, dates in milliseconds, `.sync:2` with input and output as JSON values.
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
 */
import { randomUUID } from "node:crypto";
import type { Json, JsonObject } from "../../config/json.js";
import { AwsError } from "../../services/kit/aws-error.js";
import type { ExecutionSummary, StatesAdmin } from "../../services/states/index.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";
import { SUSPENDED, type TaskPattern } from "../../services/states/interpreter/task-runner.js";
import type { Clock } from "../../shared/clock.js";
import { optimised } from "./failures.js";
import { payloadText } from "./function-outcome.js";
import { fieldFaults, type Integration } from "./integration.js";
import { resultMetadata } from "./result-metadata.js";
import { ServiceFault, textParameter } from "./service-call.js";

const NAMES = {
  prefix: "StepFunctions",
  service: "AWSStepFunctions",
  baseException: "AWSStepFunctionsException",
} as const;

/** Parameters of the integration, as the page above lists them. */
const FIELDS = ["StateMachineArn", "Input", "Name", "TraceHeader"];

type Started = Awaited<ReturnType<StatesAdmin["startExecution"]>>;

/** The answer of the API beside what it stands for. */
export interface StartedExecution extends Started {
  readonly output: JsonObject;
}

export function statesIntegration(states: StatesAdmin, clock: Clock): Integration {
  return {
    faults: (parameters) => fieldFaults(FIELDS, ["StateMachineArn"], parameters),
    request: async (parameters) => (await startNested(states, parameters, clock)).output,
  };
}

export function startNested(states: StatesAdmin, parameters: JsonObject, clock: Clock): Promise<StartedExecution> {
  return optimised(NAMES, () => startExecution(states, parameters, clock.now()));
}

async function startExecution(states: StatesAdmin, parameters: JsonObject, nowMs: number): Promise<StartedExecution> {
  const text = (name: string): string | undefined => textParameter(parameters, name);
  const requestId = randomUUID();
  let started: Started;
  try {
    started = await states.startExecution({
      stateMachineArn: text("StateMachineArn") ?? "",
      name: text("Name"),
      input: payloadText(parameters["Input"]),
      traceHeader: text("TraceHeader"),
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const { code, message, statusCode } = error;
    // The model has no validation exception for this call, and no refusal of access.
    const shape = /^(ValidationException|AccessDenied.*)$/.test(code) ? undefined : code;
    throw new ServiceFault({ code, shape, message, statusCode, requestId });
  }
  const { executionArn, startMs } = started;
  const body = JSON.stringify({ executionArn, startDate: startMs / 1000 });
  const headers = {
    "content-length": String(Buffer.byteLength(body)),
    date: new Date(nowMs).toUTCString(),
    "content-type": "application/x-amz-json-1.0",
  };
  const output = {
    ExecutionArn: executionArn,
    ...resultMetadata("other", { statusCode: 200, requestId, headers }),
    StartDate: startMs,
  };
  return { output, ...started };
}

/** Waits for the end of the execution that was started. When the wait is given up, that execution is stopped, too. */
export async function nestedResult(
  states: StatesAdmin,
  { executionArn }: StartedExecution,
  pattern: TaskPattern,
  parentArn: string,
  signal: AbortSignal,
): Promise<Json> {
  let end: ExecutionSummary;
  try {
    end = await states.executionEnded(executionArn, signal);
  } catch (error) {
    if (signal.aborted && signal.reason !== SUSPENDED) await stopNested(states, executionArn, parentArn);
    throw error;
  }
  const description = describe(end, pattern === "sync:2");
  if (end.status === "SUCCEEDED") return description;
  throw new StatesError("States.TaskFailed", JSON.stringify(description));
}

/** In AWS's words, as others have measured them. */
async function stopNested(states: StatesAdmin, executionArn: string, parentArn: string): Promise<void> {
  const cause = `The Task state in AWS Step Functions execution [${parentArn}] which was managing this resource was aborted`;
  try {
    await states.stopExecution(executionArn, undefined, cause);
  } catch {
    // It has come to its end by itself.
  }
}

function describe(end: ExecutionSummary, asJson: boolean): JsonObject {
  const { executionArn, stateMachineArn, name, status, startMs, stopMs, input, output, error, cause } = end;
  const shown = (text: string): Json => (asJson ? (JSON.parse(text) as Json) : text);
  const members: [string, Json | undefined][] = [
    ["Cause", cause],
    ["Error", error],
    ["ExecutionArn", executionArn],
    ["Input", shown(input)],
    ["InputDetails", { Included: true }],
    ["Name", name],
    ["Output", output === undefined ? undefined : shown(output)],
    ["OutputDetails", output === undefined ? undefined : { Included: true }],
    ["RedriveCount", 0],
    ["RedriveStatus", status === "SUCCEEDED" ? "NOT_REDRIVABLE" : "REDRIVABLE"],
    ["RedriveStatusReason", status === "SUCCEEDED" ? "Execution is SUCCEEDED and cannot be redriven" : undefined],
    ["StartDate", startMs],
    ["StateMachineArn", stateMachineArn],
    ["Status", status],
    ["StopDate", stopMs],
  ];
  return Object.fromEntries(members.filter((member): member is [string, Json] => member[1] !== undefined));
}
