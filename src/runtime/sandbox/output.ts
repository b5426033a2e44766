/** The pipes that carry what processes print. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Sandbox } from "./sandbox.js";

/** Two turns without a byte: libuv reads a ready pipe in every turn, so nothing written before is left in the kernel. */
const QUIET_TURNS = 2;
/** A process that prints without end cannot be waited for. */
const MAX_TURNS = 1000;

/** Resolves when what was written so far has reached the readers. A stream that nobody reads holds nothing up. */
export async function flushStreams({ stdout, stderr, extensions }: Sandbox["output"]): Promise<void> {
  const streams = [stdout, stderr, ...(extensions === undefined ? [] : [extensions])].filter(
    (stream) => stream.readableFlowing === true,
  );
  let seen = 0;
  const count = (chunk: Buffer | string): void => {
    seen += chunk.length;
  };
  for (const stream of streams) stream.on("data", count);
  for (let turn = 0, quiet = 0; turn < MAX_TURNS && quiet < QUIET_TURNS; turn++) {
    const before = seen;
    await nextTurn();
    quiet = seen === before ? quiet + 1 : 0;
  }
  for (const stream of streams) stream.off("data", count);
}
