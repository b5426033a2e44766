/**
 * The rows of SQS. A queue's contents live under a number of their own, its *space*: purging a queue gives it a new
 * space and leaves the old rows to be swept away later, so that it takes no time however much was queued.
 *
 *     messages    [space, sequence]                  what was sent; never rewritten
 *     due         [space, visible at ms, sequence]   the order in which messages become receivable, and their receives
 *     moved       [space, sequence]                  where in `due`, if its visibility was changed after its receive
 *     groups      [space, group, sequence]           FIFO only: the order inside a group
 *     heads       [space, visible at ms, sequence]   FIFO only: the first message of each group
 */
import type { Database, Key } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import type { MessageAttributes } from "./message-attributes.js";
import type { QueueAttributes } from "./queue-attributes.js";

export interface QueueRow {
  readonly name: string;
  /** Stays with the queue for its life; receipt handles carry it. */
  readonly number: number;
  readonly space: number;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly purgedMs?: number;
  readonly attributes: QueueAttributes;
  readonly tags: Readonly<Record<string, string>>;
}

export interface StoredMessage {
  readonly messageId: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly sentMs: number;
  /** When it is to be seen first: later than `sentMs` for a delayed message. */
  readonly visibleFromMs: number;
  readonly senderId: string;
  readonly attributes?: MessageAttributes | undefined;
  readonly traceHeader?: string | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly sequenceNumber?: string | undefined;
  readonly deadLetterSourceArn?: string | undefined;
}

/** 0 before the first receive; then how often received, first and last when, and the time in the newest handle if it is another. */
export type DueState =
  | 0
  | readonly [receiveCount: number, firstReceivedMs: number, lastReceivedMs: number, handleMs?: number];

export interface Counts {
  visible: number;
  inFlight: number;
  delayed: number;
  /** Rows of `due` up to this time are counted as visible. */
  settledMs: number;
  nextSequence: number;
}

export interface MoveTaskRow {
  readonly taskId: string;
  readonly sourceArn: string;
  readonly destinationArn?: string;
  readonly ratePerSecond?: number;
  readonly startedMs: number;
  readonly status: "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
  readonly moved: number;
  readonly toMove: number;
  readonly failureReason?: string;
}

/** Rows are tuples: names of members would be most of a small message. */
type MessageTuple = readonly unknown[];
type CountsTuple = readonly [number, number, number, number, number];
export interface Deduplicated {
  readonly expiresMs: number;
  readonly messageId: string;
  readonly sequenceNumber: string;
}

/** Greater than any part of a key that is a number or a string. */
export const AFTER_ALL: Key = Buffer.from([0xff]);

/** The part of a key that stands at `index`. */
export function keyNumber(key: Key, index: number): number {
  return Array.isArray(key) ? Number(key[index]) : Number.NaN;
}

const SWEEP_CHUNK = 500;

interface PendingWrite {
  readonly work: () => unknown;
  readonly undo: () => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class SqsStore {
  readonly queues: Database<QueueRow, string>;
  readonly deletedQueues: Database<number, string>;
  readonly moveTasks: Database<MoveTaskRow>;
  /** Contents: read and written only through contents.ts and fifo-groups.ts. */
  readonly due: Database<DueState>;
  readonly groups: Database<number>;
  readonly heads: Database<string>;
  readonly groupHeads: Database<readonly [number, number]>;
  readonly deduplication: Database<Deduplicated>;
  readonly deduplicationExpiry: Database<boolean>;
  readonly #messages: Database<MessageTuple>;
  readonly #moved: Database<number>;
  readonly #counts: Database<CountsTuple, number>;
  readonly #numbers: Database<number, string>;
  readonly #garbage: Database<boolean, number>;
  readonly #state: StateStore;
  #pending: PendingWrite[] = [];

  constructor(state: StateStore) {
    this.#state = state;
    this.queues = state.table("sqs-queues");
    this.deletedQueues = state.table("sqs-deleted-queues");
    this.moveTasks = state.table("sqs-move-tasks");
    this.due = state.table("sqs-due");
    this.groups = state.table("sqs-groups");
    this.heads = state.table("sqs-heads", { encoding: "string" });
    this.groupHeads = state.table("sqs-group-heads");
    this.deduplication = state.table("sqs-deduplication");
    this.deduplicationExpiry = state.table("sqs-deduplication-expiry");
    this.#messages = state.table("sqs-messages");
    this.#moved = state.table("sqs-moved");
    this.#counts = state.table("sqs-counts");
    this.#numbers = state.table("sqs-numbers");
    this.#garbage = state.table("sqs-garbage");
  }

  /**
   * Runs `work` in a transaction and resolves after its commit. Requests that come in during one turn of the event loop
   * share a commit: at 16 connections that is a fifth of the whole cost. A work that throws loses only its own writes;
   * `undo` lets it take back what it did outside of the store, before it or the works beside it run again.
   */
  write<T>(work: () => T, undo: () => void = () => undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ work, undo, resolve: (value) => resolve(value as T), reject });
      if (this.#pending.length === 1) setImmediate(() => void this.flush());
    });
  }

  /** Commits what waits now. */
  async flush(): Promise<void> {
    const batch = this.#pending;
    if (batch.length === 0) return;
    this.#pending = [];
    try {
      const results = await this.#state.write(() => batch.map(({ work }) => work()));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
    } catch {
      for (const { undo } of batch) undo();
      for (const pending of batch) await this.#writeAlone(pending);
    }
  }

  async #writeAlone({ work, undo, resolve, reject }: PendingWrite): Promise<void> {
    try {
      resolve(await this.#state.write(work));
    } catch (error) {
      undo();
      reject(error);
    }
  }

  get secret(): Buffer {
    return this.#state.secret;
  }

  /** Only in a transaction: a number never given before. */
  nextNumber(): number {
    const next = (this.#numbers.get("last") ?? 0) + 1;
    this.#numbers.putSync("last", next);
    return next;
  }

  getMessage(space: number, sequence: number): StoredMessage | undefined {
    const row = this.#messages.get([space, sequence]);
    return row === undefined ? undefined : messageOf(row);
  }

  putMessage(space: number, sequence: number, message: StoredMessage): void {
    this.#messages.putSync([space, sequence], tupleOf(message));
  }

  hasMessage(space: number, sequence: number): boolean {
    return this.#messages.doesExist([space, sequence]);
  }

  removeMessage(space: number, sequence: number): void {
    this.#messages.removeSync([space, sequence]);
  }

  /** The message that was put into the space first. */
  firstMessage(space: number): StoredMessage | undefined {
    const [first] = this.#messages.getRange({ start: [space], end: [space, AFTER_ALL] as Key, limit: 1 });
    return first === undefined ? undefined : messageOf(first.value);
  }

  getMoved(space: number, sequence: number): number | undefined {
    return this.#moved.get([space, sequence]);
  }

  putMoved(space: number, sequence: number, visibleAtMs: number): void {
    this.#moved.putSync([space, sequence], visibleAtMs);
  }

  removeMoved(space: number, sequence: number): void {
    this.#moved.removeSync([space, sequence]);
  }

  getCounts(space: number): Counts {
    const [visible = 0, inFlight = 0, delayed = 0, settledMs = 0, nextSequence = 1] = this.#counts.get(space) ?? [];
    return { visible, inFlight, delayed, settledMs, nextSequence };
  }

  putCounts(space: number, counts: Counts): void {
    this.#counts.putSync(space, [
      counts.visible,
      counts.inFlight,
      counts.delayed,
      counts.settledMs,
      counts.nextSequence,
    ]);
  }

  /** Only in a transaction: leaves a space, or a deleted queue's deduplication rows, to `sweepGarbage`. */
  abandon(space: number): void {
    this.#garbage.putSync(space, true);
  }

  /** Removes some rows of abandoned spaces; false when nothing is left. */
  async sweepGarbage(): Promise<boolean> {
    const [space] = [...this.#garbage.getKeys({ limit: 1 })];
    if (space === undefined) return false;
    const tables: readonly Database<unknown>[] = [
      this.#messages,
      this.#moved,
      this.due,
      this.groups,
      this.heads,
      this.groupHeads,
      this.deduplication,
      this.deduplicationExpiry,
    ] as readonly Database<unknown>[];
    await this.write(() => {
      let removed = 0;
      for (const table of tables) {
        const range = { start: [space], end: [space, AFTER_ALL] as Key, limit: SWEEP_CHUNK };
        for (const key of Array.from(table.getKeys(range))) {
          table.removeSync(key);
          removed += 1;
        }
      }
      if (removed === 0) {
        this.#counts.removeSync(space);
        this.#garbage.removeSync(space);
      }
    });
    return true;
  }

  async clear(): Promise<void> {
    const tables = [
      this.queues,
      this.deletedQueues,
      this.moveTasks,
      this.due,
      this.groups,
      this.heads,
      this.groupHeads,
    ];
    await this.write(() => {
      for (const table of tables) table.clearSync();
      for (const table of [
        this.deduplication,
        this.deduplicationExpiry,
        this.#messages,
        this.#moved,
        this.#counts,
        this.#garbage,
      ])
        table.clearSync();
    });
  }
}

function tupleOf(message: StoredMessage): MessageTuple {
  const tuple: unknown[] = [
    message.messageId,
    message.body,
    message.bodyMd5,
    message.sentMs,
    message.visibleFromMs,
    message.senderId,
  ];
  const { attributes, traceHeader, groupId, deduplicationId, sequenceNumber, deadLetterSourceArn } = message;
  const rare = [attributes, traceHeader, groupId, deduplicationId, sequenceNumber, deadLetterSourceArn];
  if (rare.some((value) => value !== undefined)) tuple.push(...rare);
  return tuple;
}

function messageOf(tuple: MessageTuple): StoredMessage {
  const [messageId, body, bodyMd5, sentMs, visibleFromMs, senderId] = tuple as [
    string,
    string,
    string,
    number,
    number,
    string,
  ];
  if (tuple.length === 6) return { messageId, body, bodyMd5, sentMs, visibleFromMs, senderId };
  const [attributes, traceHeader, groupId, deduplicationId, sequenceNumber, deadLetterSourceArn] = tuple
    .slice(6)
    .map((value) => value ?? undefined) as [MessageAttributes?, string?, string?, string?, string?, string?];
  return {
    messageId,
    body,
    bodyMd5,
    sentMs,
    visibleFromMs,
    senderId,
    attributes,
    traceHeader,
    groupId,
    deduplicationId,
    sequenceNumber,
    deadLetterSourceArn,
  };
}
