/**
 * What a queue holds: the rows of its space and the three numbers that GetQueueAttributes tells. All methods are
 * synchronous; those that write run inside a transaction of the store, and end with `save`.
 */
import type { Key } from "lmdb";
import { FifoGroups } from "./fifo-groups.js";
import { keyNumber, type Counts, type Delivery, type SqsStore, type StoredMessage } from "./store.js";

export interface HeldMessage {
  readonly sequence: number;
  readonly message: StoredMessage;
  readonly delivery: Delivery;
}

export interface TakeOptions {
  readonly nowMs: number;
  readonly max: number;
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** Messages received this often already leave the queue instead of being delivered. */
  readonly maxReceiveCount: number;
  /** Takes over a message that was received too often; false when there is nowhere to put it. */
  readonly moveAway: (message: StoredMessage) => boolean;
}

const NEW = Buffer.from([0]);
const RECEIVED = Buffer.from([1]);
/** A bound for one transaction: expired and moved messages that may be cleared away before the first good one. */
const MAX_ROUNDS = 100;
const GROUP_CHUNK = 50;

export class QueueContents {
  readonly space: number;
  readonly #store: SqsStore;
  readonly #groups: FifoGroups | undefined;
  #counts: Counts;
  /** No row becomes visible between `settledMs` and this time. */
  #nextDueMs: number;
  #nextExpiryCheckMs = 0;

  constructor(store: SqsStore, space: number, fifo: boolean) {
    this.#store = store;
    this.space = space;
    this.#groups = fifo ? new FifoGroups(store, space) : undefined;
    this.#counts = store.getCounts(space);
    this.#nextDueMs = this.#unknownDue();
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** Forgets what a transaction that failed has counted. */
  reload(): void {
    this.#counts = this.#store.getCounts(this.space);
    this.#nextDueMs = this.#unknownDue();
  }

  save(): void {
    this.#store.putCounts(this.space, this.#counts);
  }

  /** Goes on counting where another space of the same queue ended, so that an old handle finds nothing. */
  continueFrom(nextSequence: number): void {
    this.#counts.nextSequence = nextSequence;
  }

  /** Counts messages whose time has come as visible; true when there were any. Reads only. */
  settle(nowMs: number): boolean {
    const counts = this.#counts;
    if (nowMs <= counts.settledMs) return false;
    let found = false;
    if (counts.inFlight + counts.delayed > 0 && nowMs >= this.#nextDueMs) {
      for (const { value } of this.#store.due.getRange({
        start: [this.space, counts.settledMs + 1],
        end: [this.space, nowMs + 1],
      })) {
        found = true;
        counts.visible += 1;
        if (value[0] === RECEIVED[0]) counts.inFlight -= 1;
        else counts.delayed -= 1;
      }
      this.#nextDueMs = this.#firstDueAfter(nowMs);
    }
    counts.settledMs = nowMs;
    return found;
  }

  /** No hidden message becomes visible before this time; Infinity when none is hidden. */
  nextDueMs(): number {
    return this.#counts.inFlight + this.#counts.delayed === 0 ? Infinity : this.#nextDueMs;
  }

  insert(message: StoredMessage): number {
    const sequence = this.#counts.nextSequence++;
    this.#store.putMessage(this.space, sequence, message);
    this.#addDue(sequence, message, message.visibleFromMs, false);
    return sequence;
  }

  find(sequence: number): HeldMessage | undefined {
    const message = this.#store.getMessage(this.space, sequence);
    return message === undefined ? undefined : { sequence, message, delivery: this.#deliveryOf(sequence, message) };
  }

  remove({ sequence, message, delivery }: HeldMessage): void {
    this.#removeDue(sequence, delivery);
    this.#store.removeMessage(this.space, sequence, delivery.receiveCount > 0);
    if (message.groupId !== undefined) this.#groups?.remove(message.groupId, sequence);
  }

  /** Gives a message another time at which it is seen again. */
  reschedule({ sequence, message, delivery }: HeldMessage, visibleAtMs: number): void {
    this.#removeDue(sequence, delivery);
    this.#store.putDelivery(this.space, sequence, { ...delivery, visibleAtMs });
    this.#addDue(sequence, message, visibleAtMs, delivery.receiveCount > 0);
  }

  /** Takes messages for one receive, in order; each is hidden for the visibility timeout. */
  take(options: TakeOptions): HeldMessage[] {
    const taken: HeldMessage[] = [];
    if (this.#counts.visible === 0) return taken;
    if (this.#groups === undefined) this.#takeInDueOrder(options, taken);
    else this.#takeFromGroups(this.#groups, options, taken);
    return taken;
  }

  /** Visible messages in the order of receiving, as they are; a copy, so that the caller may remove them. */
  visibleFront(nowMs: number, limit: number): HeldMessage[] {
    const keys = [...this.#store.due.getKeys({ start: [this.space], end: [this.space, nowMs + 1], limit })];
    return keys.map((key) => this.find(keyNumber(key, 2))).filter((held) => held !== undefined);
  }

  /** Removes messages past their retention from the front; cheap when there are none. */
  sweepExpired(nowMs: number, retentionMs: number, limit: number): number {
    if (nowMs < this.#nextExpiryCheckMs) return 0;
    let removed = 0;
    // With nothing queued, a message sent now is the first that can expire.
    this.#nextExpiryCheckMs = nowMs + retentionMs;
    for (const { sequence, message } of Array.from(this.#store.messagesOf(this.space, limit))) {
      this.#nextExpiryCheckMs = message.sentMs + retentionMs;
      if (this.#nextExpiryCheckMs > nowMs) return removed;
      this.remove({ sequence, message, delivery: this.#deliveryOf(sequence, message) });
      removed += 1;
    }
    return removed;
  }

  expiryIsDue(nowMs: number): boolean {
    return nowMs >= this.#nextExpiryCheckMs && this.#counts.visible + this.#counts.inFlight + this.#counts.delayed > 0;
  }

  /** To be called when the retention period changed. */
  recheckExpiry(): void {
    this.#nextExpiryCheckMs = 0;
  }

  *held(limit: number): Generator<HeldMessage> {
    for (const { sequence, message } of this.#store.messagesOf(this.space, limit)) {
      yield { sequence, message, delivery: this.#deliveryOf(sequence, message) };
    }
  }

  #takeInDueOrder(options: TakeOptions, taken: HeldMessage[]): void {
    const seen = new Set<number>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const limit = options.max - taken.length + seen.size;
      const keys = [...this.#store.due.getKeys({ start: [this.space], end: [this.space, options.nowMs + 1], limit })];
      for (const key of keys) {
        const sequence = keyNumber(key, 2);
        // With a visibility timeout of 0 a message is due again at once.
        if (!seen.has(sequence) && this.#deliver(sequence, options, taken)) seen.add(sequence);
      }
      if (taken.length >= options.max || keys.length < limit) return;
    }
  }

  #takeFromGroups(groups: FifoGroups, options: TakeOptions, taken: HeldMessage[]): void {
    const seen = new Set<string>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const limit = GROUP_CHUNK + seen.size;
      const open = groups.openGroups(options.nowMs, limit);
      for (const group of open) {
        if (seen.has(group)) continue;
        seen.add(group);
        for (const { sequence } of groups.visiblePrefix(group, options.nowMs)) {
          this.#deliver(sequence, options, taken);
          if (taken.length >= options.max) return;
        }
      }
      if (open.length < limit) return;
    }
  }

  /** Delivers one message, or clears it away when it is too old or was received too often. */
  #deliver(sequence: number, options: TakeOptions, taken: HeldMessage[]): boolean {
    const held = this.find(sequence);
    if (held === undefined) return false;
    const { message, delivery } = held;
    if (message.sentMs + options.retentionMs <= options.nowMs) {
      this.remove(held);
      return false;
    }
    if (delivery.receiveCount >= options.maxReceiveCount && options.moveAway(message)) {
      this.remove(held);
      return false;
    }
    const next: Delivery = {
      visibleAtMs: options.nowMs + options.visibilityTimeoutMs,
      receiveCount: delivery.receiveCount + 1,
      firstReceivedMs: delivery.receiveCount === 0 ? options.nowMs : delivery.firstReceivedMs,
      lastReceivedMs: options.nowMs,
    };
    this.#removeDue(sequence, delivery);
    this.#store.putDelivery(this.space, sequence, next);
    this.#addDue(sequence, message, next.visibleAtMs, true);
    taken.push({ sequence, message, delivery: next });
    return true;
  }

  #deliveryOf(sequence: number, message: StoredMessage): Delivery {
    return (
      this.#store.getDelivery(this.space, sequence) ?? {
        visibleAtMs: message.visibleFromMs,
        receiveCount: 0,
        firstReceivedMs: 0,
        lastReceivedMs: 0,
      }
    );
  }

  #addDue(sequence: number, message: StoredMessage, visibleAtMs: number, received: boolean): void {
    this.#store.due.putSync([this.space, visibleAtMs, sequence], received ? RECEIVED : NEW);
    this.#count(visibleAtMs, received, 1);
    if (visibleAtMs > this.#counts.settledMs && visibleAtMs < this.#nextDueMs) this.#nextDueMs = visibleAtMs;
    if (message.groupId !== undefined) this.#groups?.put(message.groupId, sequence, visibleAtMs);
  }

  #removeDue(sequence: number, delivery: Delivery): void {
    this.#store.due.removeSync([this.space, delivery.visibleAtMs, sequence]);
    this.#count(delivery.visibleAtMs, delivery.receiveCount > 0, -1);
  }

  #count(visibleAtMs: number, received: boolean, change: 1 | -1): void {
    if (visibleAtMs <= this.#counts.settledMs) this.#counts.visible += change;
    else if (received) this.#counts.inFlight += change;
    else this.#counts.delayed += change;
  }

  #unknownDue(): number {
    return this.#counts.inFlight + this.#counts.delayed === 0 ? Infinity : 0;
  }

  #firstDueAfter(timeMs: number): number {
    const end: Key = [this.space, Infinity];
    const [key] = [...this.#store.due.getKeys({ start: [this.space, timeMs + 1], end, limit: 1 })];
    return key === undefined ? Infinity : keyNumber(key, 1);
  }
}
