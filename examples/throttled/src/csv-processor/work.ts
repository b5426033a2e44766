/**
 * Works through the rows of a file, batch by batch, as long as there is time. Progress is kept behind each batch; what is left
 * when time runs out is for the next invocation.
 */
import type { ApiOptions } from "./api.js";
import { callApi, RetryableError, RowRejected } from "./api.js";
import type { FileRecord, Progress } from "./record.js";
import { ValidationError, type ProcessingOptions } from "./request.js";
import type { CsvRow } from "./rows.js";

export interface WorkOptions {
  readonly id: string;
  readonly options: ProcessingOptions;
  readonly api: ApiOptions;
  readonly maxConcurrentCalls: number;
  readonly reserveMs: number;
  readonly remainingMs: () => number;
  readonly record: FileRecord;
}

const BATCH_TARGET_MS = 30_000;
const MAX_BATCH_ROWS = 100;
/** For keeping what is done. */
const SAVE_MS = 1000;
const MAX_NAMED_REJECTIONS = 20;
const KEY_COLUMN = "id";

/** True when the file is through; else time has run out. What is done is in the record in any case. */
export async function work(
  rows: AsyncIterator<CsvRow>,
  from: Progress,
  given: WorkOptions,
): Promise<{ readonly progress: Progress; readonly isThrough: boolean }> {
  const { options, record, remainingMs, reserveMs } = given;
  const concurrency = concurrencyFor(options, given.maxConcurrentCalls);
  let progress = from.columns === undefined ? await readHeader(rows, from) : from;
  let msPerRow: number | undefined;
  for (;;) {
    if (remainingMs() < reserveMs) return { progress, isThrough: false };
    const size = batchSize(options, concurrency, msPerRow, remainingMs() - reserveMs);
    const batch = await nextRows(rows, size);
    if (batch.length === 0) return { progress, isThrough: true };
    const startMs = performance.now();
    const done = await runBatch(batch, progress, concurrency, given);
    progress = done.progress;
    await record.keep(progress);
    if (done.failure !== undefined) {
      // What was cut off for want of time is no failure.
      if (done.isOutOfTime) return { progress, isThrough: false };
      throw done.failure;
    }
    msPerRow = (performance.now() - startMs) / batch.length;
  }
}

/** Low priority leaves the API to others. */
function concurrencyFor({ useAsync, priority }: ProcessingOptions, most: number): number {
  if (!useAsync || priority === "low") return 1;
  return priority === "high" ? most : Math.max(1, Math.ceil(most / 2));
}

function batchSize(
  { useBatch, batchSize: fixed }: ProcessingOptions,
  concurrency: number,
  msPerRow: number | undefined,
  leftMs: number,
): number {
  if (!useBatch) return 1;
  if (fixed !== undefined) return fixed;
  // The first batch measures.
  if (msPerRow === undefined) return concurrency;
  const rows = Math.floor(Math.min(BATCH_TARGET_MS, leftMs) / Math.max(1, msPerRow));
  return Math.min(MAX_BATCH_ROWS, Math.max(concurrency, rows));
}

async function readHeader(rows: AsyncIterator<CsvRow>, from: Progress): Promise<Progress> {
  const first = await rows.next();
  if (first.done === true) throw new ValidationError("the file is empty");
  const { fields, endByte } = first.value;
  if (!fields.includes(KEY_COLUMN)) throw new ValidationError(`the first line names no column ${KEY_COLUMN}`);
  return { ...from, columns: fields, nextByte: endByte };
}

async function nextRows(rows: AsyncIterator<CsvRow>, size: number): Promise<CsvRow[]> {
  const batch: CsvRow[] = [];
  while (batch.length < size) {
    const next = await rows.next();
    if (next.done === true) break;
    batch.push(next.value);
  }
  return batch;
}

type Outcome = "done" | "rejected" | RetryableError | undefined;

async function runBatch(
  batch: readonly CsvRow[],
  before: Progress,
  concurrency: number,
  { id, api, remainingMs }: WorkOptions,
): Promise<{ progress: Progress; failure: RetryableError | undefined; isOutOfTime: boolean }> {
  const outOfTime = AbortSignal.timeout(Math.max(0, remainingMs() - SAVE_MS));
  const failed = new AbortController();
  const signal = AbortSignal.any([outOfTime, failed.signal]);
  const outcomes: Outcome[] = Array.from({ length: batch.length }, () => undefined);
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < batch.length && !signal.aborted) {
      const index = next++;
      const { fields } = batch[index] ?? { fields: [] };
      try {
        await callApi(rowObject(before.columns ?? [], fields), `${id}#${before.rowsDone + index + 1}`, api, signal);
        outcomes[index] = "done";
      } catch (error) {
        if (error instanceof RowRejected) outcomes[index] = "rejected";
        else if (error instanceof RetryableError) {
          outcomes[index] = error;
          // No further rows are begun; those under way come to their end.
          next = batch.length;
        } else throw error;
      }
    }
  };
  const callers = Array.from({ length: Math.min(concurrency, batch.length) }, caller);
  await Promise.all(callers).catch((error: unknown) => {
    failed.abort();
    throw error;
  });
  // In order: what is behind the first row that is not done is done again, and the API knows it by its key.
  let progress = before;
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome !== "done" && outcome !== "rejected") break;
    progress = behind(progress, batch[index], outcome);
  }
  const failure = outcomes.find((outcome) => outcome instanceof RetryableError);
  const isOutOfTime = outOfTime.aborted;
  return { progress, failure: failure ?? (isOutOfTime ? new RetryableError("out of time") : undefined), isOutOfTime };
}

function behind(before: Progress, row: CsvRow | undefined, outcome: "done" | "rejected"): Progress {
  const rowsDone = before.rowsDone + 1;
  const { rejected, rejectedCount, columns } = before;
  const nextByte = row?.endByte ?? before.nextByte;
  if (outcome === "done") return { rowsDone, nextByte, columns, rejected, rejectedCount };
  const named = rejected.length < MAX_NAMED_REJECTIONS ? [...rejected, rowsDone] : rejected;
  return { rowsDone, nextByte, columns, rejected: named, rejectedCount: rejectedCount + 1 };
}

/** A row of another length than the header is the API's to refuse by what it misses; nothing is lost of it. */
function rowObject(columns: readonly string[], fields: readonly string[]): Record<string, string> {
  const named = Object.fromEntries(columns.map((name, index) => [name, fields[index] ?? ""]));
  return fields.length > columns.length ? { ...named, _more: fields.slice(columns.length).join(",") } : named;
}
