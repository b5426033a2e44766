/**
 * ListMultipartUploads and ListParts.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
import { ownerOf, type Operation } from "../context.js";
import { invalidArgument } from "../errors.js";
import { escapedPrefix, keyOfEscaped, rangeOfKey, scanned, seqOfUploadId, successor, uploadKey } from "../keys.js";
import { numberParameter, requestKey } from "../request.js";
import { isoTime, quoted } from "../respond.js";
import type { UploadRow } from "../rows.js";
import { findUpload, partsOf } from "../uploads.js";
import { listParameters, MAX_PAGE, walk, type Entry } from "../walk.js";
import { checksumMember } from "../integrity.js";

export const listMultipartUploads: Operation = (context, request) => {
  const { store } = context;
  const bucket = store.bucket(request.bucket).name;
  const parameters = listParameters(request, "max-uploads", "maxUploads");
  const { shown } = parameters;
  const keyMarker = request.query.get("key-marker") ?? "";
  const idMarker = request.query.get("upload-id-marker") ?? "";
  const marker = Buffer.from(keyMarker, "utf8");
  const prefix = Buffer.from(parameters.prefix, "utf8");
  const first = startAfter(bucket, keyMarker, marker, idMarker);
  const low = escapedPrefix(bucket, prefix);
  const end = successor(low);
  function* scan(from: Buffer | undefined): Generator<Entry<UploadRow>> {
    const wanted = from === undefined ? first : escapedPrefix(bucket, from);
    const start = wanted.compare(low) > 0 ? wanted : low;
    if (start.compare(end) >= 0) return;
    for (const { key, value } of store.uploads.getRange(scanned(start, end)))
      yield { key: keyOfEscaped(bucket, key), value };
  }
  const page = walk({
    scan,
    prefix,
    delimiter: Buffer.from(parameters.delimiter, "utf8"),
    max: parameters.max,
    ...(keyMarker === "" ? {} : { marker }),
  });
  const { last } = page;
  const owner = ownerOf(context.realm);
  return {
    xml: [
      "ListMultipartUploadsResult",
      {
        Bucket: bucket,
        KeyMarker: shown(keyMarker),
        UploadIdMarker: keyMarker === "" ? "" : idMarker,
        NextKeyMarker: last === undefined ? "" : shown("prefix" in last ? last.prefix : last.entry.key),
        NextUploadIdMarker: last !== undefined && "entry" in last ? last.entry.value.uploadId : "",
        Delimiter: parameters.delimiter === "" ? undefined : shown(parameters.delimiter),
        Prefix: shown(parameters.prefix),
        EncodingType: parameters.encodingType,
        MaxUploads: parameters.max,
        IsTruncated: page.truncated,
        Upload: page.entries.map(({ key, value: upload }) => ({
          Key: shown(key),
          UploadId: upload.uploadId,
          Initiator: owner,
          Owner: owner,
          StorageClass: upload.storageClass,
          Initiated: isoTime(upload.initiatedMs),
          ChecksumAlgorithm: upload.checksumAlgorithm,
          ChecksumType: upload.checksumAlgorithm === undefined ? undefined : upload.checksumType,
        })),
        CommonPrefixes: page.prefixes.map((common) => ({ Prefix: shown(common) })),
      },
    ],
  };
};

function startAfter(bucket: string, keyMarker: string, marker: Buffer, idMarker: string): Buffer {
  if (keyMarker === "") return escapedPrefix(bucket, marker);
  if (idMarker === "") return rangeOfKey(bucket, marker).end;
  const seq = seqOfUploadId(idMarker);
  if (seq === undefined) throw invalidArgument("Invalid uploadId marker", "upload-id-marker", idMarker);
  return uploadKey(bucket, marker, seq + 1);
}

export const listParts: Operation = (context, request) => {
  const { store } = context;
  const bucket = store.bucket(request.bucket).name;
  const upload = findUpload(store, bucket, requestKey(request), request.query.get("uploadId") ?? "");
  const max = Math.min(numberParameter(request, "max-parts", "max-parts", MAX_PAGE), MAX_PAGE);
  const marker = numberParameter(request, "part-number-marker", "part-number-marker", 0);
  const page = [];
  let truncated = false;
  for (const part of partsOf(store, upload, Math.min(marker, 0xfffe))) {
    if (page.length === max) {
      truncated = true;
      break;
    }
    page.push(part);
  }
  const owner = ownerOf(context.realm);
  const algorithm = upload.checksumAlgorithm;
  return {
    xml: [
      "ListPartsResult",
      {
        Bucket: bucket,
        Key: request.query.get("encoding-type") === "url" ? encodeURIComponent(request.key) : request.key,
        UploadId: upload.uploadId,
        Initiator: owner,
        Owner: owner,
        StorageClass: upload.storageClass,
        PartNumberMarker: marker,
        NextPartNumberMarker: page.at(-1)?.number ?? 0,
        MaxParts: max,
        IsTruncated: truncated && max > 0,
        ChecksumAlgorithm: algorithm,
        ChecksumType: algorithm === undefined ? undefined : upload.checksumType,
        Part: page.map((part) => ({
          PartNumber: part.number,
          LastModified: isoTime(part.modifiedMs),
          ETag: quoted(part.eTag),
          [checksumMember(part.checksum.algorithm)]: algorithm === undefined ? undefined : part.checksum.value,
          Size: part.size,
        })),
      },
    ],
  };
};
