/**
 * The checksums that S3 speaks, fed piece by piece, and the arithmetic that makes one CRC out of those of two halves.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { CrcKernel } from "./crc-kernel.js";

/** As the API writes them. The order is that of AWS's own lists. */
export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5"] as const;
/** In the API since April 2026, and nothing in Node computes them. */
const UNEMULATED: ReadonlySet<string> = new Set(["XXHASH3", "XXHASH64", "XXHASH128"]);
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
  SHA512: 64,
  MD5: 16,
};

export interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  return MAKERS[algorithm]();
}

const MAKERS: Readonly<Record<ChecksumAlgorithm, () => Checksum>> = {
  CRC32: zlibCrc32,
  CRC32C: () => kernelCrc("CRC32C"),
  CRC64NVME: () => kernelCrc("CRC64NVME"),
  SHA1: () => nodeHash("sha1"),
  SHA256: () => nodeHash("sha256"),
  SHA512: () => nodeHash("sha512"),
  MD5: () => nodeHash("md5"),
};

/** Of bytes at hand. */
export function checksumNow(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Buffer {
  const checksum = createChecksum(algorithm);
  checksum.update(bytes);
  return checksum.digest();
}

export function isChecksumAlgorithm(text: string): text is ChecksumAlgorithm {
  return (CHECKSUM_ALGORITHMS as readonly string[]).includes(text);
}

export function isUnemulatedAlgorithm(text: string): boolean {
  return UNEMULATED.has(text);
}

function nodeHash(name: string): Checksum {
  const hash = createHash(name);
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

const kernels = new Map<CrcAlgorithm, CrcKernel>();

function kernelCrc(algorithm: CrcAlgorithm): Checksum {
  const kernel = kernels.get(algorithm) ?? new CrcKernel(POLYNOMIALS[algorithm], CHECKSUM_BYTES[algorithm]);
  kernels.set(algorithm, kernel);
  let value = kernel.start;
  return {
    update: (bytes) => {
      value = kernel.update(value, bytes);
    },
    digest: () => kernel.digest(value),
  };
}

function zlibCrc32(): Checksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => uint32(value),
  };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export type CrcAlgorithm = "CRC32" | "CRC32C" | "CRC64NVME";

/** Polynomials with their bits reversed, as these CRCs run. */
const POLYNOMIALS: Readonly<Record<CrcAlgorithm, bigint>> = {
  CRC32: 0xedb88320n,
  CRC32C: 0x82f63b78n,
  CRC64NVME: 0x9a6c9329ac4bc9b5n,
};

/**
 * Puts CRCs of consecutive pieces together without reading the pieces again: appending n bytes multiplies a CRC by
 * x^(8n) modulo the polynomial. The powers are kept, because parts of an upload have the same size.
 */
export class CrcCombiner {
  readonly #algorithm: CrcAlgorithm;
  readonly #powers = new Map<number, bigint>();

  constructor(algorithm: CrcAlgorithm) {
    this.#algorithm = algorithm;
  }

  /** CRC of a piece followed by another of `secondLength` bytes. */
  combine(first: Buffer, second: Buffer, secondLength: number): Buffer {
    if (secondLength === 0) return first;
    let power = this.#powers.get(secondLength);
    if (power === undefined) {
      power = this.#powerOfBytes(secondLength);
      this.#powers.set(secondLength, power);
    }
    const value = this.#multiply(power, toBigInt(first)) ^ toBigInt(second);
    return Buffer.from(value.toString(16).padStart(first.length * 2, "0"), "hex");
  }

  get #width(): bigint {
    return BigInt(CHECKSUM_BYTES[this.#algorithm] * 8);
  }

  /** Product of two polynomials modulo the CRC's own; the highest bit is x^0. */
  #multiply(a: bigint, b: bigint): bigint {
    const polynomial = POLYNOMIALS[this.#algorithm];
    let product = 0n;
    let factor = b;
    for (let bit = 1n << (this.#width - 1n); bit !== 0n; bit >>= 1n) {
      if ((a & bit) !== 0n) product ^= factor;
      factor = (factor & 1n) === 0n ? factor >> 1n : (factor >> 1n) ^ polynomial;
    }
    return product;
  }

  #powerOfBytes(length: number): bigint {
    let power = 1n << (this.#width - 1n);
    // x^8, squared once for every binary digit of the length.
    let square = power >> 8n;
    for (let left = length; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) power = this.#multiply(square, power);
      square = this.#multiply(square, square);
    }
    return power;
  }
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString("hex")}`);
}
