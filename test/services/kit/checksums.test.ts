import { Crc32c } from "@aws-crypto/crc32c";
import { Crc64Nvme } from "@aws-sdk/crc64-nvme";
import {
  CHECKSUM_BYTES,
  CrcCombiner,
  createChecksum,
  type ChecksumAlgorithm,
} from "../../../src/services/kit/checksums.js";

function sum(algorithm: ChecksumAlgorithm, ...pieces: Uint8Array[]): Buffer {
  const checksum = createChecksum(algorithm);
  for (const piece of pieces) checksum.update(piece);
  return checksum.digest();
}

// Check values of the CRC catalogue (reveng) and of the hash standards for the nine bytes "123456789".
test.each([
  ["CRC32", "cbf43926"],
  ["CRC32C", "e3069283"],
  ["CRC64NVME", "ae8b14860a799888"],
  ["SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
] as const)("%s of the digits is the published check value, in one piece or in three", (algorithm, hex) => {
  expect(sum(algorithm, Buffer.from("123456789")).toString("hex")).toBe(hex);
  expect(sum(algorithm, Buffer.from("1234"), Buffer.alloc(0), Buffer.from("56789")).toString("hex")).toBe(hex);
  expect(hex).toHaveLength(CHECKSUM_BYTES[algorithm] * 2);
});

test.each(["CRC32", "CRC32C", "CRC64NVME"] as const)(
  "%s of a whole is made from those of its pieces, whatever their lengths",
  (algorithm) => {
    const whole = Buffer.from(Array.from({ length: 70_001 }, (_, i) => (i * 31 + (i >> 7)) & 255));
    const combiner = new CrcCombiner(algorithm);
    for (const cut of [0, 1, 7, 8, 4096, 65_537, whole.length]) {
      const [head, tail] = [whole.subarray(0, cut), whole.subarray(cut)];
      const combined = combiner.combine(sum(algorithm, head), sum(algorithm, tail), tail.length);
      expect(combined.toString("hex")).toBe(sum(algorithm, whole).toString("hex"));
    }
  },
);

test("our CRCs are those of the AWS libraries, wherever the bytes lie in their buffer and however they come", async () => {
  const buffer = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 131 + (i >> 5)) & 255));
  for (const start of [0, 1, 4, 7]) {
    for (const length of [0, 1, 7, 8, 9, 64, 1001, 4096, 114_688, 114_689, 250_003]) {
      const bytes = buffer.subarray(start, start + length);
      const oracle = new Crc64Nvme();
      oracle.update(bytes);
      const crc64 = Buffer.from(await oracle.digest());
      const crc32c = Buffer.alloc(4);
      crc32c.writeUInt32BE(new Crc32c().update(bytes).digest());
      for (const [algorithm, expected] of [
        ["CRC64NVME", crc64],
        ["CRC32C", crc32c],
      ] as const) {
        const halves = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)];
        expect(sum(algorithm, bytes).toString("hex")).toBe(expected.toString("hex"));
        expect(sum(algorithm, ...halves).toString("hex")).toBe(expected.toString("hex"));
      }
    }
  }
});
