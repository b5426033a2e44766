/**
 * Lambda's queue of asynchronous events: at least once, retries after one and two minutes when the function fails, and
 * patience with throttles, up to the age at which Lambda gives an event up. Then destinations and dead-letter queues.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import { randomUUID } from "node:crypto";
import type { FunctionConfig } from "../../config/function-config.js";
import type { RuntimeHost } from "../../runtime/host.js";
import { invoke } from "../../runtime/invoke.js";
import type { InvokeRequest, InvokeResult } from "../../runtime/types.js";
import { AwsError } from "../../services/kit/aws-error.js";
import type { StateStore } from "../../services/kit/state-store.js";
import { continueTrace, traceOfEvent, type AsyncSettings } from "../../services/lambda/index.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import { realClock, type Cancel, type Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncInvoker, AsyncOptions } from "./async-invoker.js";
import { AsyncQueueStore, type AsyncEvent, type OutcomeCondition, type QueuedEvent } from "./queue-store.js";

/** Waits before the second and the third attempt. */
const RETRY_DELAYS_MS = [60_000, 120_000] as const;
/** "Lambda retries for up to 6 hours by default. The retry interval increases exponentially from 1 second to a maximum of 5 minutes." */
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 5 * 60_000;
/** Events of all functions that run at once; the rest waits on disk and not in memory. */
const MAX_RUNNING = 50;
const CLOSE_GRACE_MS = 2000;

/** How an event left the queue. */
export interface AsyncOutcome {
  readonly event: AsyncEvent;
  readonly condition: OutcomeCondition;
  /** Attempts, the last included. */
  readonly invokeCount: number;
  /** Of the last attempt; absent when none ran. */
  readonly result?: InvokeResult;
}

export interface AsyncFunctions {
  resolve(name: string, qualifier: string | undefined): FunctionConfig | undefined;
  asyncSettings(name: string, qualifier: string | undefined): AsyncSettings;
  endsRecursion(name: string): boolean;
}

export interface DurableInvokerOptions {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly host: RuntimeHost;
  readonly log: Logger;
  readonly realm: Realm;
  /** Asked anew for every attempt: code, versions and settings may have changed since the event came. */
  readonly functions: AsyncFunctions;
  /** Runs before the event is forgotten (dead letters, destinations); when it rejects, it runs again later. */
  readonly onOutcome?: (outcome: AsyncOutcome) => Promise<void>;
}

export class DurableInvoker implements AsyncInvoker {
  readonly #options: DurableInvokerOptions;
  readonly #queue: AsyncQueueStore;
  readonly #work = new Set<Promise<void>>();
  #timer: Cancel | undefined;
  #closed = false;
  #abandoned = false;

  /** Goes on with the events that an earlier process left. */
  constructor(options: DurableInvokerOptions) {
    this.#options = options;
    this.#queue = new AsyncQueueStore(options.store);
    this.#pump();
  }

  async enqueue(functionName: string, payload: Buffer, options: AsyncOptions = {}): Promise<void> {
    const nowMs = this.#options.clock.now();
    const { requestId = randomUUID(), enqueuedMs = nowMs, ...rest } = options;
    await this.#queue.add(
      {
        ...rest,
        requestId,
        functionName,
        payload: payload.toString("utf8"),
        enqueuedMs,
        attempts: 0,
        refusals: 0,
      },
      nowMs,
    );
    this.#pump();
  }

  /** Events that wait or run. */
  get size(): number {
    return this.#queue.size;
  }

  /** Resolves when no event is under way and none is due: those that are left wait for their time. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** Forgets the events that wait; those that run end, and are not tried again. */
  async reset(): Promise<void> {
    this.#timer?.();
    this.#timer = undefined;
    await this.#queue.clear();
  }

  /** Starts no more and waits a moment for those that run. Events that are not through are found by the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.();
    // Real time: this waits for real processes.
    await Promise.race([Promise.all(this.#work), realClock.sleep(CLOSE_GRACE_MS)]);
    this.#abandoned = true;
  }

  #pump(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#closed) return;
    const room = MAX_RUNNING - this.#queue.taken;
    if (room <= 0) return;
    const { clock } = this.#options;
    const nowMs = clock.now();
    const { due, nextMs } = this.#queue.take(room, nowMs);
    if (nextMs !== undefined) this.#timer = clock.after(nextMs - nowMs, () => this.#pump());
    for (const queued of due) this.#start(queued);
  }

  #start(queued: QueuedEvent): void {
    const work = this.#attempt(queued)
      .then(
        () => this.#pump(),
        (error: unknown) => {
          this.#options.log.error({ err: error }, "an asynchronous event could not be worked on");
          // Its row is as it was: without a pause it would be tried again and again in a circle.
          this.#options.clock.after(FIRST_BACKOFF_MS, () => {
            this.#queue.putBack(queued.key);
            this.#pump();
          });
        },
      )
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async #attempt({ key, event }: QueuedEvent): Promise<void> {
    const { clock, host, log, realm, functions } = this.#options;
    if (event.outcome !== undefined) return this.#leave(key, restoredOutcome(event, event.outcome));
    const config = functions.resolve(event.functionName, event.qualifier);
    if (config === undefined) {
      log.warn(
        { functionName: event.functionName },
        "an asynchronous event names a function that is not there; it is dropped",
      );
      await this.#queue.settle(key);
      return;
    }
    const settings = functions.asyncSettings(event.functionName, event.qualifier);
    const giveUpMs = event.enqueuedMs + settings.maximumEventAgeSeconds * 1000;
    if (clock.now() >= giveUpMs)
      return this.#leave(key, { event, condition: "EventAgeExceeded", invokeCount: event.attempts });
    // "To stop processing events, set the reserved concurrency to 0": such events are not kept waiting.
    if (config.reservedConcurrency === 0)
      return this.#leave(key, { event, condition: "ZeroReservedConcurrency", invokeCount: 0 });
    const { traceHeader, ...untraced } = event;
    const { requestId, enqueuedMs } = event;
    const received = traceHeader ?? traceOfEvent(requestId, enqueuedMs);
    const trace = continueTrace(received, arnOf.function(realm, event.functionName), clock.now());
    if (trace.endless && functions.endsRecursion(event.functionName)) {
      return this.#leave(key, { event, condition: "RecursiveInvocation", invokeCount: event.attempts });
    }
    const { payload: body, qualifier, clientContext } = event;
    const request = { payload: Buffer.from(body), requestId, traceHeader: trace.header, qualifier, clientContext };
    if (config.durable !== undefined) return this.#beginExecution(key, config, request);
    let result: InvokeResult;
    try {
      result = await invoke(host, config, request);
    } catch (error) {
      // Throttled, or not to be started: the function has not run.
      if (this.#abandoned) return;
      log.warn({ functionName: event.functionName, reason: messageOf(error) }, "an asynchronous event is tried again");
      const dueMs = clock.now() + Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** event.refusals);
      if (dueMs >= giveUpMs)
        return this.#leave(key, { event, condition: "EventAgeExceeded", invokeCount: event.attempts });
      await this.#queue.settle(key, { event: { ...event, refusals: event.refusals + 1 }, dueMs });
      return;
    }
    if (this.#abandoned) return;
    const attempts = event.attempts + 1;
    // What comes of it belongs to the chain in which the function ran. (Spreads last: CONTRIBUTING.md says why.)
    const outcome = { event: { traceHeader: trace.header, ...untraced }, invokeCount: attempts, result };
    if (result.functionError === undefined) return this.#leave(key, { condition: "Success", ...outcome });
    const delayMs = attempts > settings.maximumRetryAttempts ? undefined : RETRY_DELAYS_MS[event.attempts];
    if (delayMs === undefined) return this.#leave(key, { condition: "RetriesExhausted", ...outcome });
    const dueMs = clock.now() + delayMs;
    // An event that would be too old by then is given up at once (recorded).
    if (dueMs >= giveUpMs) return this.#leave(key, { condition: "EventAgeExceeded", ...outcome });
    await this.#queue.settle(key, { event: { ...event, attempts, refusals: 0 }, dueMs });
  }

  /** A durable function tries again by itself: its event is through when its execution is kept. */
  async #beginExecution(
    key: QueuedEvent["key"],
    config: FunctionConfig,
    request: InvokeRequest & { readonly requestId: string },
  ): Promise<void> {
    const { host, log } = this.#options;
    try {
      await host.durable.begin(config, request);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log.warn(
        { functionName: config.name, reason: error.message },
        "a durable function refuses an event; it is dropped",
      );
    }
    await this.#queue.settle(key);
  }

  async #leave(key: QueuedEvent["key"], outcome: AsyncOutcome): Promise<void> {
    if (outcome.condition !== "Success") {
      this.#options.log.warn(
        { functionName: outcome.event.functionName, requestId: outcome.event.requestId, condition: outcome.condition },
        "an asynchronous event was given up",
      );
    }
    try {
      await this.#options.onOutcome?.(outcome);
    } catch (error) {
      if (this.#abandoned) return;
      this.#options.log.warn(
        { functionName: outcome.event.functionName, reason: messageOf(error) },
        "a destination could not be reached; it is tried again",
      );
      await this.#queue.settle(key, {
        event: { ...outcome.event, outcome: storedOutcome(outcome) },
        dueMs: this.#options.clock.now() + FIRST_BACKOFF_MS,
      });
      return;
    }
    await this.#queue.settle(key);
  }
}

/** What is told about an event that is through, kept while its destination cannot be reached. */
function storedOutcome({ condition, invokeCount, result }: AsyncOutcome): NonNullable<AsyncEvent["outcome"]> {
  return {
    condition,
    invokeCount,
    ...(result === undefined ? {} : { result: { ...result, logs: "", payload: result.payload.toString("utf8") } }),
  };
}

function restoredOutcome(
  event: AsyncEvent,
  { condition, invokeCount, result }: NonNullable<AsyncEvent["outcome"]>,
): AsyncOutcome {
  return {
    event,
    condition,
    invokeCount,
    ...(result === undefined ? {} : { result: { ...result, payload: Buffer.from(result.payload) } }),
  };
}
