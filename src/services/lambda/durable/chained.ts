/** Functions that an execution calls and waits for: what they are, and what comes of them. */
import type { FunctionConfig } from "../../../config/function-config.js";
import { invoke } from "../../../runtime/invoke.js";
import type { InvokeResult } from "../../../runtime/types.js";
import { AwsError } from "../../kit/aws-error.js";
import { asAwsError } from "../invoke-input.js";
import { functionNotFound } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import { arnOf } from "../../../shared/arn.js";
import type { DurableContext } from "./context.js";
import type { Draft } from "./draft.js";
import { errorOfFunction } from "./envelope.js";
import { unqualified } from "./errors.js";
import { endedDetails } from "./history.js";
import { isClosed, isOpen, type ErrorObject, type ExecutionRow, type OperationRow } from "./rows.js";
import { MAX_PAYLOAD_BYTES } from "./updates.js";

export interface ChainedOutcome {
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED";
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

export interface ChainedCall {
  readonly operationId: string;
  /** Undefined where nothing can be called: `outcome` says why. */
  readonly config?: FunctionConfig;
  readonly outcome?: ChainedOutcome;
  /** Calls a function that is not durable. */
  readonly plain?: (caller: ExecutionRow) => Promise<ChainedOutcome>;
}

export function callChained(context: DurableContext, operation: OperationRow): ChainedCall {
  const { id: operationId, functionName = "", input = "{}" } = operation;
  try {
    const config = targetOf(context, functionName);
    if (config.durable !== undefined) return { operationId, config };
    const plain = async ({ traceHeader }: ExecutionRow): Promise<ChainedOutcome> =>
      callPlain(() => invoke(context.host, config, { payload: Buffer.from(input), traceHeader }));
    return { operationId, config, plain };
  } catch (error) {
    return { operationId, outcome: failure(error) };
  }
}

function targetOf({ directory, realm }: DurableContext, functionName: string): FunctionConfig {
  const { name, qualifier } = parseFunctionName(functionName, undefined, realm);
  const config = directory.resolve(name, qualifier);
  if (config === undefined) throw functionNotFound(arnOf.function(realm, name, qualifier ?? "$LATEST"));
  if (config.durable !== undefined && qualifier === undefined) throw unqualified();
  return config;
}

async function callPlain(call: () => Promise<InvokeResult>): Promise<ChainedOutcome> {
  let answer: InvokeResult;
  try {
    answer = await call();
  } catch (error) {
    return failure(asAwsError(error));
  }
  const { payload, functionError } = answer;
  if (functionError !== undefined) return { status: "FAILED", error: errorOfFunction(payload) };
  if (payload.length > MAX_PAYLOAD_BYTES) {
    const ErrorMessage = `CHAINED_INVOKE output payload size must be less than or equal to ${MAX_PAYLOAD_BYTES} bytes.`;
    return { status: "FAILED", error: { ErrorMessage } };
  }
  return { status: "SUCCEEDED", result: payload.toString("utf8") };
}

/** Throws what is no refusal. */
function failure(error: unknown): ChainedOutcome {
  if (!(error instanceof AwsError)) throw error;
  return { status: "FAILED", error: { ErrorMessage: error.message, ErrorType: error.code } };
}

/** What the end of an execution is to the one that began it. */
export function asChained({ status, result, error, timeoutSeconds }: ExecutionRow): ChainedOutcome {
  if (status === "SUCCEEDED") return { status, result };
  if (status !== "TIMED_OUT") return { status: status === "STOPPED" ? status : "FAILED", error };
  const ErrorMessage = `CHAINED_INVOKE timed out after ${timeoutSeconds} seconds.`;
  return { status, error: { ErrorMessage, ErrorType: "ChainedInvoke.Timeout" } };
}

const EVENTS = {
  SUCCEEDED: "ChainedInvokeSucceeded",
  FAILED: "ChainedInvokeFailed",
  TIMED_OUT: "ChainedInvokeTimedOut",
  STOPPED: "ChainedInvokeStopped",
} as const;

/** The function is invoked to hear of it, unless the execution is over. */
export function endChained(draft: Draft, operationId: string, { status, result, error }: ChainedOutcome): void {
  const operation = draft.get(operationId);
  if (operation === undefined || !isOpen(operation)) return;
  const end = { status, endMs: draft.nowMs, result, error };
  if (isClosed(draft.row)) return draft.amend(operation, end);
  const ended = draft.change(operation, end);
  draft.event(EVENTS[status], ended, endedDetails(ended));
  draft.wake();
}
