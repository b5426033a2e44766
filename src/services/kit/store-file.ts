/**
 * Looks at the file of the store before LMDB maps it: a file that is none, or has lost its end, would end the process
 * with a signal. Offsets are those of the data format of the `lmdb` package (two meta pages of LMDB 0.98 and later).
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../shared/errors.js";

const META = { magic: 24, pageSize: 48, lastPage: 144, transaction: 152, bytes: 160 } as const;
const MAGIC = 0xbeefc0de;
const MIN_PAGE_BYTES = 512;
const MAX_PAGE_BYTES = 65_536;

/** Why the file cannot be opened as a store; undefined when it can, or when there is none yet. */
export function storeFileFault(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    // There is none yet, or it cannot be read: opening it as a store will say so.
    return undefined;
  }
  try {
    const sizeBytes = fstatSync(file).size;
    if (sizeBytes === 0) return undefined;
    const first = metaAt(file, 0);
    if (first === undefined) return "it is not a store of lambda-run";
    const second = metaAt(file, first.pageBytes);
    const newest = second !== undefined && second.transaction > first.transaction ? second : first;
    const neededBytes = (newest.lastPage + 1n) * BigInt(first.pageBytes);
    return BigInt(sizeBytes) < neededBytes ? `it has ${sizeBytes} of at least ${neededBytes} bytes` : undefined;
  } finally {
    closeSync(file);
  }
}

/** Throws LR5002. Costs one read of a page: a stack does it before anything else. */
export function refuseDamagedStore(folder: string): void {
  const path = join(folder, "state.mdb");
  const why = storeFileFault(path);
  if (why === undefined) return;
  throw new AppError("LR5002", {
    what: "The state is damaged",
    where: path,
    why,
    fix: "Run `lambda-run reset`, then import an export of it if you have one.",
  });
}

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

function metaAt(file: number, position: number): Meta | undefined {
  const meta = Buffer.alloc(META.bytes);
  if (readSync(file, meta, 0, META.bytes, position) < META.bytes) return undefined;
  const pageBytes = meta.readUInt32LE(META.pageSize);
  if (meta.readUInt32LE(META.magic) !== MAGIC || pageBytes < MIN_PAGE_BYTES || pageBytes > MAX_PAGE_BYTES)
    return undefined;
  return {
    pageBytes,
    lastPage: meta.readBigUInt64LE(META.lastPage),
    transaction: meta.readBigUInt64LE(META.transaction),
  };
}
