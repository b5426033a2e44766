/**
 * Invoke of a durable function: the call begins an execution, and who waits gets its end.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html
 */
import type { FunctionConfig } from "../../config/function-config.js";
import { checkAsyncPayload, checkSyncPayload } from "../../runtime/limits/payload.js";
import type { InvokeAnswer, InvokeResult } from "../../runtime/types.js";
import type { Call } from "./context.js";
import type { Told } from "./durable/invocations.js";
import type { ExecutionRow } from "./durable/rows.js";
import { answerOfExecution, checkMayWait, startOptions } from "./durable/runner.js";
import { unqualified } from "./durable/errors.js";
import type { FunctionReference } from "./function-name.js";
import { asAwsError, type InvokeInput } from "./invoke-input.js";

type DurableCall = Pick<Call, "context" | "request">;

export interface ExecutionAnswer {
  readonly executionArn: string;
  readonly answer: InvokeAnswer & Pick<InvokeResult, "logs">;
}

/** Throws what AWS refuses, also of a dry run. */
export function checkDurable(
  config: FunctionConfig,
  { qualifier }: FunctionReference,
  type: InvokeInput["type"],
): void {
  if (qualifier === undefined) throw unqualified();
  if (type === "RequestResponse") checkMayWait(config, qualifier);
}

/** Resolves when it is kept, or is known by its name already. */
export async function beginExecution(
  { context }: DurableCall,
  config: FunctionConfig,
  { type, payload, clientContext, executionName: name }: InvokeInput,
  traceHeader: string,
  told?: Told,
): Promise<ExecutionRow> {
  const isAsync = type === "Event";
  try {
    (isAsync ? checkAsyncPayload : checkSyncPayload)(payload.length);
  } catch (error) {
    throw asAwsError(error);
  }
  const executions = await context.durable();
  return executions.start(config, startOptions({ payload, traceHeader, clientContext }, { name, isAsync, told }));
}

export async function waitForExecution(
  call: DurableCall,
  config: FunctionConfig,
  input: InvokeInput,
  traceHeader: string,
): Promise<ExecutionAnswer> {
  const logs: string[] = [];
  const told = { result: (result: InvokeResult) => void logs.push(result.logs), impossible: () => undefined };
  const row = await beginExecution(call, config, input, traceHeader, told);
  const end = await (await call.context.durable()).ended(row);
  const answer = answerOfExecution(end, call.request.requestId);
  return { executionArn: row.arn, answer: Object.assign(answer, { logs: logs.join("") }) };
}
