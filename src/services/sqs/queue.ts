/**
 * One queue: sending, receiving, long polls, and the one timer that says when a hidden message is seen again.
 * Every change is one transaction; what it answers is answered after the commit.
 */
import { randomUUID } from "node:crypto";
import type { Cancel } from "../../shared/clock.js";
import type { AwsError } from "../kit/aws-error.js";
import { QueueContents, type HeldMessage } from "./contents.js";
import { findDuplicate, rememberMessage, sweepDeduplication } from "./deduplication.js";
import { sqsError } from "./errors.js";
import { SQS } from "./limits.js";
import { LongPolls } from "./long-polls.js";
import { integerAttribute } from "./queue-attributes.js";
import type { MessageDraft, QueueDepths, QueueServices, ReceiveOptions, Received, SentMessage } from "./queue-types.js";
import type { Receipt } from "./receipt-handle.js";
import { ReceiveAttempts } from "./receive-attempts.js";
import {
  parseRedriveAllowPolicy,
  parseRedrivePolicy,
  type RedriveAllowPolicy,
  type RedrivePolicy,
} from "./redrive-policy.js";
import type { QueueRow, StoredMessage } from "./store.js";

/** Expired messages that one call clears away on its side. */
const SWEEP_PER_CALL = 100;
/** AWS's sequence numbers have 20 digits and grow by no fixed step. */
const FIRST_SEQUENCE_NUMBER = 18_850_000_000_000_000_000n;
const SEQUENCE_STEP = 256n;

export class Queue {
  readonly fifo: boolean;
  readonly arn: string;
  readonly #services: QueueServices<Queue>;
  readonly #polls: LongPolls;
  readonly #attempts = new ReceiveAttempts();
  #row: QueueRow;
  #contents: QueueContents;
  #redrive: RedrivePolicy | undefined;
  #redriveAllow: RedriveAllowPolicy | undefined;
  #timer: { readonly atMs: number; readonly cancel: Cancel } | undefined;
  #closed = false;

  constructor(row: QueueRow, services: QueueServices<Queue>) {
    this.fifo = row.name.endsWith(".fifo");
    this.arn = services.arnOf(row.name);
    this.#services = services;
    this.#polls = new LongPolls(services.clock);
    this.#row = row;
    this.#contents = new QueueContents(services.store, row.space, this.fifo);
    this.#readPolicies();
    this.#arm();
  }

  get row(): QueueRow {
    return this.#row;
  }

  get name(): string {
    return this.#row.name;
  }

  get redrive(): RedrivePolicy | undefined {
    return this.#redrive;
  }

  get redriveAllow(): RedriveAllowPolicy | undefined {
    return this.#redriveAllow;
  }

  attribute(name: string): number {
    return integerAttribute(this.#row.attributes, name);
  }

  /** Changes what is kept about the queue itself. */
  async update(
    change: (row: QueueRow) => Partial<Pick<QueueRow, "attributes" | "tags" | "modifiedMs">>,
  ): Promise<void> {
    const { store } = this.#services;
    await store.write(() => {
      const row: QueueRow = { ...this.#row, ...change(this.#row) };
      store.queues.putSync(row.name, row);
      this.#row = row;
    });
    this.#readPolicies();
    this.#contents.recheckExpiry();
  }

  async send(drafts: readonly MessageDraft[]): Promise<SentMessage[]> {
    const sent = await this.#commit((nowMs) => {
      if (this.fifo) sweepDeduplication(this.#services.store, this.#row.number, nowMs);
      return drafts.map((draft) => this.#sendOne(draft, nowMs));
    });
    if (this.#contents.counts.visible > 0) this.#services.announce(this);
    return sent;
  }

  async receive(options: ReceiveOptions): Promise<Received[]> {
    const repeated = options.attemptId === undefined ? undefined : this.#repeatAttempt(options.attemptId);
    if (repeated !== undefined) return repeated;
    const waitMs = options.waitMs ?? 0;
    const messages = await this.#take(options, waitMs > 0);
    if (messages.length > 0 || waitMs <= 0 || this.#closed || options.signal?.aborted) return messages;
    const waiting = this.#polls.wait(options, waitMs);
    // A message may have become visible since the look above.
    if (this.#contents.counts.visible > 0) await this.wake();
    return waiting;
  }

  /** Deletes by handle; for each handle undefined or why not. */
  async delete(handles: readonly string[]): Promise<(AwsError | undefined)[]> {
    const receipts = this.#services.handles.open(this.#row.number, handles);
    const outcomes = await this.#commit((nowMs) =>
      handles.map((handle, index) => this.#deleteOne(handle, receipts[index], nowMs)),
    );
    // The next message of a group may have become the first.
    if (this.fifo && this.#contents.counts.visible > 0) this.#services.announce(this);
    return outcomes;
  }

  async changeVisibility(
    entries: readonly { readonly handle: string; readonly seconds: number }[],
  ): Promise<(AwsError | undefined)[]> {
    const sealed = entries.map(({ handle }) => handle);
    const receipts = this.#services.handles.open(this.#row.number, sealed);
    const outcomes = await this.#commit((nowMs) =>
      entries.map(({ handle, seconds }, index) => this.#changeOne(handle, receipts[index], seconds, nowMs)),
    );
    if (this.#contents.counts.visible > 0) this.#services.announce(this);
    return outcomes;
  }

  /** Empties the queue. Throws `PurgeQueueInProgress` within 60 seconds of the last time. */
  async purge(force = false): Promise<void> {
    const { store, clock } = this.#services;
    const purgedMs = clock.now();
    const purged = await store.write(() => {
      const before = this.#row;
      if (!force && before.purgedMs !== undefined && purgedMs - before.purgedMs < SQS.purgeIntervalMs) return false;
      const row: QueueRow = { ...before, space: store.nextNumber(), purgedMs };
      const contents = new QueueContents(store, row.space, this.fifo);
      contents.continueFrom(this.#contents.counts.nextSequence);
      contents.save();
      store.queues.putSync(row.name, row);
      store.abandon(before.space);
      this.#row = row;
      this.#contents = contents;
      return true;
    });
    if (!purged) throw sqsError.purgeInProgress(this.name);
    this.#arm();
  }

  async depths(): Promise<QueueDepths> {
    const nowMs = this.#services.clock.now();
    if (this.#contents.expiryIsDue(nowMs)) await this.#commit(() => undefined);
    if (this.#contents.settle(nowMs)) this.#arm();
    const { visible, inFlight, delayed } = this.#contents.counts;
    const oldestMs = this.#contents.oldestSentMs();
    const oldestAgeMs = oldestMs === undefined ? undefined : Math.max(0, nowMs - oldestMs);
    return { visible, inFlight, delayed, oldestAgeMs };
  }

  /** How many messages could be received now. */
  visibleCount(): number {
    this.#contents.settle(this.#services.clock.now());
    return this.#contents.counts.visible;
  }

  /** The first messages in the order of receiving, hidden ones last; all are left as they are. */
  peek(limit: number): HeldMessage[] {
    return this.#contents.front(limit);
  }

  /** Only in a transaction of another queue: takes over a message that could not be processed there. */
  adopt(message: StoredMessage, sourceArn: string | undefined, nowMs: number): void {
    this.#contents.settle(nowMs);
    this.#contents.insert({
      ...message,
      // A FIFO queue counts the age from here on, a standard queue from the first send.
      sentMs: this.fifo ? nowMs : message.sentMs,
      visibleFromMs: this.#contents.counts.settledMs,
      deadLetterSourceArn: sourceArn,
      sequenceNumber: this.#nextSequenceNumber(),
    });
    this.#contents.save();
  }

  /** Moves up to `max` visible messages elsewhere as new ones; `target` answers undefined when it cannot be told. */
  async moveOut(
    max: number,
    target: (message: StoredMessage) => Queue | undefined,
  ): Promise<{ readonly moved: number; readonly stuck: boolean }> {
    const touched = new Set<Queue>();
    const result = await this.#commit((nowMs) => {
      let moved = 0;
      for (const held of this.#contents.front(max, nowMs + 1)) {
        const queue = target(held.message);
        if (queue === undefined) return { moved, stuck: true };
        queue.adopt({ ...held.message, messageId: randomUUID(), sentMs: nowMs }, undefined, nowMs);
        touched.add(queue);
        this.#contents.remove(held);
        moved += 1;
      }
      return { moved, stuck: false };
    }, touched);
    for (const queue of touched) this.#services.announce(queue);
    return result;
  }

  /** Reads the counts again after a transaction that had changed them was given up. */
  reload(): void {
    this.#contents.reload();
  }

  /** Lets long polls look again. */
  wake(): Promise<void> {
    return this.#polls.wake((options) => this.#take(options, true));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#polls.close();
  }

  #readPolicies(): void {
    const { RedrivePolicy: redrive, RedriveAllowPolicy: allow } = this.#row.attributes;
    this.#redrive = redrive === undefined ? undefined : parseRedrivePolicy(redrive);
    this.#redriveAllow = allow === undefined ? undefined : parseRedriveAllowPolicy(allow);
  }

  #sendOne(draft: MessageDraft, nowMs: number): SentMessage {
    const { store } = this.#services;
    const key = {
      queueNumber: this.#row.number,
      group: this.#row.attributes["DeduplicationScope"] === "messageGroup" ? draft.groupId : undefined,
      id: draft.deduplicationId ?? "",
    };
    const duplicate = this.fifo ? findDuplicate(store, key, nowMs) : undefined;
    if (duplicate !== undefined)
      return { draft, messageId: duplicate.messageId, sequenceNumber: duplicate.sequenceNumber };
    const messageId = randomUUID();
    const sequenceNumber = this.#nextSequenceNumber();
    if (sequenceNumber !== undefined) rememberMessage(store, key, nowMs, messageId, sequenceNumber);
    const delaySeconds = (this.fifo ? undefined : draft.delaySeconds) ?? this.attribute("DelaySeconds");
    const { body, bodyMd5, senderId, attributes, traceHeader, groupId, deduplicationId } = draft;
    const visibleFromMs = nowMs + delaySeconds * 1000;
    this.#contents.insert({
      messageId,
      body,
      bodyMd5,
      sentMs: nowMs,
      visibleFromMs,
      senderId,
      attributes,
      traceHeader,
      groupId,
      deduplicationId,
      sequenceNumber,
    });
    return { draft, messageId, sequenceNumber };
  }

  #nextSequenceNumber(): string | undefined {
    if (!this.fifo) return undefined;
    return String(FIRST_SEQUENCE_NUMBER + BigInt(this.#contents.counts.nextSequence) * SEQUENCE_STEP);
  }

  async #take(options: ReceiveOptions, waits: boolean): Promise<Received[]> {
    this.#contents.settle(this.#services.clock.now());
    if (this.#contents.counts.inFlight >= SQS.inFlight) {
      // "If you reach this quota while using short polling, SQS returns the OverLimit error"; FIFO queues and long polls stay silent.
      if (this.fifo || waits) return [];
      throw sqsError.overLimit("The maximum number of in flight messages is reached.");
    }
    if (this.#contents.counts.visible === 0) return [];
    const redrive = this.#redrive;
    const deadLetterQueue = redrive === undefined ? undefined : this.#services.queueByArn(redrive.deadLetterTargetArn);
    const touched = new Set<Queue>();
    const taken = await this.#commit(
      (nowMs) =>
        this.#contents.take({
          nowMs,
          max: Math.min(options.max, SQS.inFlight - this.#contents.counts.inFlight),
          visibilityTimeoutMs: (options.visibilityTimeoutSeconds ?? this.attribute("VisibilityTimeout")) * 1000,
          retentionMs: this.attribute("MessageRetentionPeriod") * 1000,
          maxReceiveCount: redrive?.maxReceiveCount ?? Infinity,
          moveAway: (message) => {
            if (deadLetterQueue === undefined || deadLetterQueue === this) return false;
            touched.add(deadLetterQueue);
            deadLetterQueue.adopt(message, this.arn, nowMs);
            return true;
          },
        }),
      touched,
    );
    for (const queue of touched) this.#services.announce(queue);
    const received = this.#withHandles(taken);
    if (options.attemptId !== undefined && received.length > 0)
      this.#attempts.remember(options.attemptId, received, this.#services.clock.now());
    return received;
  }

  #withHandles(taken: readonly HeldMessage[]): Received[] {
    const queueNumber = this.#row.number;
    const handles = this.#services.handles.seal(
      taken.map(({ sequence, delivery }) => ({ queueNumber, sequence, handleMs: delivery.handleMs })),
    );
    return taken.map((held, index) => Object.assign(held, { receiptHandle: handles[index] ?? "" }));
  }

  /** The same messages for the same attempt, unless one was deleted, changed or seen again since. */
  #repeatAttempt(attemptId: string): Received[] | undefined {
    const nowMs = this.#services.clock.now();
    const held = this.#attempts.find(attemptId, nowMs)?.map(({ sequence, visibleAtMs }) => {
      const place = this.#contents.findReceived(sequence, visibleAtMs);
      const unchanged = place?.delivery.visibleAtMs === visibleAtMs && visibleAtMs > nowMs;
      return unchanged ? this.#contents.withMessage(place) : undefined;
    });
    return held?.every((message) => message !== undefined) ? this.#withHandles(held) : undefined;
  }

  #deleteOne(handle: string, receipt: Receipt | undefined, nowMs: number): AwsError | undefined {
    if (receipt === undefined) return sqsError.receiptHandleIsInvalid(handle);
    const place = this.#contents.findReceived(receipt.sequence, receipt.handleMs);
    const expired = place === undefined ? this.#contents.has(receipt.sequence) : place.delivery.visibleAtMs <= nowMs;
    if (this.fifo && expired) return sqsError.receiptHandleExpired(handle);
    // "If you don't provide the most recent receipt handle, the request succeeds, but the message might not be deleted."
    if (place !== undefined) this.#contents.remove(place);
    return undefined;
  }

  #changeOne(handle: string, receipt: Receipt | undefined, seconds: number, nowMs: number): AwsError | undefined {
    if (receipt === undefined) return sqsError.receiptHandleIsInvalid(handle);
    const place = this.#contents.findReceived(receipt.sequence, receipt.handleMs);
    if (place === undefined || (this.fifo && place.delivery.visibleAtMs <= nowMs)) {
      return sqsError.notAvailableForVisibilityChange(handle);
    }
    const visibleAtMs = nowMs + seconds * 1000;
    if (visibleAtMs - place.delivery.lastReceivedMs > SQS.visibilityTotalMs) {
      const reason = `Total VisibilityTimeout for the message is beyond the limit [${SQS.visibilitySeconds} seconds]`;
      return sqsError.invalidValue(seconds, "VisibilityTimeout", reason);
    }
    this.#contents.reschedule(place, visibleAtMs);
    return undefined;
  }

  async #commit<T>(work: (nowMs: number) => T, touched: ReadonlySet<Queue> = new Set()): Promise<T> {
    const { store, clock } = this.#services;
    const undo = (): void => {
      this.reload();
      for (const queue of touched) queue.reload();
    };
    try {
      return await store.write(() => {
        // Read here: a purge in the same commit may have gone before.
        const contents = this.#contents;
        // Never behind what was already counted, should the machine's clock be set back.
        const nowMs = Math.max(clock.now(), contents.counts.settledMs);
        contents.settle(nowMs);
        contents.sweepExpired(nowMs, this.attribute("MessageRetentionPeriod") * 1000, SWEEP_PER_CALL);
        const result = work(nowMs);
        contents.save();
        return result;
      }, undo);
    } finally {
      this.#arm();
    }
  }

  /** One timer for the queue, at the time before which no hidden message is seen. */
  #arm(): void {
    const atMs = this.#closed ? Infinity : this.#contents.nextDueMs();
    if (atMs === Infinity) {
      this.#timer?.cancel();
      this.#timer = undefined;
    } else if (this.#timer === undefined || atMs < this.#timer.atMs) {
      this.#timer?.cancel();
      this.#timer = {
        atMs,
        cancel: this.#services.clock.after(atMs - this.#services.clock.now(), () => this.#onTimer()),
      };
    }
  }

  #onTimer(): void {
    this.#timer = undefined;
    const found = this.#contents.settle(this.#services.clock.now());
    this.#arm();
    if (found) this.#services.announce(this);
  }
}
