/**
 * How events lie in the store. Those that arrive together share a row for each second of their time, and a row of some
 * size is deflated: the lines of invocations are nine parts repetition, and a row for each of them made the state file,
 * and with it the mapped memory of a busy stack, ten times as large.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** A row never reaches over the end of its second: events in order of time are found by reading second after second. */
export const BLOCK_MS = 1000;
const MAX_BLOCK_CHARACTERS = 256 * 1024;
/** Below this deflating gains nothing. */
const MIN_DEFLATED_CHARACTERS = 512;
/** The fastest: it already finds the repetition. */
const DEFLATE_LEVEL = 1;

export interface BlockEvent {
  readonly timestampMs: number;
  readonly sequence: number;
  readonly message: string;
}

export interface BlockRow {
  readonly ingestedMs: number;
  /** JSON, or deflated JSON, of a list of `[timestampMs, sequence, message]`. */
  readonly events: string | Buffer;
}

export interface Block {
  /** Start of the second. */
  readonly startMs: number;
  /** Of its first event. */
  readonly sequence: number;
  readonly row: BlockRow;
}

/** The rows of events that arrived together. */
export function packEvents(events: readonly BlockEvent[], ingestedMs: number): Block[] {
  const seconds = new Map<number, BlockEvent[][]>();
  const characters = new Map<number, number>();
  for (const event of events) {
    const startMs = blockStart(event.timestampMs);
    const blocks = seconds.get(startMs) ?? [];
    seconds.set(startMs, blocks);
    const length = (characters.get(startMs) ?? 0) + event.message.length;
    const last = blocks.at(-1);
    if (last === undefined || length > MAX_BLOCK_CHARACTERS) {
      blocks.push([event]);
      characters.set(startMs, event.message.length);
    } else {
      last.push(event);
      characters.set(startMs, length);
    }
  }
  return [...seconds].flatMap(([startMs, blocks]) =>
    blocks.map((block) => ({ startMs, sequence: block[0]?.sequence ?? 0, row: { ingestedMs, events: packed(block) } })),
  );
}

export function unpackEvents({ events }: BlockRow): BlockEvent[] {
  const text = typeof events === "string" ? events : inflateRawSync(events).toString("utf8");
  const list = JSON.parse(text) as [number, number, string][];
  return list.map(([timestampMs, sequence, message]) => ({ timestampMs, sequence, message }));
}

export const blockStart = (timestampMs: number): number => Math.floor(timestampMs / BLOCK_MS) * BLOCK_MS;

function packed(events: readonly BlockEvent[]): string | Buffer {
  const text = JSON.stringify(events.map(({ timestampMs, sequence, message }) => [timestampMs, sequence, message]));
  return text.length < MIN_DEFLATED_CHARACTERS ? text : deflateRawSync(text, { level: DEFLATE_LEVEL });
}
