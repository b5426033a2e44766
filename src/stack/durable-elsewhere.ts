/**
 * Durable functions for a command that uses the services of a running stack: that one keeps their executions, so that it
 * runs their functions, too, and shows what they print.
 */
import {
  GetDurableExecutionCommand,
  InvokeCommand,
  LambdaClient,
  StopDurableExecutionCommand,
  type GetDurableExecutionCommandOutput,
} from "@aws-sdk/client-lambda";
import type { FunctionConfig } from "../config/function-config.js";
import type { DurableRunner, ExecutionWatch, InvokeRequest, InvokeResult } from "../runtime/types.js";
import { realClock } from "../shared/clock.js";
import { AppError } from "../shared/errors.js";
import { clientOptions, placeOf, type ServiceAddress } from "./backends/endpoints.js";

const FIRST_LOOK_MS = 20;
const MAX_LOOK_MS = 500;

export interface DurableElsewhereOptions {
  readonly address: ServiceAddress;
  readonly notice: (text: string) => void;
}

export function durableElsewhere(options: DurableElsewhereOptions): DurableRunner {
  return {
    run: (config, request) => runToEnd(options, config, request),
    runToEnd: (config, request, watch) => runToEnd(options, config, request, watch),
    begin: () => Promise.reject(new Error("events of a command that uses another stack go to that one")),
  };
}

async function runToEnd(
  { address, notice }: DurableElsewhereOptions,
  { name, memoryMb }: FunctionConfig,
  { payload, qualifier = "$LATEST", clientContext }: InvokeRequest,
  watch?: ExecutionWatch,
): Promise<InvokeResult> {
  const client = new LambdaClient(clientOptions(address));
  try {
    const begun = await client.send(
      new InvokeCommand({
        FunctionName: name,
        Qualifier: qualifier,
        InvocationType: "Event",
        Payload: payload,
        ClientContext: clientContext,
      }),
    );
    const { DurableExecutionArn = "", $metadata } = begun;
    watch?.started();
    notice(`the stack that runs at ${placeOf(address)} runs the execution ${DurableExecutionArn}, and prints its log`);
    const requestId = $metadata.requestId ?? "";
    const end = await ended(client, DurableExecutionArn, watch?.signal);
    const durationMs = (end.EndTimestamp?.getTime() ?? 0) - (end.StartTimestamp?.getTime() ?? 0);
    const failed = end.Status !== "SUCCEEDED";
    return {
      requestId,
      executedVersion: end.Version ?? "$LATEST",
      payload: Buffer.from(failed ? errorText(end) : (end.Result ?? "null")),
      ...(failed ? { functionError: "Unhandled" as const } : {}),
      logs: "",
      report: {
        requestId,
        durationMs,
        billedDurationMs: Math.ceil(durationMs),
        memorySizeMb: memoryMb,
        maxMemoryUsedMb: 0,
        status: failed ? "error" : "success",
      },
    };
  } catch (error) {
    if (!(error instanceof Error) || !("$metadata" in error)) throw error;
    throw new AppError("LR1004", {
      what: `Lambda refuses this: ${error.name}`,
      where: placeOf(address),
      why: error.message,
      fix:
        error.name === "ResourceNotFoundException"
          ? "The stack that runs there does not have it: save the template while it runs, or start it anew."
          : "Mend the event or the function.",
      cause: error,
    });
  } finally {
    client.destroy();
  }
}

/** Real time: it waits for another process, which tells nobody. */
async function ended(
  client: LambdaClient,
  DurableExecutionArn: string,
  signal: AbortSignal | undefined,
): Promise<GetDurableExecutionCommandOutput> {
  const Error = { ErrorType: "Interrupted", ErrorMessage: "lambda-run invoke" };
  let isStopped = false;
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(MAX_LOOK_MS, lookMs * 2)) {
    if (signal?.aborted === true && !isStopped) {
      isStopped = true;
      await client.send(new StopDurableExecutionCommand({ DurableExecutionArn, Error }));
    }
    const execution = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
    if (execution.Status !== "RUNNING") return execution;
    // Kept waiting for: the process has nothing else to do.
    const alive = setInterval(() => undefined, MAX_LOOK_MS);
    await realClock.sleep(lookMs).finally(() => clearInterval(alive));
  }
}

function errorText({ Error: error = {} }: GetDurableExecutionCommandOutput): string {
  const { ErrorMessage: errorMessage, ErrorType: errorType, StackTrace: trace } = error;
  return JSON.stringify({ errorMessage, errorType, trace });
}
