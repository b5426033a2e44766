/**
 * Archives and replays in the state store.
 *
 *     events-archives    name
 *     events-archived    [archive name, second of arrival in ms, number]
 *     events-replays     name
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";
import { isKey } from "./store.js";

export interface ArchiveRow {
  readonly name: string;
  readonly busName: string;
  readonly description: string | undefined;
  readonly eventPattern: string | undefined;
  /** 0 = for ever. */
  readonly retentionDays: number;
  readonly createdMs: number;
  readonly eventCount: number;
  readonly sizeBytes: number;
}

export const REPLAY_STATES = ["STARTING", "RUNNING", "CANCELLING", "COMPLETED", "CANCELLED", "FAILED"] as const;

export interface ReplayRow {
  readonly name: string;
  readonly archiveName: string;
  readonly busName: string;
  readonly description: string | undefined;
  /** ARNs of the rules that alone get the events; all of them when empty. */
  readonly filterArns: readonly string[];
  readonly eventStartMs: number;
  readonly eventEndMs: number;
  readonly state: (typeof REPLAY_STATES)[number];
  readonly startedMs: number;
  readonly endedMs: number | undefined;
  /** Of the event that was replayed last. */
  readonly last: ArchivedKey | undefined;
}

export type ArchivedKey = [archiveName: string, timeMs: number, number: number];

const DAY_MS = 86_400_000;
/** Rows removed with each event that is archived: more than one, so that the table shrinks. */
const SWEEP_PER_EVENT = 10;
const LAST = Number.MAX_SAFE_INTEGER;

export class ArchiveStore {
  readonly #archives: Database<ArchiveRow, string>;
  readonly #events: Database<string, ArchivedKey>;
  readonly #replays: Database<ReplayRow, string>;

  constructor(state: StateStore) {
    this.#archives = state.table("events-archives");
    this.#events = state.table("events-archived");
    this.#replays = state.table("events-replays");
  }

  archive(name: string): ArchiveRow | undefined {
    return isKey(name) ? this.#archives.get(name) : undefined;
  }

  archives(): ArchiveRow[] {
    return Array.from(this.#archives.getRange({}), ({ value }) => value);
  }

  putArchive(row: ArchiveRow): void {
    this.#archives.putSync(row.name, row);
  }

  removeArchive(name: string): void {
    // Listed first: rows are not to vanish under the range that finds them.
    const keys = Array.from(this.#events.getKeys({ start: [name, 0, 0], end: [name, LAST, LAST] }));
    for (const key of keys) this.#events.removeSync(key);
    this.#archives.removeSync(name);
  }

  /** What is older than the archive keeps goes little by little, and is not found from then on. */
  add(archive: ArchiveRow, text: string, nowMs: number): void {
    const { name } = archive;
    const second = secondOf(nowMs);
    const [last] = this.#events.getKeys({
      start: [name, second, LAST],
      end: [name, second, -1],
      reverse: true,
      limit: 1,
    });
    this.#events.putSync([name, second, (last?.[2] ?? -1) + 1], text);
    let { eventCount, sizeBytes } = archive;
    eventCount += 1;
    sizeBytes += Buffer.byteLength(text);
    const end: ArchivedKey = [name, oldestMs(archive, nowMs), 0];
    const old = Array.from(this.#events.getRange({ start: [name, 0, 0], end, limit: SWEEP_PER_EVENT }));
    for (const { key, value } of old) {
      this.#events.removeSync(key);
      eventCount -= 1;
      sizeBytes -= Buffer.byteLength(value);
    }
    this.putArchive({ ...archive, eventCount, sizeBytes });
  }

  /** The next events of a replay. */
  next(
    replay: ReplayRow,
    limit: number,
    nowMs: number,
  ): readonly { readonly key: ArchivedKey; readonly text: string }[] {
    const { archiveName, eventStartMs, eventEndMs, last } = replay;
    const archive = this.archive(archiveName);
    if (archive === undefined) return [];
    const fromMs = Math.max(secondOf(eventStartMs), oldestMs(archive, nowMs));
    const start: ArchivedKey = last === undefined ? [archiveName, fromMs, 0] : [archiveName, last[1], last[2] + 1];
    const range = this.#events.getRange({ start, end: [archiveName, eventEndMs, LAST], limit });
    return Array.from(range, ({ key, value }) => ({ key, text: value }));
  }

  replay(name: string): ReplayRow | undefined {
    return isKey(name) ? this.#replays.get(name) : undefined;
  }

  replays(): ReplayRow[] {
    return Array.from(this.#replays.getRange({}), ({ value }) => value);
  }

  putReplay(row: ReplayRow): void {
    this.#replays.putSync(row.name, row);
  }

  async clear(): Promise<void> {
    await Promise.all([this.#archives.clearAsync(), this.#events.clearAsync(), this.#replays.clearAsync()]);
  }
}

/** Times of the API are whole seconds. */
const secondOf = (ms: number): number => Math.floor(ms / 1000) * 1000;

const oldestMs = ({ retentionDays }: ArchiveRow, nowMs: number): number =>
  retentionDays === 0 ? 0 : Math.max(0, nowMs - retentionDays * DAY_MS);
