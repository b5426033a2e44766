/**
 * Rows of a CSV file (RFC 4180) out of a stream of bytes, each with the place where it ends: work that stops after a row goes
 * on there. Quoted fields may hold commas, quotes and line ends; a byte order mark and blank lines are passed over.
 */
import { ValidationError } from "./request.js";

export interface CsvRow {
  readonly fields: readonly string[];
  /** First byte behind the row, counted from the start of the file. */
  readonly endByte: number;
}

const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** A quote that is never closed would gather the rest of the file in memory. */
const MAX_ROW_BYTES = 256 * 1024;

export async function* csvRows(chunks: AsyncIterable<Uint8Array>, startByte: number): AsyncGenerator<CsvRow> {
  let pending = Buffer.alloc(0);
  let pendingStart = startByte;
  let scanned = 0;
  let inQuotes = false;
  for await (const chunk of chunks) {
    pending = Buffer.concat([pending, chunk]);
    let rowStart = 0;
    for (; scanned < pending.length; scanned++) {
      const byte = pending[scanned];
      // A doubled quote inside a field closes and opens again.
      if (byte === QUOTE) inQuotes = !inQuotes;
      if (byte !== NEWLINE || inQuotes) continue;
      const row = rowOf(pending.subarray(rowStart, scanned), pendingStart + scanned + 1);
      rowStart = scanned + 1;
      if (row !== undefined) yield row;
    }
    pending = pending.subarray(rowStart);
    pendingStart += rowStart;
    scanned -= rowStart;
    if (pending.length > MAX_ROW_BYTES)
      throw new ValidationError(`the row at byte ${pendingStart} has more than ${MAX_ROW_BYTES} bytes`);
  }
  if (inQuotes) throw new ValidationError(`the row at byte ${pendingStart} has a quote that is not closed`);
  const last = rowOf(pending, pendingStart + pending.length);
  if (last !== undefined) yield last;
}

/** Undefined for a blank line. */
function rowOf(bytes: Buffer, endByte: number): CsvRow | undefined {
  const start = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const end = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
  return end <= start ? undefined : { fields: fieldsOf(bytes.toString("utf8", start, end)), endByte };
}

function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (let at = 0; at <= line.length;) {
    if (line[at] !== '"') {
      const comma = line.indexOf(",", at);
      const end = comma === -1 ? line.length : comma;
      fields.push(line.slice(at, end));
      at = end + 1;
      continue;
    }
    let field = "";
    for (at += 1; at < line.length; at++) {
      if (line[at] === '"' && line[at + 1] !== '"') break;
      if (line[at] === '"') at += 1;
      field += line[at];
    }
    fields.push(field);
    at = line.indexOf(",", at) === -1 ? line.length + 1 : line.indexOf(",", at) + 1;
  }
  return fields;
}
