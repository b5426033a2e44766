/** Executions for tests: one of a state machine is started in this process, and waited for without looking again and again. */
import type { StateMachineConfig } from "../config/application.js";
import type { ExecutionSummary, StatesService } from "../services/states/index.js";
import { AppError } from "../shared/errors.js";
import { placeOf } from "./backends/endpoints.js";
import type { Stack } from "./stack.js";

export interface Execution<T = unknown> {
  readonly executionArn: string;
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  /** Parsed; undefined unless it succeeded. */
  readonly output: T;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** Resolves at the end of the execution. Throws LR1004 where another server has Step Functions. */
export async function execute<T>(stack: Stack, machine: StateMachineConfig, input: unknown): Promise<Execution<T>> {
  const { gateway, embedded, activity } = stack;
  if (gateway === undefined || !embedded.stateMachines.some(({ arn }) => arn === machine.arn))
    throw new AppError("LR1004", {
      what: `The state machine ${machine.logicalId} is not in this process`,
      where: placeOf(stack.addressOf("states")),
      fix: "Start it with a client of the SDK.",
    });
  const start = { stateMachineArn: machine.arn, input: JSON.stringify(input) };
  // Virtual time stands still until it has begun.
  const begun = activity.begin();
  try {
    const states = (await gateway.service("states")) as StatesService;
    if (machine.type === "EXPRESS") {
      const ending = states.startSyncExecution(start);
      begun();
      return executionOf(await ending);
    }
    const { executionArn } = await states.startExecution(start);
    begun();
    return executionOf(await states.executionEnded(executionArn, new AbortController().signal));
  } finally {
    begun();
  }
}

/** One execution of a durable function, at its end. */
export interface DurableExecution<T = unknown> {
  readonly executionArn: string;
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED";
  /** Parsed; undefined unless it succeeded. */
  readonly result: T;
  readonly error: { readonly errorType: string | undefined; readonly errorMessage: string | undefined } | undefined;
}

/** Resolves at its end. Throws LR1004 when there is none. */
export async function durableExecution<T>(stack: Stack, executionArn: string): Promise<DurableExecution<T>> {
  const ended = await stack.durable?.ended(executionArn);
  if (ended === undefined)
    throw new AppError("LR1004", {
      what: `There is no durable execution ${executionArn}`,
      fix: "Pass the DurableExecutionArn that Invoke has answered.",
    });
  const { status, result, error } = ended;
  return {
    executionArn,
    status: status as DurableExecution["status"],
    result: (result === undefined ? undefined : JSON.parse(result)) as T,
    error: error && { errorType: error.ErrorType, errorMessage: error.ErrorMessage },
  };
}

const executionOf = <T>({ executionArn, status, output, error, cause }: ExecutionSummary): Execution<T> => ({
  executionArn,
  status: status as Execution["status"],
  output: (output === undefined ? undefined : JSON.parse(output)) as T,
  error,
  cause,
});
