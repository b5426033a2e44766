/** Writes the history of a stack: listens to invocations and to the bus. */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import type { FunctionConfig } from "../../config/function-config.js";
import type { InvocationObserver, InvocationOutcome, InvokeResult } from "../../runtime/types.js";
import type { Bus, EndedExecution, ObjectEvent } from "../../shared/bus.js";
import { realClock, type Cancel, type Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import { Throttles } from "../../sources/http/throttle.js";
import { HistoryFile, historyFolder } from "./history-file.js";
import type { ExecutionRecord, KeptInvocation } from "./records.js";

/** Answers and logs beyond this are cut: the event is what a replay needs. */
const MAX_TEXT = 64 * 1024;
const KINDS = ["ObjectCreated", "ObjectRemoved"] as const;
/**
 * Successes beyond this are counted and not kept: a load test of some seconds would push out everything before it, and
 * writing each down takes a quarter of what an invocation costs.
 */
const SUCCESSES = { burstLimit: 5000, rateLimit: 1000 } as const;
/** How often is told what was left out. */
const LEFT_OUT_PERIOD_MS = 1000;

export class HistoryRecorder {
  readonly observer: InvocationObserver;
  readonly #file: HistoryFile;
  readonly #unsubscribe: (() => void)[];
  readonly #clock: Clock;
  readonly #throttles: Throttles;
  #leftOut = 0;
  #cancelTelling: Cancel | undefined;

  constructor(stateFolder: string, bus: Bus, notice: (text: string) => void, clock: Clock = realClock) {
    this.#clock = clock;
    this.#throttles = new Throttles(clock);
    this.#file = new HistoryFile(historyFolder(stateFolder), notice);
    this.observer = {
      started: () => undefined,
      ended: (config, id, { payload }, outcome) => {
        const success = "result" in outcome && outcome.result.functionError === undefined;
        if (success && !this.#throttles.take("successes", SUCCESSES)) this.#leaveOut();
        else this.#file.add(keptInvocation(config, id, payload, outcome));
      },
    };
    this.#unsubscribe = [
      ...KINDS.map((kind) => bus.on(kind, (event) => this.#object(kind, event))),
      bus.on("ExecutionEnded", (event) => {
        const record = keptExecution(event);
        if (record.status === "SUCCEEDED" && !this.#throttles.take("successes", SUCCESSES)) this.#leaveOut();
        else this.#file.add(record);
      }),
      bus.on("MessageFiltered", (event) => this.#file.add({ kind: "filtered", timeMs: Date.now(), ...event })),
    ];
  }

  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#tellLeftOut();
    await this.#file.close();
  }

  #leaveOut(): void {
    this.#leftOut += 1;
    this.#cancelTelling ??= this.#clock.after(LEFT_OUT_PERIOD_MS, () => this.#tellLeftOut());
  }

  #tellLeftOut(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    const count = this.#leftOut;
    this.#leftOut = 0;
    if (count > 0) this.#file.add({ kind: "left-out", id: randomUUID(), timeMs: Date.now(), count });
  }

  #object(kind: (typeof KINDS)[number], { bucket, key, action, sequencer, timeMs }: ObjectEvent): void {
    this.#file.add({ kind: "object", id: randomUUID(), timeMs, name: `s3:${kind}:${action}`, bucket, key, sequencer });
  }
}

/** One invocation as the history keeps it. */
export function keptInvocation(
  config: FunctionConfig,
  id: string,
  payload: Buffer,
  outcome: InvocationOutcome,
): KeptInvocation {
  const { status, durationMs, maxMemoryUsedMb, initDurationMs, errorType, errorMessage, result, logs } =
    "result" in outcome ? endingOf(outcome.result) : faultOf(outcome.error);
  return {
    kind: "invocation",
    id,
    timeMs: Date.now(),
    functionName: config.name,
    handler: config.code.kind === "bundle" ? handlerOf(config.code, config.handler) : undefined,
    event: config.durable === undefined ? payload.toString("utf8") : begunWith(payload),
    status,
    durationMs,
    maxMemoryUsedMb,
    initDurationMs,
    errorType,
    errorMessage,
    result,
    logs,
  };
}

/** What began the execution: of an invocation of a durable function, all else is between Lambda and AWS's SDK. */
function begunWith(payload: Buffer): string {
  const { InitialExecutionState: state } = JSON.parse(payload.toString("utf8")) as {
    readonly InitialExecutionState?: {
      readonly Operations: readonly { readonly ExecutionDetails?: { readonly InputPayload?: string } }[];
    };
  };
  return state?.Operations[0]?.ExecutionDetails?.InputPayload ?? "";
}

export function keptExecution({ startMs, stopMs, output, cause, ...rest }: EndedExecution): ExecutionRecord {
  return {
    kind: "execution",
    timeMs: Date.now(),
    durationMs: stopMs - startMs,
    output: output === undefined ? undefined : cut(output),
    cause: cause === undefined ? undefined : cut(cause),
    ...rest,
  };
}

type Ending = Omit<KeptInvocation, "kind" | "id" | "timeMs" | "functionName" | "handler" | "event">;

const faultOf = (error: unknown): Ending => ({
  status: "failed",
  durationMs: 0,
  errorMessage: messageOf(error),
  result: "",
  logs: "",
});

function endingOf({ functionError, report, payload, logs }: InvokeResult): Ending {
  const answer = payload.toString("utf8");
  const { errorType, errorMessage } = functionError === undefined ? NO_FAILURE : failureIn(answer);
  const { durationMs, maxMemoryUsedMb, initDurationMs } = report;
  // What a handler throws is a success of the platform's.
  const status = functionError !== undefined && report.status === "success" ? "error" : report.status;
  const result = cut(answer);
  return { status, durationMs, maxMemoryUsedMb, initDurationMs, errorType, errorMessage, result, logs: cut(logs) };
}

const handlerOf = (code: { readonly root: string; readonly handlerFile: string }, handler: string): string =>
  `${resolve(code.root, code.handlerFile)}:${handler.slice(handler.lastIndexOf(".") + 1)}`;

type Failure = Pick<KeptInvocation, "errorType" | "errorMessage">;

const NO_FAILURE: Failure = {};

function failureIn(answer: string): Failure {
  try {
    const { errorType, errorMessage } = JSON.parse(answer) as Failure;
    return { errorType, errorMessage };
  } catch {
    return { errorMessage: answer };
  }
}

const cut = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`);
