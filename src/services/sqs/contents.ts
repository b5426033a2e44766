/**
 * What a queue holds: the rows of its space and the three numbers that GetQueueAttributes tells. All methods are
 * synchronous; those that write run inside a transaction of the store, and end with `save`.
 *
 * A message costs two writes when it is sent, two when it is received and two when it is deleted: its receipt handle
 * names the row of `due` where it stands, so that nothing needs to be kept to find it there.
 */
import type { Key } from "lmdb";
import { FifoGroups } from "./fifo-groups.js";
import { keyNumber, type Counts, type DueState, type SqsStore, type StoredMessage } from "./store.js";

export interface Delivery {
  readonly visibleAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedMs: number;
  readonly lastReceivedMs: number;
  /** When it was to be seen again by its last receive: the newest handle says so. Later changes leave it. */
  readonly handleMs: number;
}

/** A message's place. */
export interface Place {
  readonly sequence: number;
  readonly delivery: Delivery;
  readonly groupId: string | undefined;
}

export interface HeldMessage extends Place {
  readonly message: StoredMessage;
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
    this.#nextDueMs = this.#firstHidden();
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** Forgets what a transaction that failed has counted. */
  reload(): void {
    this.#counts = this.#store.getCounts(this.space);
    this.#nextDueMs = this.#firstHidden();
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
    if (counts.inFlight + counts.delayed === 0) {
      // It was of a message that has gone: left behind the present, it would set a timer off again and again.
      this.#nextDueMs = Infinity;
    } else if (nowMs >= this.#nextDueMs) {
      const range = { start: [this.space, counts.settledMs + 1], end: [this.space, nowMs + 1] };
      for (const { value } of this.#store.due.getRange(range)) {
        found = true;
        counts.visible += 1;
        if (value === 0) counts.delayed -= 1;
        else counts.inFlight -= 1;
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

  insert(message: StoredMessage): void {
    const sequence = this.#counts.nextSequence++;
    this.#store.putMessage(this.space, sequence, message);
    this.#addDue(sequence, message.visibleFromMs, 0, message.groupId);
  }

  /** The received message to which a handle points; undefined when it stands elsewhere now, or is gone. */
  findReceived(sequence: number, handleMs: number): Place | undefined {
    const place =
      this.#placeAt(sequence, handleMs) ?? this.#placeAt(sequence, this.#store.getMoved(this.space, sequence));
    if (place?.delivery.handleMs !== handleMs || place.delivery.receiveCount === 0) return undefined;
    if (this.#groups === undefined) return place;
    return { ...place, groupId: this.#store.getMessage(this.space, sequence)?.groupId };
  }

  has(sequence: number): boolean {
    return this.#store.hasMessage(this.space, sequence);
  }

  withMessage(place: Place): HeldMessage | undefined {
    const message = this.#store.getMessage(this.space, place.sequence);
    if (message === undefined) return undefined;
    return { sequence: place.sequence, delivery: place.delivery, groupId: message.groupId, message };
  }

  remove({ sequence, delivery, groupId }: Place): void {
    this.#removeDue(sequence, delivery);
    this.#store.removeMessage(this.space, sequence);
    if (groupId !== undefined) this.#groups?.remove(groupId, sequence);
  }

  /** Gives a received message another time at which it is seen again. */
  reschedule({ sequence, delivery, groupId }: Place, visibleAtMs: number): void {
    const { receiveCount, firstReceivedMs, lastReceivedMs, handleMs } = delivery;
    this.#removeDue(sequence, delivery);
    if (visibleAtMs !== handleMs) this.#store.putMoved(this.space, sequence, visibleAtMs);
    this.#addDue(sequence, visibleAtMs, [receiveCount, firstReceivedMs, lastReceivedMs, handleMs], groupId);
  }

  /** Takes messages for one receive, in order; each is hidden for the visibility timeout. */
  take(options: TakeOptions): HeldMessage[] {
    const taken: HeldMessage[] = [];
    if (this.#counts.visible === 0) return taken;
    if (this.#groups === undefined) this.#takeInDueOrder(options, taken);
    else this.#takeFromGroups(this.#groups, options, taken);
    return taken;
  }

  /** The first messages in the order in which they are, or will be, received. */
  front(limit: number, beforeMs = Infinity): HeldMessage[] {
    return this.#duePlaces(beforeMs, limit)
      .map((place) => this.withMessage(place))
      .filter((held) => held !== undefined);
  }

  oldestSentMs(): number | undefined {
    return this.#store.firstMessage(this.space)?.sentMs;
  }

  expiryIsDue(nowMs: number): boolean {
    return nowMs >= this.#nextExpiryCheckMs && this.#counts.visible > 0;
  }

  /** Removes messages past their retention from the front; costs nothing until the first of them is due. */
  sweepExpired(nowMs: number, retentionMs: number, limit: number): void {
    if (!this.expiryIsDue(nowMs)) return;
    for (const held of this.front(limit, nowMs + 1)) {
      this.#nextExpiryCheckMs = held.message.sentMs + retentionMs;
      if (this.#nextExpiryCheckMs > nowMs) return;
      this.remove(held);
    }
  }

  /** To be called when the retention period changed. */
  recheckExpiry(): void {
    this.#nextExpiryCheckMs = 0;
  }

  #takeInDueOrder(options: TakeOptions, taken: HeldMessage[]): void {
    const seen = new Set<number>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const limit = options.max - taken.length + seen.size;
      const places = this.#duePlaces(options.nowMs + 1, limit);
      for (const place of places) {
        // With a visibility timeout of 0 a message is due again at once.
        if (!seen.has(place.sequence) && this.#deliver(place, options, taken)) seen.add(place.sequence);
      }
      if (taken.length >= options.max || places.length < limit) return;
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
        for (const { sequence, visibleAtMs } of groups.visiblePrefix(group, options.nowMs)) {
          const place = this.#placeAt(sequence, visibleAtMs);
          if (place !== undefined) this.#deliver(place, options, taken);
          if (taken.length >= options.max) return;
        }
      }
      if (open.length < limit) return;
    }
  }

  /** Delivers one message, or clears it away when it is too old or was received too often. */
  #deliver(place: Place, options: TakeOptions, taken: HeldMessage[]): boolean {
    const held = this.withMessage(place);
    if (held === undefined) return false;
    const { sequence, message, delivery, groupId } = held;
    const expired = message.sentMs + options.retentionMs <= options.nowMs;
    if (expired || (delivery.receiveCount >= options.maxReceiveCount && options.moveAway(message))) {
      this.remove(held);
      return false;
    }
    const visibleAtMs = options.nowMs + options.visibilityTimeoutMs;
    const firstReceivedMs = delivery.receiveCount === 0 ? options.nowMs : delivery.firstReceivedMs;
    const state: DueState = [delivery.receiveCount + 1, firstReceivedMs, options.nowMs];
    this.#removeDue(sequence, delivery);
    this.#addDue(sequence, visibleAtMs, state, groupId);
    taken.push({ sequence, message, groupId, delivery: deliveryOf(visibleAtMs, state) });
    return true;
  }

  #duePlaces(beforeMs: number, limit: number): Place[] {
    const end: Key = [this.space, beforeMs];
    const rows = this.#store.due.getRange({ start: [this.space], end, limit });
    return Array.from(rows, ({ key, value }) => ({
      sequence: keyNumber(key, 2),
      delivery: deliveryOf(keyNumber(key, 1), value),
      groupId: undefined,
    }));
  }

  #placeAt(sequence: number, visibleAtMs: number | undefined): Place | undefined {
    const state = visibleAtMs === undefined ? undefined : this.#store.due.get([this.space, visibleAtMs, sequence]);
    if (state === undefined || visibleAtMs === undefined) return undefined;
    return { sequence, delivery: deliveryOf(visibleAtMs, state), groupId: undefined };
  }

  #addDue(sequence: number, visibleAtMs: number, state: DueState, groupId: string | undefined): void {
    this.#store.due.putSync([this.space, visibleAtMs, sequence], state);
    this.#count(visibleAtMs, state !== 0, 1);
    if (visibleAtMs > this.#counts.settledMs && visibleAtMs < this.#nextDueMs) this.#nextDueMs = visibleAtMs;
    if (groupId !== undefined) this.#groups?.put(groupId, sequence, visibleAtMs);
  }

  #removeDue(sequence: number, { visibleAtMs, receiveCount, handleMs }: Delivery): void {
    this.#store.due.removeSync([this.space, visibleAtMs, sequence]);
    if (visibleAtMs !== handleMs) this.#store.removeMoved(this.space, sequence);
    this.#count(visibleAtMs, receiveCount > 0, -1);
  }

  #count(visibleAtMs: number, received: boolean, change: 1 | -1): void {
    if (visibleAtMs <= this.#counts.settledMs) this.#counts.visible += change;
    else if (received) this.#counts.inFlight += change;
    else this.#counts.delayed += change;
  }

  #firstHidden(): number {
    return this.#counts.inFlight + this.#counts.delayed === 0 ? Infinity : this.#firstDueAfter(this.#counts.settledMs);
  }

  #firstDueAfter(timeMs: number): number {
    const end: Key = [this.space, Infinity];
    const [key] = this.#store.due.getKeys({ start: [this.space, timeMs + 1], end, limit: 1 });
    return key === undefined ? Infinity : keyNumber(key, 1);
  }
}

function deliveryOf(visibleAtMs: number, state: DueState): Delivery {
  if (state === 0)
    return { visibleAtMs, receiveCount: 0, firstReceivedMs: 0, lastReceivedMs: 0, handleMs: visibleAtMs };
  const [receiveCount, firstReceivedMs, lastReceivedMs, handleMs = visibleAtMs] = state;
  return { visibleAtMs, receiveCount, firstReceivedMs, lastReceivedMs, handleMs };
}
