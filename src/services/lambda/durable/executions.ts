/**
 * # Durable functions
 *
 * Mimics: durable executions of Lambda functions, with the API of 2025-12-01. Sources, read in November 2026: the API
 * model (AWS SDK for JavaScript 3.1162), the Lambda developer guide on durable functions, and the contracts of AWS's open
 * packages `@aws/durable-execution-sdk-js` 2.4.0 (which runs unmodified in the tests, on Node 20 too),
 * `@aws/durable-execution-sdk-js-testing` 1.1.4 and the SDKs for Go, Java, .NET and Python (3.0.0 of which ran unmodified,
 * too, by hand).
 *
 * Gaps:
 * - `TenantId` of a chained invocation is refused by name; `XAmznTraceId` of one is not looked at, it continues the trace
 *   of the execution; `KMSKeyArn` is kept and shown, and nothing is encrypted with it
 * - DeleteDurableExecution, PauseDurableExecution and ResumeDurableExecution, which the SDKs do not have yet: answered with
 *   UnknownOperationException by name
 * - InvokeWithResponseStream refuses durable functions
 * - CloudWatch metrics of durable executions are not made; tokens of pages do not expire; quotas on the number of
 *   operations and bytes of an execution do not hold
 * - Runtimes that AWS does not offer for durable functions are not refused
 *
 * By design:
 * - An execution is one row, and one for each operation and event: a checkpoint is answered when they are written in one
 *   transaction. What survives `kill -9` goes on with the next `start`; an invocation that was cut off is made again.
 * - Time is the stack's: with a virtual clock a wait of days takes none. Timers inside the function (a branch that waits
 *   while another one works) are those of its process, which has real time.
 * - An invocation that fails (an error of the function, not its answer) is tried again after 1, 2, 4 and 8 seconds, then the
 *   execution fails; AWS does so for some minutes. One that is throttled is tried until the execution times out.
 * - A function that cannot be built or started fails the execution at once, with what is wrong with it.
 * - `lambda-run invoke` and `stack.invoke` mean $LATEST where no qualifier is given, and wait as long as it takes.
 * - A running execution keeps its version; of functions of the template every version runs the source as it is now. It
 *   keeps the timeout, too, that the function had at its start.
 *
 * Client quirks:
 * - The JavaScript SDK 2.4.0 knows a stale token by `Invalid Checkpoint Token`, which AWS does not write so; it fails the
 *   execution where later ones end the invocation.
 * - Its large results (beyond 6 MB less 50 bytes) come as a checkpoint of the execution, with an id of its own.
 *
 * Unverified:
 * - Second hand, from what other emulators and users say they saw on AWS: the texts about tokens, callbacks, names in use,
 *   markers, unknown executions, and those of refused updates; that an execution without a payload has no input where it is
 *   chained, that a chained function runs though the execution ends with the same checkpoint, that Stop of one that has
 *   ended gives the time of its end, and that a child goes on when its parent is stopped
 * - In words of our own: DurableConfig for a function that was made without one, and without ExecutionTimeout
 * - The code of a dead letter of an execution, and its message; that names are unique per function and not per account
 * - That a state page holds 4 MB; the default of IncludeExecutionData (true, as the model says)
 */
import type { FunctionConfig } from "../../../config/function-config.js";
import { messageOf } from "../../../shared/errors.js";
import type { Cancel } from "../../../shared/clock.js";
import { asChained, callChained, endChained, type ChainedCall } from "./chained.js";
import type { DurableContext } from "./context.js";
import { Draft, Execution } from "./draft.js";
import { alreadyStarted } from "./errors.js";
import { Invocations } from "./invocations.js";
import { newExecution, type StartOptions } from "./new-execution.js";
import { isClosed, isOpen, type ExecutionRow } from "./rows.js";
import { tellStatus } from "./status-change.js";
import { DurableStore } from "./store.js";
import { fireDue, nextDueMs, timeOut } from "./timers.js";

/** Waits before a dead letter is tried again. */
const LETTER_RETRY_MS = 60_000;

export class DurableExecutions {
  readonly store: DurableStore;
  readonly #context: DurableContext;
  readonly #invocations: Invocations;
  /** Those that run, or whose last invocation does. */
  readonly #live = new Map<string, Execution>();
  readonly #timers = new Map<string, Cancel>();
  readonly #waiting = new Map<string, Set<(row: ExecutionRow) => void>>();
  /** Running ones of an earlier process, not looked through yet for what has to be called again. */
  readonly #adopted = new Set<string>();
  /** Whose dead letters are on their way. */
  readonly #paying = new Set<string>();
  /** Counts from one: the store has no place for minus nought. */
  #started = 0;
  #closed = false;

  constructor(context: DurableContext) {
    this.#context = context;
    this.store = new DurableStore(context.store());
    this.#invocations = new Invocations(context, this);
  }

  /** ARNs of those that run in this process. */
  running(): readonly string[] {
    return [...this.#live.values()].filter(({ row }) => !isClosed(row)).map(({ row }) => row.arn);
  }

  /** Undefined when there is none, or its retention is over. */
  row(id: string): ExecutionRow | undefined {
    return this.#live.get(id)?.row ?? this.store.execution(id, this.#context.clock.now());
  }

  execution(id: string): Execution | undefined {
    const live = this.#live.get(id);
    const row = live?.row ?? this.row(id);
    if (live !== undefined || row === undefined) return live;
    if (isClosed(row)) return new Execution(row, this.store.operations(id));
    // An earlier process left it: the environment that was at work is gone, and its token holds no more.
    const cutOff = row.invocation !== undefined && row.retryMs === undefined;
    const adopted = Object.assign(Object.assign({}, row), { invocation: undefined, isDue: row.isDue || cutOff });
    const execution = new Execution(adopted, this.store.operations(id));
    this.#live.set(id, execution);
    this.#adopted.add(id);
    return execution;
  }

  /** Resolves when it is written. Throws DurableExecutionAlreadyStartedException. */
  async start(config: FunctionConfig, options: StartOptions): Promise<ExecutionRow> {
    const { clock } = this.#context;
    const { execution, isNew } = await this.store.write(() => {
      this.store.sweep(clock.now());
      const named = options.name === undefined ? undefined : this.store.named(config.name, options.name, clock.now());
      const execution = named && this.execution(named.id);
      if (execution === undefined) return { execution: this.#begin(config, options), isNew: true };
      const { row, input } = execution;
      if (row.version !== config.version || input !== options.input) throw alreadyStarted(row.arn);
      return { execution, isNew: false };
    });
    if (options.told !== undefined && !isClosed(execution.row)) this.#invocations.tell(execution.row.id, options.told);
    if (isNew) this.#began(execution);
    return execution.row;
  }

  /** Resolves at its end. */
  ended(row: ExecutionRow): Promise<ExecutionRow> {
    const now = this.row(row.id);
    if (now === undefined || isClosed(now)) return Promise.resolve(now ?? row);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(row.id) ?? new Set();
      this.#waiting.set(row.id, waiting.add(resolve));
    });
  }

  /**
   * Changes an execution: `work` on a draft, checked and written in one transaction. What follows from it - invocations,
   * timers, an end that somebody waits for - follows when it is written. `work` says when functions that it chained are
   * to be found: their executions begin in the same transaction.
   */
  async change<T>(execution: Execution, work: (draft: Draft, findCalled: () => void) => T): Promise<T> {
    const written = await this.store.write(() => {
      const draft = new Draft(execution, this.#context.clock.now());
      const calls: (ChainedCall & { readonly child?: Execution })[] = [];
      const result = work(draft, () => calls.push(...draft.calls.map((id) => this.#call(draft, id))));
      return { result, calls, changed: this.#commit(draft, execution) };
    });
    for (const changed of written.changed) this.#settle(changed.execution, changed.hasEnded);
    for (const call of written.calls) if (call.child !== undefined) this.#began(call.child);
    for (const call of written.calls) if (call.plain !== undefined) this.#run(execution, call);
    return written.result;
  }

  /** Goes on with what an earlier process left. */
  async resume(): Promise<void> {
    for (const id of this.store.running()) {
      const execution = this.execution(id);
      const isLeft = this.#adopted.delete(id) || (execution !== undefined && isClosed(execution.row));
      if (execution === undefined || !isLeft) continue;
      await this.change(execution, () => undefined);
      if (isClosed(execution.row)) continue;
      for (const operation of execution.operations.values())
        if (operation.type === "CHAINED_INVOKE" && isOpen(operation) && operation.childArn === undefined)
          this.#run(execution, callChained(this.#context, operation));
    }
  }

  /** Forgets them all. */
  async reset(): Promise<void> {
    this.#invocations.forget();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    const stopped = { status: "STOPPED" as const, error: { ErrorMessage: "The stack has been reset." } };
    for (const [id, waiting] of this.#waiting) {
      const row = this.row(id);
      if (row !== undefined) for (const done of waiting) done(Object.assign(Object.assign({}, row), stopped));
    }
    this.#waiting.clear();
    this.#live.clear();
    this.#adopted.clear();
    this.#paying.clear();
    await this.store.clear();
  }

  /** Begins no more: what runs goes on with the next process. */
  close(): void {
    this.#closed = true;
    this.#invocations.forget();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** Within a transaction. */
  #begin(config: FunctionConfig, options: StartOptions): Execution {
    const { realm, clock } = this.#context;
    const { execution, draft } = newExecution({ config, options, realm, nowMs: clock.now(), place: ++this.#started });
    draft.commit(this.store);
    this.store.add(draft.row);
    return execution;
  }

  #began(execution: Execution): void {
    this.#live.set(execution.row.id, execution);
    tellStatus(this.#context, execution.row);
    this.#settle(execution, false);
  }

  /** With its end, the operation of the one that began it ends in the same transaction. */
  #commit(draft: Draft, execution: Execution): { readonly execution: Execution; readonly hasEnded: boolean }[] {
    const hasEnded = isClosed(draft.row) && !isClosed(execution.row);
    draft.commit(this.store);
    const changed = [{ execution, hasEnded }];
    const { parent } = draft.row;
    if (!hasEnded || parent === undefined) return changed;
    const above = this.execution(parent.id);
    if (above === undefined) return changed;
    const next = new Draft(above, draft.nowMs);
    endChained(next, parent.operationId, asChained(draft.row));
    return [...changed, ...this.#commit(next, above)];
  }

  /** Within a transaction: finds what a chained invocation calls, and begins the execution if that is one. */
  #call(draft: Draft, operationId: string): ChainedCall & { readonly child?: Execution } {
    const operation = draft.get(operationId);
    if (operation === undefined) throw new Error(`there is no operation ${operationId}`);
    const call = callChained(this.#context, operation);
    const { config, outcome } = call;
    const base = { FunctionName: operation.functionName };
    if (config === undefined) {
      draft.event("ChainedInvokeStarted", operation, base);
      if (outcome !== undefined) endChained(draft, operationId, outcome);
      return call;
    }
    const called = { ...base, Input: { Payload: operation.input }, ExecutedVersion: config.version };
    if (config.durable === undefined) {
      draft.event("ChainedInvokeStarted", operation, called);
      return call;
    }
    const { id, traceHeader } = draft.row;
    const parent = { id, operationId };
    const child = this.#begin(config, { input: operation.input, isAsync: true, traceHeader, parent });
    draft.amend(operation, { childArn: child.row.arn });
    draft.event("ChainedInvokeStarted", operation, { ...called, DurableExecutionArn: child.row.arn });
    return { ...call, child };
  }

  /** Its outcome is a change like any other; that of an execution that has ended meanwhile is nobody's. */
  #run(execution: Execution, call: ChainedCall): void {
    if (call.plain === undefined) {
      const { outcome } = call;
      if (outcome !== undefined) this.#apply(execution, (draft) => endChained(draft, call.operationId, outcome));
      return;
    }
    call.plain(execution.row).then(
      (outcome) => this.#apply(execution, (draft) => endChained(draft, call.operationId, outcome)),
      (error: unknown) => this.#context.log.error({ err: error }, "a chained function could not be called"),
    );
  }

  #apply(execution: Execution, work: (draft: Draft) => void): void {
    if (this.#closed || this.#live.get(execution.row.id) !== execution) return;
    this.change(execution, work).catch((error: unknown) =>
      this.#context.log.error({ err: error, arn: execution.row.arn }, "a durable execution could not be changed"),
    );
  }

  /** What follows from a change. */
  #settle(execution: Execution, hasEnded: boolean): void {
    const { row } = execution;
    this.#timers.get(row.id)?.();
    this.#timers.delete(row.id);
    if (hasEnded) {
      for (const done of this.#waiting.get(row.id) ?? []) done(row);
      this.#waiting.delete(row.id);
      this.#context.surroundings.ended(row, execution.input ?? "");
      tellStatus(this.#context, row);
    }
    if (this.#closed) return;
    if (isClosed(row)) {
      if (row.invocation === undefined) {
        this.#live.delete(row.id);
        this.#invocations.untell(row.id);
      }
      this.#payLetter(execution);
      return;
    }
    // A parent that was asleep may have been loaded for the end of its child.
    this.#live.set(row.id, execution);
    if (row.isDue && row.invocation === undefined) this.#invocations.run(execution);
    this.#setTimer(execution);
  }

  #setTimer(execution: Execution): void {
    const { clock } = this.#context;
    const dueMs = nextDueMs(execution);
    if (dueMs === undefined) return;
    const fire = (): void => this.#apply(execution, (draft) => this.#fire(draft));
    // What was due while no process ran does not wait for a clock that stands still.
    if (dueMs <= clock.now()) fire();
    else this.#timers.set(execution.row.id, clock.after(dueMs - clock.now(), fire));
  }

  #fire(draft: Draft): void {
    if (isClosed(draft.row) || timeOut(draft)) return;
    const fired = fireDue(draft);
    const { retryMs, invocation } = draft.row;
    const isRetry = retryMs !== undefined && retryMs <= draft.nowMs && invocation === undefined;
    if (isRetry) draft.set({ retryMs: undefined });
    if (isRetry || fired) draft.wake();
  }

  #payLetter(execution: Execution): void {
    const { row } = execution;
    if (!row.owesLetter || this.#paying.has(row.id)) return;
    this.#paying.add(row.id);
    const { clock, log, surroundings } = this.#context;
    surroundings
      .sendLetter(row, execution.input ?? "")
      .then(async () => {
        // After a reset there is nothing to be written any more.
        if (this.#paying.has(row.id)) await this.change(execution, (draft) => draft.set({ owesLetter: false }));
        this.#paying.delete(row.id);
      })
      .catch((error: unknown) => {
        log.warn({ arn: row.arn, reason: messageOf(error) }, "a dead letter could not be sent; it is tried again");
        if (!this.#paying.delete(row.id) || this.#closed) return;
        this.#timers.set(
          row.id,
          clock.after(LETTER_RETRY_MS, () => this.#payLetter(execution)),
        );
      });
  }
}
