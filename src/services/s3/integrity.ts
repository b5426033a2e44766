/**
 * Which checksums a request brings along, and whether its body keeps what they promise.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 *
 * Only real headers and trailers count. Presigners put `x-amz-checksum-crc32=AAAAAA==`, the sum of the empty body they
 * saw, into the query; S3 does not look at it there (localstack/localstack#12169), or no such upload would work.
 */
import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_BYTES,
  isChecksumAlgorithm,
  isUnemulatedAlgorithm,
  type ChecksumAlgorithm,
} from "../kit/checksums.js";
import type { Trailers } from "../kit/aws-chunked.js";
import { badChecksum, badMd5, checksumNotImplemented, invalidDigest, invalidRequest } from "./errors.js";
import type { Digests } from "./digest.js";
import type { S3Request } from "./request.js";

/** What S3 computes when the client sends no checksum (since the end of 2024). */
export const DEFAULT_ALGORITHM: ChecksumAlgorithm = "CRC64NVME";

export interface Integrity {
  readonly contentMd5: string | undefined;
  /** The client's algorithm, if it chose one. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  /** Base64; undefined when it follows as a trailer. */
  readonly expected: string | undefined;
}

const HEADER_PREFIX = "x-amz-checksum-";

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return HEADER_PREFIX + algorithm.toLowerCase();
}

/** The member of XML answers: `ChecksumCRC64NVME`. */
export function checksumMember(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

export function readIntegrity(request: S3Request): Integrity {
  const headers = request.raw.headers;
  const contentMd5 = headers["content-md5"];
  if (typeof contentMd5 === "string" && !isBase64Of(contentMd5, 16)) throw invalidDigest(contentMd5);
  refuseUnemulated(request);
  const sent = CHECKSUM_ALGORITHMS.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const trailing = trailingAlgorithms(request);
  if (sent.length + trailing.length > 1) {
    throw invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  const algorithm = sent[0] ?? trailing[0];
  checkAnnounced(request, algorithm);
  const value = sent[0] === undefined ? undefined : headers[checksumHeader(sent[0])];
  const expected = typeof value === "string" ? value : undefined;
  if (algorithm !== undefined && expected !== undefined) requireChecksumForm(algorithm, expected);
  return { contentMd5: typeof contentMd5 === "string" ? contentMd5 : undefined, algorithm, expected };
}

/** A checksum that nobody verifies must not look as if somebody had. */
function refuseUnemulated({ raw: { headers } }: S3Request): void {
  const named = [headers["x-amz-checksum-algorithm"], headers["x-amz-sdk-checksum-algorithm"]];
  const trailers = String(headers["x-amz-trailer"] ?? "").split(",");
  const checksums = [...Object.keys(headers), ...trailers.map((name) => name.trim().toLowerCase())].flatMap((name) =>
    name.startsWith(HEADER_PREFIX) ? [name.slice(HEADER_PREFIX.length)] : [],
  );
  const algorithm = [...named, ...checksums].map((name) => String(name).toUpperCase()).find(isUnemulatedAlgorithm);
  if (algorithm !== undefined) throw checksumNotImplemented(algorithm);
}

/** The algorithms to compute: the client's own, else the default. */
export function algorithmsFor(integrity: Integrity, also: readonly ChecksumAlgorithm[] = []): Set<ChecksumAlgorithm> {
  return new Set([integrity.algorithm ?? DEFAULT_ALGORITHM, ...also]);
}

/** Throws BadDigest when the body is not the one that was promised. */
export function verifyIntegrity(integrity: Integrity, digests: Digests, trailers: Trailers): void {
  const { contentMd5, algorithm } = integrity;
  if (contentMd5 !== undefined && contentMd5 !== digests.md5.toString("base64")) {
    throw badMd5(Buffer.from(contentMd5, "base64").toString("hex"), digests.md5.toString("base64"));
  }
  if (algorithm === undefined) return;
  const expected = integrity.expected ?? trailers[checksumHeader(algorithm)];
  if (expected === undefined) return;
  requireChecksumForm(algorithm, expected);
  if (expected !== digests.checksums.get(algorithm)?.toString("base64")) throw badChecksum(algorithm);
}

export function requireChecksumForm(algorithm: ChecksumAlgorithm, value: string): void {
  if (!isBase64Of(value, CHECKSUM_BYTES[algorithm])) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
}

function trailingAlgorithms(request: S3Request): ChecksumAlgorithm[] {
  const header = request.raw.headers["x-amz-trailer"];
  if (typeof header !== "string" || header.trim() === "") return [];
  return header.split(",").map((name) => {
    const algorithm = name
      .trim()
      .toLowerCase()
      .replace(/^x-amz-checksum-/, "")
      .toUpperCase();
    if (!/^\s*x-amz-checksum-/i.test(name) || !isChecksumAlgorithm(algorithm)) {
      throw invalidRequest("The value specified in the x-amz-trailer header is not supported");
    }
    return algorithm;
  });
}

/** `x-amz-sdk-checksum-algorithm` says what the SDK computed; it has to come with it (versity/versitygw#1593, #1659). */
function checkAnnounced(request: S3Request, algorithm: ChecksumAlgorithm | undefined): void {
  const announced = request.raw.headers["x-amz-sdk-checksum-algorithm"];
  if (typeof announced !== "string") return;
  const upper = announced.toUpperCase();
  if (!isChecksumAlgorithm(upper)) throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  if (algorithm === undefined) {
    throw invalidRequest(
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    );
  }
  if (algorithm !== upper) throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
}

function isBase64Of(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, "base64");
  return decoded.length === bytes && decoded.toString("base64") === text;
}
