// More calls for compare-s3.mjs: versions, conditions, checksums, tags, CORS and what is refused.
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

const V = "compare-versions";
const get = (Key, more = {}) => new GetObjectCommand({ Bucket: V, Key, ...more });
const put = (Key, Body, more = {}) => new PutObjectCommand({ Bucket: V, Key, Body, ...more });
const ETAG_OF_X = '"9dd4e461268c8034f5c8564e155c67a6"';

export const MORE_CASES = {
  "another bucket": (s3) => s3(new CreateBucketCommand({ Bucket: V })),
  "no CORS": (s3) => s3(new GetBucketCorsCommand({ Bucket: V })),
  "no policy": (s3) => s3(new GetBucketPolicyCommand({ Bucket: V })),
  "no lifecycle": (s3) => s3(new GetBucketLifecycleConfigurationCommand({ Bucket: V })),
  "no replication": (s3) => s3(new GetBucketReplicationCommand({ Bucket: V })),
  "no encryption": (s3) => s3(new GetBucketEncryptionCommand({ Bucket: V })),
  "no notification": (s3) => s3(new GetBucketNotificationConfigurationCommand({ Bucket: V })),
  "a policy that is no JSON": (s3) => s3(new PutBucketPolicyCommand({ Bucket: V, Policy: "{" })),
  "a lifecycle without rules": (s3) =>
    s3(new PutBucketLifecycleConfigurationCommand({ Bucket: V, LifecycleConfiguration: { Rules: [] } })),
  "put if absent, absent": (s3) => s3(put("c", "x", { IfNoneMatch: "*" })),
  "put if match, right": (s3) => s3(put("c", "x", { IfMatch: ETAG_OF_X })),
  "get if match, right": (s3) => s3(get("c", { IfMatch: ETAG_OF_X })),
  "get if modified since then": (s3) => s3(get("c", { IfModifiedSince: new Date(Date.now() + 60_000) })),
  "get if unmodified since long": (s3) => s3(get("c", { IfUnmodifiedSince: new Date(0) })),
  "a range of two pieces": (s3) => s3(get("c", { Range: "bytes=0-0,0-0" })),
  "a range in lines": (s3) => s3(get("c", { Range: "lines=0-0" })),
  "an empty object": async (s3) => [await s3(put("empty", "")), await s3(get("empty", { Range: "bytes=0-" }))],
  CRC32C: (s3) => s3(put("sum", "hello", { ChecksumAlgorithm: "CRC32C" })),
  SHA1: (s3) => s3(put("sum", "hello", { ChecksumAlgorithm: "SHA1" })),
  CRC64NVME: (s3) => s3(put("sum", "hello", { ChecksumAlgorithm: "CRC64NVME" })),
  "a checksum asked for": (s3) => s3(new HeadObjectCommand({ Bucket: V, Key: "sum", ChecksumMode: "ENABLED" })),
  "a copy with another checksum": (s3) =>
    s3(new CopyObjectCommand({ Bucket: V, Key: "sum2", CopySource: `${V}/sum`, ChecksumAlgorithm: "SHA256" })),
  "an unknown storage class": (s3) => s3(put("c", "x", { StorageClass: "COLD" })),
  "an unknown encryption": (s3) => s3(put("c", "x", { ServerSideEncryption: "rot13" })),
  "metadata in UTF-8": async (s3) => [
    await s3(put("meta", "x", { Metadata: { name: "plain", other: "a=b; c" } })),
    await s3(new HeadObjectCommand({ Bucket: V, Key: "meta" })),
  ],
  "eleven tags": (s3) =>
    s3(
      new PutObjectTaggingCommand({
        Bucket: V,
        Key: "c",
        Tagging: { TagSet: Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: "v" })) },
      }),
    ),
  "a tag twice": (s3) =>
    s3(
      new PutObjectTaggingCommand({
        Bucket: V,
        Key: "c",
        Tagging: {
          TagSet: [
            { Key: "k", Value: "1" },
            { Key: "k", Value: "2" },
          ],
        },
      }),
    ),
  "tags in the header": async (s3) => [
    await s3(put("tagged", "x", { Tagging: "a=1&b=2%203" })),
    await s3(new GetObjectTaggingCommand({ Bucket: V, Key: "tagged" })),
  ],
  "tags of nothing": (s3) => s3(new GetObjectTaggingCommand({ Bucket: V, Key: "none" })),
  "an empty list of deletes": (s3) => s3(new DeleteObjectsCommand({ Bucket: V, Delete: { Objects: [] } })),
  "quiet deletes": (s3) =>
    s3(new DeleteObjectsCommand({ Bucket: V, Delete: { Quiet: true, Objects: [{ Key: "sum2" }] } })),
  "a delete of nothing": (s3) => s3(new DeleteObjectCommand({ Bucket: V, Key: "none" })),
  "a version where there are none": (s3) => s3(get("c", { VersionId: "null" })),
  "a version id that is none": (s3) => s3(get("c", { VersionId: "zz" })),
  "a delete marker": async (s3, _e, raw) => {
    await raw.send(new PutBucketVersioningCommand({ Bucket: V, VersioningConfiguration: { Status: "Enabled" } }));
    await raw.send(put("marked", "1"));
    const { VersionId, DeleteMarker } = await raw.send(new DeleteObjectCommand({ Bucket: V, Key: "marked" }));
    return {
      DeleteMarker,
      get: await s3(get("marked")),
      marker: await s3(get("marked", { VersionId })),
      head: await s3(new HeadObjectCommand({ Bucket: V, Key: "marked", VersionId })),
      again: await s3(new DeleteObjectCommand({ Bucket: V, Key: "marked", VersionId })),
      back: await s3(get("marked")),
    };
  },
  "the object from before versions": (s3) => s3(get("c", { VersionId: "null" })),
  "versions, one at a time": async (_s3, _e, raw) => {
    const page = await raw.send(new ListObjectVersionsCommand({ Bucket: V, MaxKeys: 1 }));
    return [page.IsTruncated, page.Versions?.length];
  },
  "a prefix that nothing has": (s3) => s3(new ListObjectsV2Command({ Bucket: V, Prefix: "zzz" })),
  "a delimiter of two characters": async (s3, _e, raw) => {
    for (const Key of ["d--1/a", "d--2", "d"]) await raw.send(put(Key, ""));
    return s3(new ListObjectsV2Command({ Bucket: V, Prefix: "d", Delimiter: "--" }));
  },
  "negative max-keys": (s3) => s3(new ListObjectsV2Command({ Bucket: V, MaxKeys: -1 })),
  "an unknown encoding": (s3) => s3(new ListObjectsV2Command({ Bucket: V, EncodingType: "base64" })),
  "a token that is none": (s3) => s3(new ListObjectsV2Command({ Bucket: V, ContinuationToken: "zz" })),
  "multipart: parts out of order": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: V, Key: "order" }));
    const upload = { Bucket: V, Key: "order", UploadId };
    const { ETag } = await raw.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: "x" }));
    const parts = [
      { PartNumber: 2, ETag },
      { PartNumber: 1, ETag },
    ];
    return s3(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
  },
  "multipart: no parts": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: V, Key: "order" }));
    const upload = { Bucket: V, Key: "order", UploadId };
    return s3(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: [] } }));
  },
  "multipart: a part number of 0": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: V, Key: "order" }));
    return s3(new UploadPartCommand({ Bucket: V, Key: "order", UploadId, PartNumber: 0, Body: "x" }));
  },
  "a bucket of old versions is not empty": (s3) => s3(new DeleteBucketCommand({ Bucket: V })),
};
