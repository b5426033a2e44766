/** Cuts what was collected into what one call of the function takes. */
import { LAMBDA } from "../../shared/aws-limits.js";
import type { StreamRecord } from "./stream-client.js";
import { windowStart } from "./tumbling-window.js";

/** Commas and the frame. */
const RECORD_OVERHEAD_BYTES = 10;
/** Beside the records of a call with a window. */
const MAX_STATE_BYTES = 1_050_000;

/** Cut where the event would exceed what a synchronous call takes, and between tumbling windows (0 = there are none). */
export function* batchesOf(records: readonly StreamRecord[], windowMs: number): Generator<readonly StreamRecord[]> {
  const maxBytes = LAMBDA.syncRequestBytes - (windowMs === 0 ? FRAME_BYTES : MAX_STATE_BYTES);
  let batch: StreamRecord[] = [];
  let sizeBytes = 0;
  let startMs = 0;
  for (const record of records) {
    const recordBytes = Buffer.byteLength(JSON.stringify(record.event)) + RECORD_OVERHEAD_BYTES;
    const recordStartMs = windowMs === 0 ? 0 : windowStart(record.arrivalMs, windowMs);
    if (batch.length > 0 && (sizeBytes + recordBytes > maxBytes || recordStartMs !== startMs)) {
      yield batch;
      batch = [];
      sizeBytes = 0;
    }
    startMs = recordStartMs;
    batch.push(record);
    sizeBytes += recordBytes;
  }
  if (batch.length > 0) yield batch;
}

const FRAME_BYTES = 100;
