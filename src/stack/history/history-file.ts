/**
 * The history on disk: JSON lines in numbered files that are only ever appended to, so that a one-shot command and a
 * running stack may write to it at the same time and nobody needs the store for it. Bounded: a full file starts the
 * next one and the oldest goes.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf } from "../../shared/errors.js";
import { described } from "./describe-event.js";
import type { HistoryRecord, KeptRecord } from "./records.js";

const MAX_FILE_BYTES = 8 * 1024 * 1024;
const FILES_KEPT = 8;
const FILE = /^(\d{6})\.jsonl$/;
/** Records are gathered for this long: writing is off the path of the invocation. */
const GATHER_MS = 20;

export const historyFolder = (stateFolder: string): string => join(stateFolder, "history");

export class HistoryFile {
  readonly #folder: string;
  readonly #onError: (text: string) => void;
  #pending: KeptRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #complained = false;

  /** `onError` hears once that the history cannot be written; the work goes on without it. */
  constructor(folder: string, onError: (text: string) => void) {
    this.#folder = folder;
    this.#onError = onError;
  }

  add(record: KeptRecord): void {
    this.#pending.push(record);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#flush());
    }, GATHER_MS).unref();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    const text = this.#take();
    if (text !== "") this.#guard(() => appendFileSync(this.#current(), text, { mode: 0o600 }));
  }

  async #flush(): Promise<void> {
    const text = this.#take();
    if (text === "") return;
    try {
      await appendFile(this.#current(), text, { mode: 0o600 });
    } catch (error) {
      this.#complain(error);
    }
  }

  #take(): string {
    const text = this.#pending.map((record) => `${JSON.stringify(record)}\n`).join("");
    this.#pending = [];
    return text;
  }

  /** The file to append to. */
  #current(): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const numbers = fileNumbers(this.#folder);
    const last = numbers.at(-1) ?? 1;
    const size = statSync(pathOf(this.#folder, last), { throwIfNoEntry: false })?.size ?? 0;
    if (size < MAX_FILE_BYTES) return pathOf(this.#folder, last);
    for (const number of numbers.slice(0, Math.max(0, numbers.length - FILES_KEPT + 1)))
      rmSync(pathOf(this.#folder, number), { force: true });
    return pathOf(this.#folder, last + 1);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#complain(error);
    }
  }

  #complain(error: unknown): void {
    if (this.#complained) return;
    this.#complained = true;
    this.#onError(`the history cannot be written: ${messageOf(error)}`);
  }
}

/** Everything that is kept, oldest first. Lines that were cut off by a kill are left out. */
export function readHistory(stateFolder: string): HistoryRecord[] {
  const folder = historyFolder(stateFolder);
  return fileNumbers(folder).flatMap((number) => readLines(pathOf(folder, number)));
}

/** The one record that an id, or the beginning of one, means. Throws LR6002. */
export function findRecord(records: readonly HistoryRecord[], id: string): HistoryRecord {
  const found = records.filter((record) => record.id.startsWith(id.toLowerCase()));
  const exact = found.findLast((record) => record.id === id);
  const record = exact ?? found.at(-1);
  if (id === "" || record === undefined) {
    throw new AppError("LR6002", { what: `There is no event "${id}" in the history` });
  }
  if (exact === undefined && new Set(found.map((one) => one.id)).size > 1) {
    throw new AppError("LR6002", {
      what: `"${id}" is the beginning of ${new Set(found.map((one) => one.id)).size} ids`,
      fix: "Write a few letters more.",
    });
  }
  return record;
}

function readLines(path: string): HistoryRecord[] {
  const records: HistoryRecord[] = [];
  for (const line of readIfThere(path).split("\n")) {
    if (line === "") continue;
    try {
      const record = JSON.parse(line) as KeptRecord;
      records.push(record.kind === "invocation" ? described(record) : record);
    } catch {
      // Cut off by a kill in the middle of writing.
    }
  }
  return records;
}

/** Another process may just have dropped it. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function fileNumbers(folder: string): number[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => FILE.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    // Nothing has happened here yet.
    return [];
  }
}

const pathOf = (folder: string, number: number): string => join(folder, `${String(number).padStart(6, "0")}.jsonl`);
