/**
 * What a container prints, as the engine's `attach` sends it: pieces of both streams in one, each after a head of eight
 * bytes. https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
import type { Readable } from "node:stream";

export type Print = (stream: "stdout" | "stderr", bytes: Buffer) => void;

const HEAD_BYTES = 8;
const STDERR = 2;

/** Resolves when the stream has ended: then all that the container ever printed has been passed on. */
export async function passOn(attached: Readable, print: Print): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of attached) {
      rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      while (rest.length >= HEAD_BYTES) {
        const end = HEAD_BYTES + rest.readUInt32BE(4);
        if (rest.length < end) break;
        print(rest[0] === STDERR ? "stderr" : "stdout", rest.subarray(HEAD_BYTES, end));
        rest = rest.subarray(end);
      }
    }
  } catch {
    // The engine has cut it: there is no more to read.
  }
}
