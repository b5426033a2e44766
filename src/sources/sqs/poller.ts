/**
 * # SQS event source mappings
 *
 * One mapping between a queue and a function: collects batches, invokes, and deletes what was worked off. What is not
 * deleted comes back by the queue's own rules: visibility timeout, receive count, dead-letter queue.
 *
 *     collect (receive, window) -> filter -> cut at 6 MB -> invoke -> delete | leave
 *
 * Mimics: batching, partial failures, filters, FIFO groups and scaling as documented, and as recorded in November 2025.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
 *
 * Gaps:
 * - Provisioned pollers
 * - Filters know no metadata that a record does not have
 *
 * By design:
 * - One collector where AWS has five pollers that share the messages among them: batches are fuller, and fewer
 * - A window ends when it is over; on AWS a quiet queue can add up to 20 seconds of long poll
 * - At most four batches at once for each processor of this machine (at least ten), however long the queue is
 * - A function that cannot be built counts as throttled: its messages wait, and are not used up by receives
 *
 * Unverified:
 * - How long Lambda waits between tries of a throttled batch (here 0.1 s, doubled up to 10 s)
 * - An answer that is JSON but no object (a number, a list) fails the batch
 */
import type { InvokeAnswer } from "../../runtime/types.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { realClock, type Cancel, type Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { failedItems } from "../mappings/batch-response.js";
import { batchesOf, sqsRecord, type Batch, type EventSettings } from "./event.js";
import type { MessageFilter } from "./filter.js";
import type { QueueClient, QueueMessage } from "./queue-client.js";
import { GROWTH_STEP_MS, Scaling } from "./scaling.js";

export interface MappingSettings {
  readonly batchSize: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  readonly filter: MessageFilter | undefined;
  /** Least of MaximumConcurrency, reserved concurrency and what the machine can run. */
  readonly maximumConcurrency: number;
  readonly functionTimeoutSeconds: number;
}

export interface PollerOptions {
  readonly queue: QueueClient;
  readonly settings: MappingSettings;
  readonly region: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects when the function could not be run at all (throttled, not to be built); then it is tried again. */
  readonly invoke: (payload: Buffer, traceHeaders: readonly string[]) => Promise<InvokeAnswer>;
  /** A message that goes round between queue and function; it is left in the queue, where the redrive policy finds it. */
  readonly endless: (traceHeader: string) => boolean;
}

const LONG_POLL_MS = 20_000;
/** After a receive that failed: the queue may be made, or its endpoint come back. */
const RECEIVE_RETRY_MS = 1000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** "If the window and the timeout are longer, the visibility timeout becomes window + timeout + 30 seconds." */
const VISIBILITY_RESERVE_SECONDS = 30;
const STOP_GRACE_MS = 2000;
const TRACE_HEADER = "AWSTraceHeader";

export class SqsPoller {
  readonly #options: PollerOptions;
  readonly #scaling: Scaling;
  readonly #event: EventSettings;
  readonly #running = new Set<Promise<void>>();
  readonly #collectors = new Set<Promise<void>>();
  readonly #waiting = new Set<() => void>();
  #stopping = new AbortController();
  #abandoned = false;
  #complained = false;
  /** Batches that are being collected. */
  #collecting = 0;

  constructor(options: PollerOptions) {
    this.#options = options;
    const { clock, settings, queue, region } = options;
    this.#scaling = new Scaling(clock, settings.maximumConcurrency);
    this.#event = { queueArn: queue.queueArn, region, windowed: settings.maximumBatchingWindowSeconds > 0 };
    this.#stopping.abort();
  }

  get running(): boolean {
    return !this.#stopping.signal.aborted;
  }

  /** Batches under way. */
  get batches(): number {
    return this.#running.size;
  }

  start(): void {
    if (this.running) return;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    for (let i = 0; i < this.#options.queue.parallelReceives; i++) {
      const collector = this.#collect(signal).finally(() => this.#collectors.delete(collector));
      this.#collectors.add(collector);
    }
  }

  /** Takes no more messages. Batches under way end as they would have. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const wake of this.#waiting) wake();
    await Promise.all(this.#collectors);
  }

  /** Stops, and gives batches under way a moment; their messages come back if they are not through by then. */
  async close(): Promise<void> {
    await this.stop();
    // Real time: this waits for real processes.
    await Promise.race([Promise.all(this.#running), realClock.sleep(STOP_GRACE_MS)]);
    this.#abandoned = true;
  }

  async #collect(signal: AbortSignal): Promise<void> {
    const { log, clock, queue } = this.#options;
    while (!signal.aborted) {
      await this.#room(signal);
      if (signal.aborted) return;
      this.#collecting += 1;
      try {
        const visibilityTimeoutSeconds = await this.#visibility();
        const messages = await this.#nextMessages(signal, visibilityTimeoutSeconds);
        this.#complained = false;
        if (messages.length > 0) await this.#dispatch(messages, clock.now() + visibilityTimeoutSeconds * 1000);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#complained)
          log.warn({ queueArn: queue.queueArn, reason: messageOf(error) }, "messages cannot be received; trying on");
        this.#complained = true;
        await clock.sleep(RECEIVE_RETRY_MS, signal).catch(() => undefined);
      } finally {
        this.#collecting -= 1;
      }
    }
  }

  /** Resolves when one batch more may run. */
  async #room(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#running.size + this.#collecting >= this.#scaling.limit) {
      await new Promise<void>((resolve) => {
        // Either a batch ends, or the limit grows with time.
        const cancel: Cancel = this.#scaling.atCap
          ? () => undefined
          : this.#options.clock.after(GROWTH_STEP_MS, () => wake());
        const wake = (): void => {
          cancel();
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async #visibility(): Promise<number> {
    const { queue, settings } = this.#options;
    const { visibilityTimeoutSeconds } = await queue.settings();
    const { maximumBatchingWindowSeconds: window, functionTimeoutSeconds: timeout } = settings;
    return window > 0 && window + timeout > visibilityTimeoutSeconds
      ? window + timeout + VISIBILITY_RESERVE_SECONDS
      : visibilityTimeoutSeconds;
  }

  /** One batch: what is there, or with a window what comes until it is over or the batch is full. */
  async #nextMessages(signal: AbortSignal, visibilityTimeoutSeconds: number): Promise<QueueMessage[]> {
    const { queue, settings, clock } = this.#options;
    const { batchSize, maximumBatchingWindowSeconds } = settings;
    const messages: QueueMessage[] = [];
    let sizeBytes = 0;
    let untilMs = clock.now() + LONG_POLL_MS;
    for (;;) {
      const max = Math.min(batchSize - messages.length, queue.maxPerReceive);
      const waitMs = Math.max(0, untilMs - clock.now());
      const received = await queue.receive({ max, waitMs, visibilityTimeoutSeconds, signal });
      if (received.length > 0 && messages.length === 0) untilMs = clock.now() + maximumBatchingWindowSeconds * 1000;
      messages.push(...received);
      for (const { body } of received) sizeBytes += body.length;
      const over = signal.aborted || clock.now() >= untilMs || sizeBytes >= LAMBDA.syncRequestBytes;
      if (messages.length >= batchSize || over) {
        this.#scaling.observe(received.length === max);
        return messages;
      }
    }
  }

  async #dispatch(messages: readonly QueueMessage[], visibleAgainMs: number): Promise<void> {
    const { queue, settings } = this.#options;
    const records = messages.map((message) => ({ message, record: sqsRecord(message, this.#event) }));
    const { filter } = settings;
    const wanted = filter === undefined ? records : records.filter(({ record }) => filter(record));
    if (wanted.length < records.length) {
      const kept = new Set(wanted.map(({ message }) => message));
      await queue.delete(messages.filter((message) => !kept.has(message)).map(({ receiptHandle }) => receiptHandle));
    }
    for (const batch of batchesOf(
      wanted.filter(({ message }) => !this.#goesRound(message)),
      LAMBDA.syncRequestBytes,
    )) {
      const work = this.#process(batch, visibleAgainMs)
        .catch((error: unknown) =>
          this.#options.log.error({ err: error, queueArn: queue.queueArn }, "a batch could not be finished"),
        )
        .finally(() => {
          this.#running.delete(work);
          for (const wake of this.#waiting) wake();
        });
      this.#running.add(work);
    }
  }

  #goesRound({ messageId, attributes }: QueueMessage): boolean {
    const traceHeader = attributes[TRACE_HEADER];
    const { endless, log, queue } = this.#options;
    if (traceHeader === undefined || !endless(traceHeader)) return false;
    log.warn(
      { queueArn: queue.queueArn, messageId },
      "a recursive loop was cut: the message does not run the function",
    );
    return true;
  }

  async #process({ messages, payload }: Batch, visibleAgainMs: number): Promise<void> {
    const traceHeaders = messages.flatMap(({ attributes }) => attributes[TRACE_HEADER] ?? []);
    const result = await this.#invoke(payload, traceHeaders, visibleAgainMs);
    if (result === undefined || this.#abandoned || result.functionError !== undefined) return;
    const ids = new Set(messages.map(({ messageId }) => messageId));
    const failed = this.#options.settings.reportBatchItemFailures
      ? failedItems(result.payload, ids)
      : new Set<string>();
    if (failed === "all") return;
    const done = messages.filter(({ messageId }) => !failed.has(messageId));
    if (done.length > 0) await this.#options.queue.delete(done.map(({ receiptHandle }) => receiptHandle));
  }

  /** Tries on while the function cannot be run; undefined when the messages become visible again meanwhile. */
  async #invoke(
    payload: Buffer,
    traceHeaders: readonly string[],
    visibleAgainMs: number,
  ): Promise<InvokeAnswer | undefined> {
    const { clock, log, queue, invoke } = this.#options;
    for (let waitMs = FIRST_BACKOFF_MS; ; waitMs = Math.min(MAX_BACKOFF_MS, waitMs * 2)) {
      try {
        return await invoke(payload, traceHeaders);
      } catch (error) {
        const { signal } = this.#stopping;
        log.warn({ queueArn: queue.queueArn, reason: messageOf(error) }, "a batch could not be run");
        if (this.#abandoned || signal.aborted || clock.now() + waitMs >= visibleAgainMs) return undefined;
        await clock.sleep(waitMs, signal).catch(() => undefined);
      }
    }
  }
}
