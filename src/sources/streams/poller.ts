/**
 * # Event source mappings of streams
 *
 * One mapping between a stream (of DynamoDB or Kinesis) and a function. Each shard is worked off in its order, after its
 * parents (shard-pollers.ts); here is one lane of a shard: it collects batches and runs the function with one after the
 * other. What fails is tried again and holds up what is behind it, until it succeeds or is given up.
 *
 *     collect (window) -> filter -> cut at 6 MB -> invoke -> on | again | split | give up -> position
 *
 * Mimics: batching, partial failures, splitting, retries, age, filters, tumbling windows, several batches of a shard at a time
 * and records of failures as documented, and as recorded on AWS in November 2025.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 *
 * Gaps:
 * - Streams on another server (`--dynamodb`, `backends.kinesis`) are not polled; mappings of them wait, which is said at the
 *   start
 * - Topics, queues and buckets take records of failures; Kafka does not
 * - A mapping may name a registered consumer of a Kinesis stream; it reads as one of the stream itself does
 *
 * By design:
 * - A mapping of the template goes on where it was when the stack starts again
 * - A tumbling window ends with its time, as soon as what came in it is through, where Lambda waits up to two minutes for what
 *   may still come
 * - With a tumbling window one batch of a shard runs at a time, whatever ParallelizationFactor says: its state is one
 * - Where ParallelizationFactor changes, a shard goes on behind the last record that every lane was through with: some come
 *   again
 *
 * Unverified:
 * - How long Lambda waits between tries (here 1 s, doubled up to a minute)
 * - Splitting goes on although MaximumRetryAttempts is 0: "splitting a batch does not count towards the retry quota"
 * - The last call of a window has no records; that of a window that grew beyond 1 MB has the state that was too large
 */
import type { InvokeAnswer } from "../../runtime/types.js";
import { realClock, type Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { failedItems } from "../mappings/batch-response.js";
import type { Poller } from "../mappings/poller.js";
import { batchesOf } from "./batches.js";
import type { Attempt, FailedBatch } from "./failed-batch.js";
import { streamEvent } from "./event.js";
import type { LanePosition, OpenWindow } from "./positions.js";
import type { StreamRecord } from "./stream-client.js";
import { answeredState, windowMembers, windowStart } from "./tumbling-window.js";

export interface StreamSettings {
  readonly batchSize: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  readonly bisectBatchOnFunctionError: boolean;
  /** -1 = for ever. */
  readonly maximumRetryAttempts: number;
  /** -1 = as long as the stream keeps them. */
  readonly maximumRecordAgeSeconds: number;
  /** 0 = none. */
  readonly tumblingWindowSeconds: number;
  readonly passes: ((record: StreamRecord) => boolean) | undefined;
}

/** Records that are given up, and why. */
export type GivenUp = Pick<FailedBatch, "records" | "condition" | "attempts" | "last">;

export interface StreamPollerOptions {
  readonly streamArn: string;
  readonly shardId: string;
  readonly settings: StreamSettings;
  readonly position: LanePosition;
  /** Records of the shard behind a sequence number. */
  readonly read: (after: string | undefined, limit: number) => readonly StreamRecord[];
  /** Those of other lanes are passed over. */
  readonly isMine: (record: StreamRecord) => boolean;
  /** The shard gets no more records. */
  readonly isClosed: () => boolean;
  readonly onChange: (listener: () => void) => () => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when the function could not be run at all; that is tried again and does not count. */
  readonly invoke: (payload: Buffer) => Promise<InvokeAnswer>;
  /** Rejects when it should be tried again. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  /** Everything up to here is done with. */
  readonly save: (position: LanePosition) => Promise<void>;
  /** How a call went, in the words of the API. */
  readonly onResult: (lastProcessingResult: string) => void;
  /** The shard was read to its end. */
  readonly onEnd: () => void;
}

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
const STOP_GRACE_MS = 2000;
/** Records that are read at a time where most belong to other lanes. */
const READ_AHEAD = 100;

interface Collected {
  readonly records: readonly StreamRecord[];
  /** Sequence number of the last record that was looked at, of this lane or another. */
  readonly through: string | undefined;
  /** What came before this time has all been looked at; infinity = nothing comes any more. */
  readonly readUntilMs: number;
}

export class StreamPoller implements Poller {
  readonly #options: StreamPollerOptions;
  readonly #windowMs: number;
  #after: string | undefined;
  #window: OpenWindow | undefined;
  #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    this.#after = options.position.after;
    this.#window = options.position.window;
    this.#windowMs = options.settings.tumblingWindowSeconds * 1000;
    this.#stopping.abort();
  }

  start(): void {
    if (!this.#stopping.signal.aborted) return;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const unsubscribe = this.#options.onChange(() => this.#wake?.());
    this.#work = this.#run(signal)
      .catch((error: unknown) => {
        if (!signal.aborted)
          this.#options.log.error({ err: error, streamArn: this.#options.streamArn }, "a stream stands still");
      })
      .finally(unsubscribe);
  }

  /** A batch under way gets a moment; if it is not through by then it comes again. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    // Real time: this waits for a real process.
    await Promise.race([this.#work, realClock.sleep(STOP_GRACE_MS)]);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { settings, onEnd } = this.#options;
    while (!signal.aborted) {
      const { records, through, readUntilMs } = await this.#collect(signal);
      if (signal.aborted) return;
      const wanted = settings.passes === undefined ? records : records.filter(settings.passes);
      for (const batch of batchesOf(wanted, this.#windowMs)) {
        if (!(await this.#enterWindow(batch, signal)) || !(await this.#process(batch, signal))) return;
        await this.#advance(batch.at(-1)?.sequenceNumber);
      }
      if (through !== this.#after) await this.#advance(through);
      if (this.#windowIsOver(readUntilMs) && !(await this.#endWindow("final", this.#after, signal))) return;
      if (readUntilMs === Number.POSITIVE_INFINITY) return onEnd();
    }
  }

  /** What is there, or with a window what comes until it is over or the batch is full. */
  async #collect(signal: AbortSignal): Promise<Collected> {
    const { read, isMine, isClosed, settings, clock } = this.#options;
    const { batchSize, maximumBatchingWindowSeconds } = settings;
    const records: StreamRecord[] = [];
    let through = this.#after;
    let untilMs = this.#windowEndMs();
    let passedOver = 0;
    while (!signal.aborted) {
      const wanted = batchSize - records.length;
      const came = read(through, passedOver === 0 ? wanted : Math.max(wanted, READ_AHEAD));
      passedOver = 0;
      for (const record of came) {
        if (records.length === batchSize) break;
        through = record.sequenceNumber;
        if (!isMine(record)) passedOver += 1;
        else if (records.push(record) === 1)
          untilMs = Math.min(untilMs, clock.now() + maximumBatchingWindowSeconds * 1000);
      }
      if (records.length === batchSize) return { records, through, readUntilMs: Number.NEGATIVE_INFINITY };
      if (passedOver > 0) {
        // There may be more behind the records of other lanes; and others want their turn.
        await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      if (came.length === 0 && isClosed()) return { records, through, readUntilMs: Number.POSITIVE_INFINITY };
      const nowMs = clock.now();
      if (nowMs >= untilMs)
        return { records, through, readUntilMs: came.length === 0 ? nowMs : Number.NEGATIVE_INFINITY };
      await this.#change(untilMs);
    }
    return { records: [], through: this.#after, readUntilMs: Number.NEGATIVE_INFINITY };
  }

  /** Resolves when there may be more records, when the time has come, or when the poller stops. */
  #change(untilMs: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake = undefined;
        cancel?.();
        resolve();
      };
      const cancel = Number.isFinite(untilMs) ? clock.after(Math.max(0, untilMs - clock.now()), wake) : undefined;
      this.#wake = wake;
    });
  }

  #windowEndMs(): number {
    return this.#window === undefined ? Number.POSITIVE_INFINITY : this.#window.startMs + this.#windowMs;
  }

  /** Not when its time is over, but when all that came in its time is through. */
  #windowIsOver(readUntilMs: number): boolean {
    return this.#window !== undefined && readUntilMs >= this.#windowEndMs();
  }

  /** Ends the window before, if the batch is of the next one. False when the poller stops meanwhile. */
  async #enterWindow([first]: readonly StreamRecord[], signal: AbortSignal): Promise<boolean> {
    if (this.#windowMs === 0 || first === undefined) return true;
    const startMs = windowStart(first.arrivalMs, this.#windowMs);
    const isNext = this.#window !== undefined && this.#window.startMs !== startMs;
    if (isNext && !(await this.#endWindow("final", this.#after, signal))) return false;
    this.#window ??= { startMs, state: {} };
    return true;
  }

  /**
   * "If the invocation is unsuccessful, further processing is suspended until a successful one." False when the poller stops.
   * `after`: the last record that the window's state has in it, which is kept together with the next state.
   */
  async #endWindow(ending: "final" | "early", after: string | undefined, signal: AbortSignal): Promise<boolean> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      const result = await this.#invoke([], signal, ending);
      if (result === undefined) return false;
      this.#told(result.functionError === undefined);
      if (result.functionError === undefined) break;
      if (!(await this.#pause(waitMs, signal))) return false;
    }
    this.#window = ending === "early" && this.#window !== undefined ? { ...this.#window, state: {} } : undefined;
    await this.#advance(after);
    return true;
  }

  /** False when the poller stops before the batch is through. */
  async #process(batch: readonly StreamRecord[], signal: AbortSignal): Promise<boolean> {
    const { bisectBatchOnFunctionError, maximumRetryAttempts } = this.#options.settings;
    let rest = batch;
    let last: Attempt | undefined;
    for (let attempts = 0, waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      const young = this.#young(rest);
      if (young.length < rest.length) {
        const records = rest.slice(0, rest.length - young.length);
        if (!(await this.#giveUp({ records, condition: "RecordAgeExceeded", attempts, last }, signal))) return false;
        rest = young;
      }
      if (rest.length === 0) return true;
      const result = await this.#invoke(rest, signal);
      if (result === undefined) return false;
      const failedFrom = this.#firstFailed(result, rest);
      this.#told(failedFrom === undefined);
      const done = rest[(failedFrom ?? rest.length) - 1];
      if (done !== undefined && !(await this.#keepState(result, done, signal))) return false;
      if (failedFrom === undefined) return true;
      const { requestId, executedVersion, functionError } = result;
      last = { requestId, executedVersion, functionError };
      attempts += 1;
      if (done !== undefined) {
        // What was before it is done with: the rest is a batch of its own, with all its tries.
        await this.#advance(done.sequenceNumber);
        return this.#process(rest.slice(failedFrom), signal);
      }
      if (bisectBatchOnFunctionError && rest.length > 1) {
        const middle = Math.ceil(rest.length / 2);
        return (await this.#process(rest.slice(0, middle), signal)) && this.#process(rest.slice(middle), signal);
      }
      if (maximumRetryAttempts >= 0 && attempts > maximumRetryAttempts)
        return this.#giveUp({ records: rest, condition: "RetryAttemptsExhausted", attempts, last }, signal);
      if (!(await this.#pause(waitMs, signal))) return false;
    }
  }

  #told(succeeded: boolean): void {
    this.#options.onResult(succeeded ? "OK" : "PROBLEM: Function call failed");
  }

  /** What the next call of the window gets; it counts what is `done`. False when the poller stops meanwhile. */
  async #keepState({ payload }: InvokeAnswer, done: StreamRecord, signal: AbortSignal): Promise<boolean> {
    if (this.#window === undefined) return true;
    const answered = answeredState(payload);
    if (answered === undefined) return true;
    this.#window = { ...this.#window, state: answered.state };
    return answered.isTooLarge ? this.#endWindow("early", done.sequenceNumber, signal) : true;
  }

  /** Those that are not too old: the oldest come first. */
  #young(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const { settings, clock } = this.#options;
    const { maximumRecordAgeSeconds: seconds } = settings;
    if (seconds < 0) return records;
    const horizonMs = clock.now() - seconds * 1000;
    const from = records.findIndex(({ arrivalMs }) => arrivalMs >= horizonMs);
    return from < 0 ? [] : records.slice(from);
  }

  /** Index of the first record that has to come again; undefined when all are done with. */
  #firstFailed({ functionError, payload }: InvokeAnswer, records: readonly StreamRecord[]): number | undefined {
    if (functionError !== undefined) return 0;
    if (this.#window !== undefined && answeredState(payload) === undefined) return 0;
    if (!this.#options.settings.reportBatchItemFailures) return undefined;
    const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
    const failed = failedItems(payload, new Set(numbers));
    if (failed === "all") return 0;
    const first = numbers.findIndex((number) => failed.has(number));
    return first < 0 ? undefined : first;
  }

  /** Tries on while the function cannot be run; undefined when the poller stops. */
  async #invoke(
    records: readonly StreamRecord[],
    signal: AbortSignal,
    ending?: "final" | "early",
  ): Promise<InvokeAnswer | undefined> {
    const { invoke, log, streamArn, shardId } = this.#options;
    const event = streamEvent(records.map((record) => record.event));
    if (this.#window !== undefined) {
      const call = { window: this.#window, durationMs: this.#windowMs, shardId, streamArn, ending };
      Object.assign(event, windowMembers(call));
    }
    const payload = Buffer.from(JSON.stringify(event));
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      try {
        return await invoke(payload);
      } catch (error) {
        log.warn({ streamArn, reason: messageOf(error) }, "a batch could not be run");
        await this.#pause(waitMs, signal);
      }
    }
    return undefined;
  }

  async #giveUp(given: GivenUp, signal: AbortSignal): Promise<boolean> {
    const { giveUp, log, streamArn } = this.#options;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      try {
        await giveUp(given);
        return true;
      } catch (error) {
        log.warn({ streamArn, reason: messageOf(error) }, "a record of a failure cannot be delivered");
        if (!(await this.#pause(waitMs, signal))) return false;
      }
    }
  }

  /** False when the poller stops meanwhile. */
  #pause(waitMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#options.clock.sleep(waitMs, signal).then(
      () => true,
      () => false,
    );
  }

  async #advance(after: string | undefined): Promise<void> {
    this.#after = after;
    await this.#options.save({ after, window: this.#window });
  }
}
