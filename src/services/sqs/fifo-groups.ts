/**
 * FIFO order. Only the first message of a group decides whether the group can be received from: while it is in
 * flight or delayed the group is closed. The heads of all groups stand in one index, in the order in which they
 * became visible, so finding work costs the same for a million messages as for ten.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
 */
import type { Key } from "lmdb";
import { AFTER_ALL, keyNumber, type SqsStore } from "./store.js";

export interface GroupMember {
  readonly sequence: number;
  readonly visibleAtMs: number;
}

const MEMBER_CHUNK = 32;

export class FifoGroups {
  readonly #store: SqsStore;
  readonly #space: number;

  constructor(store: SqsStore, space: number) {
    this.#store = store;
    this.#space = space;
  }

  /** Records a message's place or a change of its visibility. */
  put(group: string, sequence: number, visibleAtMs: number): void {
    this.#store.groups.putSync([this.#space, group, sequence], visibleAtMs);
    this.#reindex(group);
  }

  remove(group: string, sequence: number): void {
    this.#store.groups.removeSync([this.#space, group, sequence]);
    this.#reindex(group);
  }

  /** Groups whose head is visible, longest visible first. */
  openGroups(nowMs: number, limit: number): string[] {
    return [...this.#store.heads.getRange({ start: [this.#space], end: [this.#space, nowMs + 1], limit })].map(
      ({ value }) => value,
    );
  }

  /** The members at the front of a group that are visible, in order; ends at the first that is not. */
  *visiblePrefix(group: string, nowMs: number): Generator<GroupMember> {
    let after = -1;
    for (;;) {
      // Read in chunks: the caller changes the rows while it goes through them.
      const start: Key = [this.#space, group, after + 1];
      const members = [
        ...this.#store.groups.getRange({ start, end: [this.#space, group, AFTER_ALL] as Key, limit: MEMBER_CHUNK }),
      ];
      for (const { key, value: visibleAtMs } of members) {
        const sequence = keyNumber(key, 2);
        if (visibleAtMs > nowMs) return;
        yield { sequence, visibleAtMs };
        after = sequence;
      }
      if (members.length < MEMBER_CHUNK) return;
    }
  }

  #reindex(group: string): void {
    const { groups, groupHeads, heads } = this.#store;
    const before = groupHeads.get([this.#space, group]);
    const [first] = [
      ...groups.getRange({ start: [this.#space, group], end: [this.#space, group, AFTER_ALL] as Key, limit: 1 }),
    ];
    const sequence = first === undefined ? undefined : keyNumber(first.key, 2);
    if (before !== undefined && before[0] === first?.value && before[1] === sequence) return;
    if (before !== undefined) heads.removeSync([this.#space, before[0], before[1]]);
    if (first === undefined || sequence === undefined) {
      groupHeads.removeSync([this.#space, group]);
      return;
    }
    groupHeads.putSync([this.#space, group], [first.value, sequence]);
    heads.putSync([this.#space, first.value, sequence], group);
  }
}
