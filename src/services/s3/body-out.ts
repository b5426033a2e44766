/** Gives stored bodies out again, in pieces, with no more in memory than two of them. */
import type { FileHandle } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import type { ByteRange } from "./ranges.js";
import type { BodyRef, Segment } from "./rows.js";
import type { S3Store } from "./store.js";

/** Reads of this size keep up with the loopback; more only costs memory. */
const READ_BYTES = 512 * 1024;

/** An opened body: it stays readable when the object is overwritten or deleted meanwhile. Close it. */
export interface OpenBody {
  read(range: ByteRange): AsyncGenerator<Buffer, void, undefined>;
  close(): void;
}

/** Must run in the same turn in which the row was read. */
export function openBody(store: S3Store, body: BodyRef): OpenBody {
  if (body.kind === "files") {
    const release = store.blobs.lease(body.segments);
    return { read: (range) => readFiles(store, body.segments, range), close: release };
  }
  const bytes = body.kind === "row" ? (store.bodies.get(body.id) ?? Buffer.alloc(0)) : Buffer.alloc(0);
  return {
    async *read({ start, end }) {
      yield bytes.subarray(start, end + 1);
    },
    close: () => undefined,
  };
}

/** The pieces are views of two buffers used in turn: a piece is void when the next but one has been asked for. */
async function* readFiles(
  store: S3Store,
  segments: readonly Segment[],
  range: ByteRange,
): AsyncGenerator<Buffer, void, undefined> {
  let offset = 0;
  const size = Math.min(READ_BYTES, range.end - range.start + 1);
  const buffers: [Buffer, Buffer] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  for (const segment of segments) {
    const start = Math.max(range.start - offset, 0);
    const end = Math.min(range.end - offset, segment.size - 1);
    offset += segment.size;
    if (start > end) continue;
    const file = await store.blobs.open(segment);
    try {
      yield* readFile(file, start, end, buffers);
    } finally {
      await file.close();
    }
  }
}

async function* readFile(
  file: FileHandle,
  start: number,
  end: number,
  buffers: [Buffer, Buffer],
): AsyncGenerator<Buffer, void, undefined> {
  let position = start;
  while (position <= end) {
    const [buffer] = buffers;
    buffers.reverse();
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - position + 1), position);
    if (bytesRead === 0) throw new Error("an object file is shorter than its row says");
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Sends a body after the head was written. Resolves early when the client has gone. */
export async function sendBody(body: OpenBody, range: ByteRange, response: ServerResponse): Promise<undefined> {
  let sent: Promise<boolean> = Promise.resolve(true);
  for await (const piece of body.read(range)) {
    // The next piece is read while this one is on its way; the one before must be gone, its buffer is used again.
    if (!(await sent)) return undefined;
    sent = flushed(response, piece);
  }
  if (await sent) response.end();
  return undefined;
}

function flushed(response: ServerResponse, piece: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve(false);
      return;
    }
    const onClose = (): void => resolve(false);
    response.once("close", onClose);
    response.write(piece, (error) => {
      response.off("close", onClose);
      resolve(error === undefined || error === null);
    });
  });
}
