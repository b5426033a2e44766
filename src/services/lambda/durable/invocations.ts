/** The invocations of an execution, one at a time: the event, the function, and what its answer makes of the execution. */
import { randomUUID } from "node:crypto";
import { invokeOnce } from "../../../runtime/invoke.js";
import { Throttled } from "../../../runtime/limits/concurrency.js";
import type { InvokeResult } from "../../../runtime/types.js";
import { AppError, messageOf } from "../../../shared/errors.js";
import { closeExecution } from "./close.js";
import type { DurableContext } from "./context.js";
import type { Draft, Execution } from "./draft.js";
import { errorOfFunction, invocationEvent, isAwaited, readAnswer } from "./envelope.js";
import { isClosed, type ErrorObject } from "./rows.js";

/** How an invocation went: answered or failed, not begun for now, or never to be begun. */
type Outcome =
  | { readonly result: InvokeResult }
  | { readonly throttled: Throttled }
  | { readonly impossible: ErrorObject };

/** Told of each invocation of one execution. */
export interface Told {
  result(result: InvokeResult): void;
  /** The function cannot be run at all. */
  impossible(error: unknown): void;
}

/** Waits before the second attempt and those after it. */
const RETRY_DELAYS_MS = [1000, 2000, 4000, 8000] as const;
const THROTTLED_MS = 1000;
const MAX_THROTTLED_MS = 5 * 60_000;

interface Changes {
  change<T>(execution: Execution, work: (draft: Draft) => T): Promise<T>;
}

export class Invocations {
  readonly #context: DurableContext;
  readonly #executions: Changes;
  readonly #told = new Map<string, Told>();
  /** Grows when all are forgotten: answers to what was begun before are nobody's. */
  #age = 0;

  constructor(context: DurableContext, executions: Changes) {
    this.#context = context;
    this.#executions = executions;
  }

  tell(id: string, told: Told): void {
    this.#told.set(id, told);
  }

  untell(id: string): void {
    this.#told.delete(id);
  }

  forget(): void {
    this.#age += 1;
  }

  run(execution: Execution): void {
    this.#run(execution).catch((error: unknown) =>
      this.#context.log.error({ err: error, arn: execution.row.arn }, "a durable function could not be invoked"),
    );
  }

  async #run(execution: Execution): Promise<void> {
    const age = this.#age;
    const event = await this.#executions.change(execution, begin);
    if (event === undefined || age !== this.#age) return;
    const outcome = await this.#invoke(execution, event);
    if (age !== this.#age) return;
    await this.#executions.change(execution, (draft) => end(draft, outcome));
    const { row } = execution;
    if (!isClosed(row) && !row.isDue && row.invocation === undefined)
      this.#context.surroundings.suspended(row, [...execution.operations.values()].filter(isAwaited));
  }

  async #invoke({ row }: Execution, payload: Buffer): Promise<Outcome> {
    const { directory, host } = this.#context;
    const told = this.#told.get(row.id);
    const config = directory.version(row.functionName, row.version)?.config;
    if (config === undefined)
      return {
        impossible: { ErrorMessage: `Function not found: ${row.functionArn}`, ErrorType: "ResourceNotFoundException" },
      };
    const { traceHeader, clientContext, version: qualifier } = row;
    const request = { payload, requestId: randomUUID(), traceHeader, clientContext, qualifier };
    try {
      const result = await invokeOnce(host, config, request);
      told?.result(result);
      return { result };
    } catch (error) {
      if (error instanceof Throttled) return { throttled: error };
      told?.impossible(error);
      const why = error instanceof AppError ? `${error.what}. ${error.fix}` : messageOf(error);
      return { impossible: { ErrorMessage: why, ErrorType: "ServiceException" } };
    }
  }
}

/** The event; undefined when there is nothing to do any more. */
function begin(draft: Draft): Buffer | undefined {
  const { row } = draft;
  if (isClosed(row) || !row.isDue || row.invocation !== undefined) return undefined;
  const updated = draft.unseen().map(({ id }) => id);
  draft.set({
    invocation: { id: randomUUID(), startMs: draft.nowMs, sequence: 0 },
    isDue: false,
    retryMs: undefined,
    seen: row.changes,
  });
  return invocationEvent(draft.row, draft.operations(), updated);
}

function end(draft: Draft, outcome: Outcome): void {
  const { invocation } = draft.row;
  if (invocation === undefined) return;
  const completed = (requestId: string, error?: ErrorObject): void =>
    draft.event("InvocationCompleted", undefined, {
      StartTimestamp: invocation.startMs,
      EndTimestamp: draft.nowMs,
      RequestId: requestId,
      ...(error === undefined ? {} : { Error: { Payload: error } }),
    });
  const isOver = isClosed(draft.row);
  draft.set({ invocation: undefined });
  if ("impossible" in outcome) {
    if (!isOver) closeExecution(draft, { status: "FAILED", error: outcome.impossible });
  } else if ("throttled" in outcome) {
    if (!isOver) waitForRoom(draft);
  } else if (isOver) completed(outcome.result.requestId);
  else if (outcome.result.functionError !== undefined) fail(draft, outcome.result, completed);
  else take(draft, outcome.result, completed);
}

/** As asynchronous events wait when their function is throttled. */
function waitForRoom(draft: Draft): void {
  const { refusals } = draft.row;
  const delayMs = Math.min(MAX_THROTTLED_MS, THROTTLED_MS * 2 ** refusals);
  draft.set({ refusals: refusals + 1, retryMs: draft.nowMs + delayMs, isDue: false });
}

type Completed = (requestId: string, error?: ErrorObject) => void;

function fail(draft: Draft, { payload, requestId }: InvokeResult, completed: Completed): void {
  const error = errorOfFunction(payload);
  completed(requestId, error);
  const delayMs = RETRY_DELAYS_MS[draft.row.failures];
  if (delayMs === undefined) closeExecution(draft, { status: "FAILED", error });
  else draft.set({ failures: draft.row.failures + 1, retryMs: draft.nowMs + delayMs, isDue: false });
}

function take(draft: Draft, { payload, requestId }: InvokeResult, completed: Completed): void {
  const answer = readAnswer(payload, draft);
  if ("fault" in answer) {
    const error = { ErrorMessage: answer.fault, ErrorType: "InvalidParameterValueException" };
    completed(requestId, error);
    closeExecution(draft, { status: "FAILED", error });
    return;
  }
  completed(requestId, answer.status === "FAILED" ? answer.error : undefined);
  // What came while it ran, and what it was told of by a checkpoint, is no reason to invoke it again.
  draft.set({ failures: 0, refusals: 0, isDue: draft.row.changes > draft.row.seen });
  if (answer.status !== "PENDING") closeExecution(draft, answer);
}
