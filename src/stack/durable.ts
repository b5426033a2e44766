/** Durable functions of a stack: who runs them, what becomes of their executions at its start and end, and what a person hears. */
import { randomUUID } from "node:crypto";
import type { RuntimeHost } from "../runtime/host.js";
import type { DurableRunner } from "../runtime/types.js";
import type { Gateway } from "../services/gateway.js";
import type { EventsAdmin } from "../services/events/index.js";
import type { StateStore } from "../services/kit/state-store.js";
import {
  hasDurableLeftRunning,
  type DurableExecutionRow,
  type DurableOperationRow,
  type DurableSurroundings,
  type LambdaService,
} from "../services/lambda/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { Bus, EndedExecution } from "../shared/bus.js";
import type { Activity } from "./activity.js";
import { idle, unfinished } from "./awaited-executions.js";

export interface StackDurableOptions {
  readonly lambda: LambdaService;
  readonly host: RuntimeHost;
  readonly activity: Activity;
  readonly store: () => StateStore;
}

/** Where the events of AWS's own services go. */
const BUS_OF_AWS = "default";

export class StackDurable {
  readonly #options: StackDurableOptions;

  constructor(options: StackDurableOptions) {
    this.#options = options;
    options.host.runDurableWith(
      lazily(async () => {
        const { durableRunner } = await import("../services/lambda/durable/runner.js");
        return durableRunner(options.lambda.durable);
      }),
    );
  }

  /** In a stack: goes on with what an earlier process left. */
  async begin(): Promise<void> {
    const { lambda, store } = this.#options;
    if (hasDurableLeftRunning(store())) await (await lambda.durable()).resume();
  }

  /** For a one-shot command, as `StackStates.idle`. */
  idle(): Promise<boolean> {
    return idle(this.#options.activity, () => this.#running());
  }

  unfinished(): string[] {
    return unfinished(this.#running());
  }

  /** Resolves at the end of an execution; undefined when there is none. */
  async ended(arn: string): Promise<DurableExecutionRow | undefined> {
    const executions = await this.#options.lambda.durable();
    const row = executions.row(arn.slice(arn.lastIndexOf("/") + 1));
    return row?.arn === arn ? executions.ended(row) : undefined;
  }

  /** Before the runtime ends: what it cuts off is no failure of the function. */
  close(): void {
    this.#options.lambda.loadedDurable()?.close();
  }

  #running(): readonly string[] {
    return this.#options.lambda.loadedDurable()?.running() ?? [];
  }
}

/** Loaded at the first durable function. */
export function lazily(load: () => Promise<DurableRunner>): DurableRunner {
  return {
    run: async (config, request) => (await load()).run(config, request),
    runToEnd: async (config, request, watch) => (await load()).runToEnd(config, request, watch),
    begin: async (config, request) => (await load()).begin(config, request),
  };
}

export function durableSurroundings(options: {
  readonly kind: "stack" | "command";
  readonly gateway: Gateway;
  readonly bus: Bus;
  readonly notice: (text: string) => void;
  readonly sendLetter: DurableSurroundings["sendLetter"];
}): DurableSurroundings {
  const { kind, gateway, bus, notice, sendLetter } = options;
  return {
    sendLetter,
    putEvent: async (event) =>
      ((await gateway.service("events")) as EmbeddedService & EventsAdmin).putEvent(BUS_OF_AWS, event),
    ended: (row, input) => bus.emit("ExecutionEnded", endedExecution(row, input)),
    suspended: (row, awaited) => {
      // Somebody sits before it and waits.
      if (kind === "command") notice(suspension(row, awaited, gateway.endpoint));
    },
  };
}

function endedExecution(row: DurableExecutionRow, input: string): EndedExecution {
  const { arn: executionArn, functionName: machineName, status, startMs, endMs: stopMs = startMs } = row;
  return {
    id: randomUUID(),
    executionArn,
    machineName,
    durable: true,
    status,
    startMs,
    stopMs,
    input,
    output: row.result,
    error: row.error?.ErrorType,
    cause: row.error?.ErrorMessage,
  };
}

function suspension(
  { functionName, retryMs }: DurableExecutionRow,
  awaited: readonly DurableOperationRow[],
  endpoint: string,
): string {
  if (retryMs !== undefined) return `${functionName} has failed: it is invoked again at ${timeOf(retryMs)}`;
  return `${functionName} is suspended: ${awaited.map((operation) => reason(operation, endpoint)).join("; ")}`;
}

function reason({ name, type, dueMs, callbackId, functionName }: DurableOperationRow, endpoint: string): string {
  const named = name === undefined ? "" : ` ${name}`;
  const until = dueMs === undefined ? "" : ` until ${timeOf(dueMs)}`;
  switch (type) {
    case "CALLBACK":
      return `the callback${named} is awaited${until}, answer it with: aws lambda send-durable-execution-callback-success --endpoint-url ${endpoint} --callback-id ${callbackId}`;
    case "CHAINED_INVOKE":
      return `${functionName} is called${named === "" ? "" : ` (${name})`}`;
    case "STEP":
      return `the step${named} is tried again${dueMs === undefined ? "" : ` at ${timeOf(dueMs)}`}`;
    default:
      return `it waits${until}${named === "" ? "" : ` (${name})`}`;
  }
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
