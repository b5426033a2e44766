/** Durable functions for those who invoke functions: an event is an execution, and its answer is that of the execution. */
import { randomUUID } from "node:crypto";
import type { FunctionConfig } from "../../../config/function-config.js";
import type {
  DurableRunner,
  ExecutionWatch,
  InvocationReport,
  InvokeAnswer,
  InvokeRequest,
  InvokeResult,
} from "../../../runtime/types.js";
import { checkAsyncPayload, checkSyncPayload } from "../../../runtime/limits/payload.js";
import { LAMBDA } from "../../../shared/aws-limits.js";
import { functionError } from "./envelope.js";
import { stopExecution } from "./stop.js";
import { tooLongToWait, unqualified } from "./errors.js";
import type { DurableExecutions } from "./executions.js";
import type { StartOptions } from "./new-execution.js";
import type { ExecutionRow } from "./rows.js";

const INTERRUPTED = { ErrorType: "Interrupted", ErrorMessage: "lambda-run invoke" };
/** Logs of all invocations of one execution, for who waits for it. */
const MAX_LOG_LENGTH = 1024 * 1024;

export function durableRunner(executions: () => Promise<DurableExecutions>): DurableRunner {
  return {
    async run(config, request) {
      checkMayWait(config, request.qualifier);
      return runToEnd(await executions(), config, request);
    },
    runToEnd: async (config, request, watch) => runToEnd(await executions(), config, request, watch),
    async begin(config, request) {
      if (request.qualifier === undefined) throw unqualified();
      checkAsyncPayload(request.payload.length);
      await (await executions()).start(config, startOptions(request, { name: request.requestId, isAsync: true }));
    },
  };
}

/** Throws what AWS refuses of a call that waits for its answer. */
export function checkMayWait({ durable }: FunctionConfig, qualifier: string | undefined): void {
  if (qualifier === undefined) throw unqualified();
  if ((durable?.executionTimeoutSeconds ?? 0) > LAMBDA.durableSyncSeconds) throw tooLongToWait();
}

export function startOptions(
  { payload, traceHeader, clientContext }: InvokeRequest,
  options: Pick<StartOptions, "name" | "isAsync" | "told">,
): StartOptions {
  return Object.assign({ input: payload.toString("utf8"), traceHeader, clientContext }, options);
}

/** The answer to who waits, once the execution has ended. */
export function answerOfExecution(row: ExecutionRow, requestId: string): InvokeAnswer {
  const executedVersion = row.version;
  if (row.status !== "SUCCEEDED")
    return { requestId, executedVersion, payload: functionError(row.error ?? {}), functionError: "Unhandled" };
  return { requestId, executedVersion, payload: Buffer.from(row.result ?? "null") };
}

async function runToEnd(
  executions: DurableExecutions,
  config: FunctionConfig,
  request: InvokeRequest,
  watch?: ExecutionWatch,
): Promise<InvokeResult> {
  checkSyncPayload(request.payload.length);
  const requestId = request.requestId ?? randomUUID();
  const { told, results, broken } = listener();
  const started = await executions.start(config, startOptions(request, { name: undefined, isAsync: false, told }));
  watch?.started();
  const row = await Promise.race([endedOrStopped(executions, started, watch?.signal), broken]);
  const logs = results.map((result) => result.logs).join("");
  const report = sumOf(requestId, config, results);
  return Object.assign(answerOfExecution(row, requestId), { report, logs: logs.slice(-MAX_LOG_LENGTH) });
}

async function endedOrStopped(
  executions: DurableExecutions,
  row: ExecutionRow,
  signal: AbortSignal | undefined,
): Promise<ExecutionRow> {
  const stop = (): void => {
    const execution = executions.execution(row.id);
    if (execution !== undefined) void stopExecution(executions, execution, INTERRUPTED);
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    return await executions.ended(row);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function listener() {
  const results: InvokeResult[] = [];
  let reject: (error: unknown) => void = () => undefined;
  const broken = new Promise<never>((_, refuse) => (reject = refuse));
  // Nobody may be waiting any more.
  broken.catch(() => undefined);
  const told = {
    result: (result: InvokeResult) => void results.push(result),
    impossible: (error: unknown) => reject(error),
  };
  return { told, results, broken };
}

/** What all invocations took together. */
function sumOf(requestId: string, { memoryMb }: FunctionConfig, results: readonly InvokeResult[]): InvocationReport {
  const reports = results.map(({ report }) => report);
  const last = reports.at(-1);
  const sum = (of: (report: InvocationReport) => number): number => reports.reduce((total, one) => total + of(one), 0);
  return {
    requestId,
    durationMs: sum(({ durationMs }) => durationMs),
    billedDurationMs: sum(({ billedDurationMs }) => billedDurationMs),
    memorySizeMb: memoryMb,
    maxMemoryUsedMb: Math.max(0, ...reports.map(({ maxMemoryUsedMb }) => maxMemoryUsedMb)),
    initDurationMs: reports[0]?.initDurationMs,
    status: last?.status ?? "success",
    errorType: last?.errorType,
  };
}
