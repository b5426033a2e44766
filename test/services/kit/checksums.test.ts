import { CHECKSUM_BYTES, CrcCombiner, createChecksum, type ChecksumAlgorithm } from "../../../src/services/kit/checksums.js";

async function sum(algorithm: ChecksumAlgorithm, ...pieces: Uint8Array[]): Promise<Buffer> {
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
] as const)("%s of the digits is the published check value, in one piece or in three", async (algorithm, hex) => {
  expect((await sum(algorithm, Buffer.from("123456789"))).toString("hex")).toBe(hex);
  expect((await sum(algorithm, Buffer.from("1234"), Buffer.alloc(0), Buffer.from("56789"))).toString("hex")).toBe(hex);
  expect(hex).toHaveLength(CHECKSUM_BYTES[algorithm] * 2);
});

test.each(["CRC32", "CRC32C", "CRC64NVME"] as const)(
  "%s of a whole is made from those of its pieces, whatever their lengths",
  async (algorithm) => {
    const whole = Buffer.from(Array.from({ length: 70_001 }, (_, i) => (i * 31 + (i >> 7)) & 255));
    const combiner = new CrcCombiner(algorithm);
    for (const cut of [0, 1, 7, 8, 4096, 65_537, whole.length]) {
      const [head, tail] = [whole.subarray(0, cut), whole.subarray(cut)];
      const combined = combiner.combine(await sum(algorithm, head), await sum(algorithm, tail), tail.length);
      expect(combined.toString("hex")).toBe((await sum(algorithm, whole)).toString("hex"));
    }
  },
);
