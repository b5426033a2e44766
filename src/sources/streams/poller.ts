/**
 * # DynamoDB stream event source mappings
 *
 * One mapping between a stream and a function: collects batches in the order of the stream and runs the function with one
 * after the other. What fails is tried again and holds up what is behind it, until it succeeds or is given up.
 *
 *     collect (window) -> filter -> cut at 6 MB -> invoke -> on | again | split | give up -> position
 *
 * Mimics: batching, partial failures, splitting, retries, age, filters and records of failures as documented, and as
 * recorded on AWS in November 2025.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
 *
 * Gaps:
 * - Kinesis streams: there is no Kinesis here, and mappings of its streams are refused
 * - Tumbling windows: the API refuses them; of a template they are named at the start, and batches come without state
 * - ParallelizationFactor is kept and shown; one batch of a stream runs at a time
 * - Streams on another server (`--dynamodb`) are not polled; mappings of them wait, which is said at the start
 * - Topics, queues and buckets take records of failures; Kafka does not
 *
 * By design:
 * - A stream has one shard, and a mapping of the template goes on where it was when the stack starts again
 *
 * Unverified:
 * - How long Lambda waits between tries (here 1 s, doubled up to a minute)
 * - Splitting goes on although MaximumRetryAttempts is 0: "splitting a batch does not count towards the retry quota"
 */
import type { InvokeResult } from "../../runtime/types.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { realClock, type Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { failedItems } from "../mappings/batch-response.js";
import type { Poller } from "../mappings/poller.js";
import type { Attempt } from "./failed-batch.js";
import { streamEvent } from "./event.js";
import { arrivalMsOf, sequenceOf, type StreamClient, type StreamRecord } from "./stream-client.js";

export interface StreamSettings {
  readonly batchSize: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  readonly bisectBatchOnFunctionError: boolean;
  /** -1 = for ever. */
  readonly maximumRetryAttempts: number;
  /** -1 = as long as the stream keeps them. */
  readonly maximumRecordAgeSeconds: number;
  readonly passes: ((record: StreamRecord) => boolean) | undefined;
}

/** Records that are given up, and why. */
export interface GivenUp {
  readonly records: readonly StreamRecord[];
  readonly condition: "RetryAttemptsExhausted" | "RecordAgeExceeded";
  readonly attempts: number;
  readonly last: Attempt | undefined;
}

export interface StreamPollerOptions {
  readonly stream: StreamClient;
  readonly settings: StreamSettings;
  /** Sequence number of the last record that is done with. */
  readonly after: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when the function could not be run at all; that is tried again and does not count. */
  readonly invoke: (payload: Buffer) => Promise<InvokeResult>;
  /** Rejects when it should be tried again. */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  /** Everything up to this sequence number is done with. */
  readonly save: (after: string) => Promise<void>;
}

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
const STOP_GRACE_MS = 2000;

export class StreamPoller implements Poller {
  readonly #options: StreamPollerOptions;
  #after: string | undefined;
  #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  lastProcessingResult = "No records processed";

  constructor(options: StreamPollerOptions) {
    this.#options = options;
    this.#after = options.after;
    this.#stopping.abort();
  }

  start(): void {
    if (!this.#stopping.signal.aborted) return;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    const unsubscribe = this.#options.stream.onChange(() => this.#wake?.());
    this.#work = this.#run(signal)
      .catch((error: unknown) => {
        if (!signal.aborted)
          this.#options.log.error({ err: error, streamArn: this.#options.stream.streamArn }, "a stream stands still");
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
    const { passes } = this.#options.settings;
    while (!signal.aborted) {
      const records = await this.#collect(signal);
      const last = records.at(-1);
      if (last === undefined || signal.aborted) return;
      const wanted = passes === undefined ? records : records.filter(passes);
      for (const batch of batchesOf(wanted)) if (!(await this.#process(batch, signal))) return;
      await this.#advance(sequenceOf(last));
    }
  }

  /** What is there, or with a window what comes until it is over or the batch is full. */
  async #collect(signal: AbortSignal): Promise<readonly StreamRecord[]> {
    const { stream, settings, clock } = this.#options;
    const { batchSize, maximumBatchingWindowSeconds } = settings;
    const records: StreamRecord[] = [];
    let untilMs = Number.POSITIVE_INFINITY;
    while (!signal.aborted) {
      const last = records.at(-1);
      const came = stream.read(last === undefined ? this.#after : sequenceOf(last), batchSize - records.length);
      if (came.length > 0 && last === undefined) untilMs = clock.now() + maximumBatchingWindowSeconds * 1000;
      records.push(...came);
      if (records.length >= batchSize || clock.now() >= untilMs) return records;
      await this.#change(untilMs);
    }
    return [];
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
      this.lastProcessingResult = failedFrom === undefined ? "OK" : "PROBLEM: Function call failed";
      if (failedFrom === undefined) return true;
      const { requestId, executedVersion, functionError } = result;
      last = { requestId, executedVersion, functionError };
      attempts += 1;
      const done = rest[failedFrom - 1];
      if (done !== undefined) {
        // What was before it is done with: the rest is a batch of its own, with all its tries.
        await this.#advance(sequenceOf(done));
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

  /** Those that are not too old: the oldest come first. */
  #young(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const { settings, clock } = this.#options;
    const { maximumRecordAgeSeconds: seconds } = settings;
    if (seconds < 0) return records;
    const horizonMs = clock.now() - seconds * 1000;
    const from = records.findIndex((record) => arrivalMsOf(record) >= horizonMs);
    return from < 0 ? [] : records.slice(from);
  }

  /** Index of the first record that has to come again; undefined when all are done with. */
  #firstFailed({ functionError, payload }: InvokeResult, records: readonly StreamRecord[]): number | undefined {
    if (functionError !== undefined) return 0;
    if (!this.#options.settings.reportBatchItemFailures) return undefined;
    const numbers = records.map(sequenceOf);
    const failed = failedItems(payload, new Set(numbers));
    if (failed === "all") return 0;
    const first = numbers.findIndex((number) => failed.has(number));
    return first < 0 ? undefined : first;
  }

  /** Tries on while the function cannot be run; undefined when the poller stops. */
  async #invoke(records: readonly StreamRecord[], signal: AbortSignal): Promise<InvokeResult | undefined> {
    const { invoke, log, stream } = this.#options;
    const payload = Buffer.from(JSON.stringify(streamEvent(records, stream.streamArn)));
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      try {
        return await invoke(payload);
      } catch (error) {
        log.warn({ streamArn: stream.streamArn, reason: messageOf(error) }, "a batch could not be run");
        await this.#pause(waitMs, signal);
      }
    }
    return undefined;
  }

  async #giveUp(given: GivenUp, signal: AbortSignal): Promise<boolean> {
    const { giveUp, log, stream } = this.#options;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      try {
        await giveUp(given);
        return true;
      } catch (error) {
        log.warn(
          { streamArn: stream.streamArn, reason: messageOf(error) },
          "a record of a failure cannot be delivered",
        );
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

  async #advance(after: string): Promise<void> {
    this.#after = after;
    await this.#options.save(after);
  }
}

/** Cut where the event would exceed what a synchronous call takes. */
function* batchesOf(records: readonly StreamRecord[]): Iterable<readonly StreamRecord[]> {
  let batch: StreamRecord[] = [];
  let sizeBytes = 0;
  for (const record of records) {
    const recordBytes = Buffer.byteLength(JSON.stringify(record)) + RECORD_OVERHEAD_BYTES;
    if (batch.length > 0 && sizeBytes + recordBytes > LAMBDA.syncRequestBytes) {
      yield batch;
      batch = [];
      sizeBytes = 0;
    }
    batch.push(record);
    sizeBytes += recordBytes;
  }
  if (batch.length > 0) yield batch;
}

/** `eventSourceARN`, commas and the frame. */
const RECORD_OVERHEAD_BYTES = 300;
