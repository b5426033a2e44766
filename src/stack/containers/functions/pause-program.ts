/**
 * A program that waits for ever, in 129 bytes: the only process of the container that holds /tmp while a function's own
 * containers come and go, as the pause container of a Kubernetes pod holds what its containers share. It is written here
 * because no registry and no compiler may be at hand. See elf(5), pause(2), ppoll(2).
 */
import type { Architecture } from "../../../config/function-config.js";

const MACHINES: Readonly<Record<Architecture, { readonly machine: number; readonly code: string }>> = {
  // mov eax, 34 (pause); syscall; and again
  x86_64: { machine: 0x3e, code: "b822000000 0f05 ebf7" },
  // Has no pause: mov x0..x3, 0; mov x8, 73 (ppoll); svc 0; and again
  arm64: { machine: 0xb7, code: "000080d2 010080d2 020080d2 030080d2 280980d2 010000d4 faffff17" },
};

const LOAD_ADDRESS = 0x400000n;
const HEADER_BYTES = 64;
const SEGMENT_HEADER_BYTES = 56;
const PAGE_BYTES = 4096n;
const [EXECUTABLE, LITTLE_ENDIAN_64, LOAD, READ_AND_RUN] = [2, [2, 1, 1], 1, 5];

export function pauseProgram(architecture: Architecture): Buffer {
  const { machine, code: text } = MACHINES[architecture];
  const code = Buffer.from(text.replaceAll(" ", ""), "hex");
  const codeAt = HEADER_BYTES + SEGMENT_HEADER_BYTES;
  const sizeBytes = BigInt(codeAt + code.length);

  const header = Buffer.alloc(HEADER_BYTES);
  header.write("\x7fELF", "latin1");
  header.set(LITTLE_ENDIAN_64, 4);
  header.writeUInt16LE(EXECUTABLE, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20); // version
  header.writeBigUInt64LE(LOAD_ADDRESS + BigInt(codeAt), 24); // where it begins
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // where the segments are told
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(SEGMENT_HEADER_BYTES, 54);
  header.writeUInt16LE(1, 56); // one segment

  const segment = Buffer.alloc(SEGMENT_HEADER_BYTES);
  segment.writeUInt32LE(LOAD, 0);
  segment.writeUInt32LE(READ_AND_RUN, 4);
  segment.writeBigUInt64LE(LOAD_ADDRESS, 16);
  segment.writeBigUInt64LE(LOAD_ADDRESS, 24);
  segment.writeBigUInt64LE(sizeBytes, 32);
  segment.writeBigUInt64LE(sizeBytes, 40);
  segment.writeBigUInt64LE(PAGE_BYTES, 48);
  return Buffer.concat([header, segment, code]);
}
