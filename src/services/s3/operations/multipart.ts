/**
 * CreateMultipartUpload, UploadPart, UploadPartCopy, AbortMultipartUpload.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import { isChecksumAlgorithm, isUnemulatedAlgorithm, type ChecksumAlgorithm } from "../../kit/checksums.js";
import { requestBody, takeIn, type BodySource, type IncomingBody } from "../body-in.js";
import { openBody } from "../body-out.js";
import type { Operation, S3Context } from "../context.js";
import { readCopySource, sourceVersionHeader } from "../copy-source.js";
import { encryptionHeaders, readDescription } from "../description.js";
import { invalidArgument, invalidRequest, checksumNotImplemented } from "../errors.js";
import {
  algorithmsFor,
  checksumHeader,
  checksumMember,
  DEFAULT_ALGORITHM,
  readIntegrity,
  verifyIntegrity,
} from "../integrity.js";
import { newUploadId, partKey, uploadKey } from "../keys.js";
import { MAX_PART_NUMBER, readCopyRange } from "../ranges.js";
import { requestKey, type S3Request } from "../request.js";
import { isoTime, quoted } from "../respond.js";
import type { ChecksumType, PartRow, UploadRow } from "../rows.js";
import { findUpload, partBody, removeUpload } from "../uploads.js";
import { copies, unsupportedAlgorithm } from "./copy.js";

export const createMultipartUpload: Operation = async (context, request) => {
  const { store, clock } = context;
  const key = requestKey(request);
  const description = readDescription(request, store.bucket(request.bucket));
  const { algorithm, type } = readChecksumChoice(request);
  const row = await store.write(() => {
    const bucket = store.bucket(request.bucket);
    const seq = store.nextSeq();
    const upload: UploadRow = {
      ...description,
      seq,
      uploadId: newUploadId(seq),
      initiatedMs: clock.now(),
      ...(algorithm === undefined ? {} : { checksumAlgorithm: algorithm }),
      checksumType: type,
      existed: store.current(bucket.name, key) !== undefined,
    };
    void store.uploads.put(uploadKey(bucket.name, key, seq), upload);
    return upload;
  });
  return {
    headers: {
      ...encryptionHeaders(row),
      ...(algorithm === undefined ? {} : { "x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": type }),
    },
    xml: ["InitiateMultipartUploadResult", { Bucket: request.bucket, Key: request.key, UploadId: row.uploadId }],
  };
};

function readChecksumChoice(request: S3Request): { algorithm: ChecksumAlgorithm | undefined; type: ChecksumType } {
  const algorithm = request.header("x-amz-checksum-algorithm")?.toUpperCase();
  const type = request.header("x-amz-checksum-type")?.toUpperCase();
  if (algorithm !== undefined && isUnemulatedAlgorithm(algorithm)) throw checksumNotImplemented(algorithm);
  if (algorithm !== undefined && !isChecksumAlgorithm(algorithm)) throw unsupportedAlgorithm();
  if (type !== undefined && type !== "FULL_OBJECT" && type !== "COMPOSITE") {
    throw invalidRequest("Value for x-amz-checksum-type header is invalid.");
  }
  if (algorithm === undefined) {
    if (type !== undefined)
      throw invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    return { algorithm, type: "FULL_OBJECT" };
  }
  const name = algorithm.toLowerCase();
  if (algorithm === "CRC64NVME" && type === "COMPOSITE") {
    throw invalidRequest(`The COMPOSITE checksum type cannot be used with the ${name} checksum algorithm.`);
  }
  if (!algorithm.startsWith("CRC") && type === "FULL_OBJECT") {
    throw invalidRequest(`The FULL_OBJECT checksum type cannot be used with the ${name} checksum algorithm.`);
  }
  return { algorithm, type: type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE") };
}

export const uploadPart: Operation = async (context, request) => {
  const { store } = context;
  store.bucket(request.bucket);
  const key = requestKey(request);
  const uploadId = request.query.get("uploadId") ?? "";
  const upload = findUpload(store, request.bucket, key, uploadId);
  const number = readPartNumber(request);
  const integrity = readIntegrity(request);
  requireUploadsAlgorithm(upload, integrity.algorithm);
  const kept = upload.checksumAlgorithm ?? DEFAULT_ALGORITHM;
  const body = await takeIn(store, requestBody(request), algorithmsFor(integrity, [kept]), "file");
  const part = await storePart(context, request, key, number, body, kept, () => {
    verifyIntegrity(integrity, body.digests, body.trailers);
  });
  const told = integrity.algorithm ?? kept;
  const value = body.digests.checksums.get(told)?.toString("base64") ?? "";
  return { headers: { ETag: quoted(part.eTag), [checksumHeader(told)]: value, ...encryptionHeaders(upload) } };
};

export const uploadPartCopy: Operation = async (context, request) => {
  const { store } = context;
  store.bucket(request.bucket);
  const key = requestKey(request);
  const source = readCopySource(context, request);
  const upload = findUpload(store, request.bucket, key, request.query.get("uploadId") ?? "");
  const number = readPartNumber(request);
  const header = request.header("x-amz-copy-source-range");
  const range = header === undefined ? { start: 0, end: source.row.size - 1 } : readCopyRange(header, source.row.size);
  const algorithm = upload.checksumAlgorithm ?? DEFAULT_ALGORITHM;
  const opened = openBody(store, source.row.body);
  let body: IncomingBody;
  try {
    const pieces: BodySource = {
      length: range.end - range.start + 1,
      [Symbol.asyncIterator]: () => copies(opened.read(range)),
    };
    body = await takeIn(store, pieces, [algorithm], "file");
  } finally {
    opened.close();
  }
  const part = await storePart(context, request, key, number, body, algorithm);
  return {
    headers: { ...sourceVersionHeader(source), ...encryptionHeaders(upload) },
    xml: [
      "CopyPartResult",
      {
        ETag: quoted(part.eTag),
        LastModified: isoTime(part.modifiedMs),
        [checksumMember(part.checksum.algorithm)]:
          upload.checksumAlgorithm === undefined ? undefined : part.checksum.value,
      },
    ],
  };
};

async function storePart(
  { store, clock }: S3Context,
  request: S3Request,
  key: Buffer,
  number: number,
  body: IncomingBody,
  algorithm: ChecksumAlgorithm,
  verify: () => void = () => undefined,
): Promise<PartRow> {
  try {
    verify();
    return await store.write((abandon) => {
      // The upload may have been completed or aborted while the part came in.
      const upload = findUpload(store, request.bucket, key, request.query.get("uploadId") ?? "");
      const before = store.parts.get(partKey(upload.seq, number));
      if (before !== undefined) abandon(partBody(before));
      const ref = body.commit();
      const part: PartRow = {
        number,
        size: body.size,
        eTag: body.digests.md5.toString("hex"),
        modifiedMs: clock.now(),
        segment: ref.kind === "files" ? ref.segments[0] : undefined,
        checksum: { algorithm, value: body.digests.checksums.get(algorithm)?.toString("base64") ?? "" },
      };
      void store.parts.put(partKey(upload.seq, number), part);
      return part;
    });
  } finally {
    await body.discard();
  }
}

function readPartNumber(request: S3Request): number {
  const text = request.query.get("partNumber") ?? "";
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > MAX_PART_NUMBER) {
    throw invalidArgument(
      `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
      "partNumber",
      text,
    );
  }
  return number;
}

/** Parts speak the algorithm of their upload. One that chose none takes any. */
function requireUploadsAlgorithm(upload: UploadRow, algorithm: ChecksumAlgorithm | undefined): void {
  const expected = upload.checksumAlgorithm;
  if (expected === undefined || expected === algorithm) return;
  // A checksum over the whole object does not need the client's own for each part.
  if (algorithm === undefined && upload.checksumType === "FULL_OBJECT") return;
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${algorithm?.toLowerCase() ?? "null"}`,
  );
}

export const abortMultipartUpload: Operation = async ({ store }, request) => {
  const key = requestKey(request);
  await store.write((abandon) => {
    const bucket = store.bucket(request.bucket);
    const upload = findUpload(store, bucket.name, key, request.query.get("uploadId") ?? "");
    removeUpload(store, bucket.name, key, upload, abandon);
  });
  return { status: 204 };
};
