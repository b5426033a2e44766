/**
 * Runs a state machine once, by the API of Step Functions, wherever it answers: in this process, in a running stack or on
 * another server. The history is told while it grows.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
 */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
  type HistoryEvent,
} from "@aws-sdk/client-sfn";
import type { StateMachineConfig } from "../config/application.js";
import { clientOptions, type ServiceAddress } from "./backends/endpoints.js";

export interface MachineRun {
  readonly address: ServiceAddress;
  readonly machine: StateMachineConfig;
  /** JSON text. */
  readonly input: string;
  /** Each event once, in order. Express machines keep no history. */
  readonly onEvent: (event: HistoryEvent) => void;
  /** Stops the execution. */
  readonly signal: AbortSignal;
}

export interface MachineOutcome {
  readonly executionArn: string;
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  /** JSON text. */
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly durationMs: number;
}

const FIRST_LOOK_MS = 5;
const MAX_LOOK_MS = 250;

export async function runMachine(run: MachineRun): Promise<MachineOutcome> {
  const client = new SFNClient({
    ...clientOptions(run.address),
    // StartSyncExecution goes to `sync-<host>`, which is no host name where the host is an address.
    disableHostPrefix: run.address.endpoint !== undefined,
  });
  try {
    return await (run.machine.type === "EXPRESS" ? runExpress(client, run) : runStandard(client, run));
  } finally {
    client.destroy();
  }
}

async function runExpress(client: SFNClient, { machine, input, signal }: MachineRun): Promise<MachineOutcome> {
  const command = new StartSyncExecutionCommand({ stateMachineArn: machine.arn, input });
  const ended = await client.send(command, { abortSignal: signal });
  const { executionArn = "", status = "FAILED", output, error, cause, startDate, stopDate } = ended;
  const durationMs = (stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0);
  return { executionArn, status, output, error, cause, durationMs };
}

async function runStandard(client: SFNClient, run: MachineRun): Promise<MachineOutcome> {
  const { executionArn = "" } = await client.send(
    new StartExecutionCommand({ stateMachineArn: run.machine.arn, input: run.input }),
  );
  const history = new HistoryReader(client, executionArn, run.onEvent);
  let stopped = false;
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(MAX_LOOK_MS, lookMs * 2)) {
    if (run.signal.aborted && !stopped) {
      stopped = true;
      await client.send(new StopExecutionCommand({ executionArn, error: "Interrupted", cause: "lambda-run execute" }));
    }
    // In this order: what happens in between is told by the next look.
    const ended = await client.send(new DescribeExecutionCommand({ executionArn }));
    if (await history.read()) lookMs = FIRST_LOOK_MS;
    const { status, output, error, cause, startDate, stopDate } = ended;
    if (status !== undefined && status !== "RUNNING" && status !== "PENDING_REDRIVE") {
      const durationMs = (stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0);
      return { executionArn, status, output, error, cause, durationMs };
    }
    await pause(lookMs, run.signal);
  }
}

/** Reads on where it stopped: the last page is read again, what was on it is not told again. */
class HistoryReader {
  readonly #client: SFNClient;
  readonly #executionArn: string;
  readonly #onEvent: (event: HistoryEvent) => void;
  #page: string | undefined;
  #lastId = 0;

  constructor(client: SFNClient, executionArn: string, onEvent: (event: HistoryEvent) => void) {
    this.#client = client;
    this.#executionArn = executionArn;
    this.#onEvent = onEvent;
  }

  /** Whether there was news. */
  async read(): Promise<boolean> {
    const before = this.#lastId;
    for (;;) {
      const command = new GetExecutionHistoryCommand({
        executionArn: this.#executionArn,
        maxResults: 1000,
        nextToken: this.#page,
      });
      const { events = [], nextToken } = await this.#client.send(command);
      for (const event of events) {
        if (event.id === undefined || event.id <= this.#lastId) continue;
        this.#lastId = event.id;
        this.#onEvent(event);
      }
      if (nextToken === undefined) return this.#lastId > before;
      this.#page = nextToken;
    }
  }
}

/** Real time, and kept waiting for: the process has nothing else to do. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake, { once: true });
  });
}
