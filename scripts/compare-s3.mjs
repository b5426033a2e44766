// Runs the same S3 calls against the embedded S3 and a real MinIO and prints where the answers differ.
//   node scripts/compare-s3.mjs PATH_TO_MINIO
// A binary can be made with a Go toolchain: go install github.com/minio/minio@latest
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MORE_CASES } from "./compare-s3-cases.mjs";

const minio = process.argv[2];
if (minio === undefined) {
  process.stderr.write("usage: node scripts/compare-s3.mjs PATH_TO_MINIO\n");
  process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "lambda-run-compare-"));
const MEBIBYTE = 1024 * 1024;
const B = "compare-bucket";

/** Each case makes calls and returns what a caller would branch on. */
const CASES = {
  "create bucket": (s3) => s3(new CreateBucketCommand({ Bucket: B })),
  "create it again": (s3) => s3(new CreateBucketCommand({ Bucket: B })),
  "head a bucket that is not there": (s3) => s3(new HeadBucketCommand({ Bucket: "nobody-here" })),
  "create a bucket with a bad name": (s3) => s3(new CreateBucketCommand({ Bucket: "Bad_Name" })),
  location: (s3) => s3(new GetBucketLocationCommand({ Bucket: B })),
  put: (s3) =>
    s3(
      new PutObjectCommand({
        Bucket: B,
        Key: "a",
        Body: "hello",
        Metadata: { One: "1" },
        ContentType: "text/x",
        CacheControl: "no-cache",
      }),
    ),
  get: (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "a" })),
  "get with a checksum": (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "a", ChecksumMode: "ENABLED" })),
  head: (s3) => s3(new HeadObjectCommand({ Bucket: B, Key: "a" })),
  "get nothing": (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "none" })),
  "head nothing": (s3) => s3(new HeadObjectCommand({ Bucket: B, Key: "none" })),
  range: (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "a", Range: "bytes=1-2" })),
  "suffix range": (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "a", Range: "bytes=-2" })),
  "range beyond the end": (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "a", Range: "bytes=9-" })),
  "if-none-match that holds": (s3) =>
    s3(new GetObjectCommand({ Bucket: B, Key: "a", IfNoneMatch: '"5d41402abc4b2a76b9719d911017c592"' })),
  "if-match that fails": (s3) => s3(new GetObjectCommand({ Bucket: B, Key: "a", IfMatch: '"no"' })),
  "put if absent, present": (s3) => s3(new PutObjectCommand({ Bucket: B, Key: "a", Body: "x", IfNoneMatch: "*" })),
  "put if match, wrong": (s3) => s3(new PutObjectCommand({ Bucket: B, Key: "a", Body: "x", IfMatch: '"no"' })),
  "put if match, absent": (s3) => s3(new PutObjectCommand({ Bucket: B, Key: "absent", Body: "x", IfMatch: '"no"' })),
  "wrong Content-MD5": (s3) =>
    s3(new PutObjectCommand({ Bucket: B, Key: "m", Body: "x", ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" })),
  "wrong CRC32": (s3) => s3(new PutObjectCommand({ Bucket: B, Key: "m", Body: "x", ChecksumCRC32: "AAAAAA==" })),
  "right SHA256": (s3) => s3(new PutObjectCommand({ Bucket: B, Key: "m", Body: "x", ChecksumAlgorithm: "SHA256" })),
  "a key of 1,025 bytes": (s3) => s3(new PutObjectCommand({ Bucket: B, Key: "k".repeat(1025), Body: "x" })),
  "awkward keys": async (s3, _e, raw) => {
    for (const Key of ["sp ace", "pl+us", "per%cent", "ümlaut", "emoji🙂", "quo'te\"s", "a=b&c"])
      await raw.send(new PutObjectCommand({ Bucket: B, Key: `w/${Key}`, Body: Key }));
    return s3(new ListObjectsV2Command({ Bucket: B, Prefix: "w/" }));
  },
  "list v2, two at a time": (s3) => s3(new ListObjectsV2Command({ Bucket: B, MaxKeys: 2 })),
  "list v2 with a delimiter": (s3) => s3(new ListObjectsV2Command({ Bucket: B, Delimiter: "/" })),
  "list v2, start-after": (s3) => s3(new ListObjectsV2Command({ Bucket: B, StartAfter: "m" })),
  "list v2, encoded": (s3) => s3(new ListObjectsV2Command({ Bucket: B, Prefix: "w/", EncodingType: "url" })),
  "list v2, none": (s3) => s3(new ListObjectsV2Command({ Bucket: B, MaxKeys: 0 })),
  "list v1": (s3) => s3(new ListObjectsCommand({ Bucket: B, MaxKeys: 1 })),
  "list v1 with a delimiter": (s3) => s3(new ListObjectsCommand({ Bucket: B, Delimiter: "/" })),
  copy: (s3) => s3(new CopyObjectCommand({ Bucket: B, Key: "copy", CopySource: `${B}/a` })),
  "copy onto itself, nothing changed": (s3) => s3(new CopyObjectCommand({ Bucket: B, Key: "a", CopySource: `${B}/a` })),
  "copy onto itself with new metadata": async (s3, _e, raw) => {
    await raw.send(
      new CopyObjectCommand({
        Bucket: B,
        Key: "copy",
        CopySource: `${B}/copy`,
        MetadataDirective: "REPLACE",
        Metadata: { two: "2" },
      }),
    );
    return s3(new HeadObjectCommand({ Bucket: B, Key: "copy" }));
  },
  "copy of nothing": (s3) => s3(new CopyObjectCommand({ Bucket: B, Key: "copy", CopySource: `${B}/none` })),
  "copy if match, wrong": (s3) =>
    s3(new CopyObjectCommand({ Bucket: B, Key: "copy", CopySource: `${B}/a`, CopySourceIfMatch: '"no"' })),
  "multipart: complete": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: B, Key: "big" }));
    const parts = [];
    for (const [i, size] of [5 * MEBIBYTE, 1000].entries()) {
      const { ETag } = await raw.send(
        new UploadPartCommand({ Bucket: B, Key: "big", UploadId, PartNumber: i + 1, Body: Buffer.alloc(size, i) }),
      );
      parts.push({ ETag, PartNumber: i + 1 });
    }
    await raw.send(new ListPartsCommand({ Bucket: B, Key: "big", UploadId }));
    return s3(
      new CompleteMultipartUploadCommand({ Bucket: B, Key: "big", UploadId, MultipartUpload: { Parts: parts } }),
    );
  },
  "multipart: a part of the object": (s3) => s3(new HeadObjectCommand({ Bucket: B, Key: "big", PartNumber: 2 })),
  "multipart: too small a part": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: B, Key: "small" }));
    const parts = [];
    for (const PartNumber of [1, 2])
      parts.push({
        PartNumber,
        ETag: (await raw.send(new UploadPartCommand({ Bucket: B, Key: "small", UploadId, PartNumber, Body: "x" })))
          .ETag,
      });
    return s3(
      new CompleteMultipartUploadCommand({ Bucket: B, Key: "small", UploadId, MultipartUpload: { Parts: parts } }),
    );
  },
  "multipart: a part that is not there": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: B, Key: "small" }));
    return s3(
      new CompleteMultipartUploadCommand({
        Bucket: B,
        Key: "small",
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"no"' }] },
      }),
    );
  },
  "multipart: no such upload": (s3) =>
    s3(new UploadPartCommand({ Bucket: B, Key: "small", UploadId: "nobody", PartNumber: 1, Body: "x" })),
  "multipart: part number 10,001": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: B, Key: "small" }));
    return s3(new UploadPartCommand({ Bucket: B, Key: "small", UploadId, PartNumber: 10_001, Body: "x" }));
  },
  "multipart: copy a range": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: B, Key: "pc" }));
    const { CopyPartResult } = await raw.send(
      new UploadPartCopyCommand({
        Bucket: B,
        Key: "pc",
        UploadId,
        PartNumber: 1,
        CopySource: `${B}/big`,
        CopySourceRange: "bytes=0-9",
      }),
    );
    return s3(
      new CompleteMultipartUploadCommand({
        Bucket: B,
        Key: "pc",
        UploadId,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: CopyPartResult.ETag }] },
      }),
    );
  },
  "multipart: abort twice": async (s3, _e, raw) => {
    const { UploadId } = await raw.send(new CreateMultipartUploadCommand({ Bucket: B, Key: "ab" }));
    await raw.send(new AbortMultipartUploadCommand({ Bucket: B, Key: "ab", UploadId }));
    return s3(new AbortMultipartUploadCommand({ Bucket: B, Key: "ab", UploadId }));
  },
  "multipart: uploads under way, by key": async (_s3, _e, raw) => {
    const { Uploads = [] } = await raw.send(new ListMultipartUploadsCommand({ Bucket: B, Prefix: "small" }));
    return { count: Uploads.length };
  },
  "tags of an object": async (s3, _e, raw) => {
    await raw.send(
      new PutObjectTaggingCommand({ Bucket: B, Key: "a", Tagging: { TagSet: [{ Key: "k", Value: "v" }] } }),
    );
    return s3(new GetObjectTaggingCommand({ Bucket: B, Key: "a" }));
  },
  "tags of a bucket, none": (s3) => s3(new GetBucketTaggingCommand({ Bucket: B })),
  "tags of a bucket": async (s3, _e, raw) => {
    await raw.send(new PutBucketTaggingCommand({ Bucket: B, Tagging: { TagSet: [{ Key: "k", Value: "v" }] } }));
    return s3(new GetBucketTaggingCommand({ Bucket: B }));
  },
  attributes: (s3) =>
    s3(
      new GetObjectAttributesCommand({ Bucket: B, Key: "a", ObjectAttributes: ["ETag", "ObjectSize", "StorageClass"] }),
    ),
  "response overrides": (s3) =>
    s3(
      new GetObjectCommand({
        Bucket: B,
        Key: "a",
        ResponseContentType: "text/y",
        ResponseContentDisposition: "attachment",
      }),
    ),
  "presigned get": async (_s3, _e, raw) => {
    const response = await fetch(
      await getSignedUrl(raw, new GetObjectCommand({ Bucket: B, Key: "w/sp ace" }), { expiresIn: 60 }),
    );
    return { status: response.status, body: await response.text() };
  },
  "presigned get, tampered": async (_s3, _e, raw) => {
    const url = await getSignedUrl(raw, new GetObjectCommand({ Bucket: B, Key: "a" }), { expiresIn: 60 });
    return errorOf(await fetch(url.replace("/a?", "/m?")));
  },
  "presigned get, a life over a week": async (_s3, endpoint) =>
    errorOf(
      await fetch(
        `${endpoint}/${B}/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=604801&X-Amz-SignedHeaders=host&X-Amz-Signature=${"0".repeat(64)}`,
      ),
    ),
  "no signature": async (_s3, endpoint) => errorOf(await fetch(`${endpoint}/${B}/a`)),
  "an unknown key": async (_s3, endpoint) =>
    outcome(client(endpoint, "nobody", "nothing"), new HeadObjectCommand({ Bucket: B, Key: "a" })),
  versioning: async (s3, _e, raw) => {
    await raw.send(new PutBucketVersioningCommand({ Bucket: B, VersioningConfiguration: { Status: "Enabled" } }));
    await raw.send(new PutObjectCommand({ Bucket: B, Key: "v", Body: "1" }));
    await raw.send(new PutObjectCommand({ Bucket: B, Key: "v", Body: "2" }));
    await raw.send(new DeleteObjectCommand({ Bucket: B, Key: "v" }));
    const { Versions = [], DeleteMarkers = [] } = await raw.send(
      new ListObjectVersionsCommand({ Bucket: B, Prefix: "v" }),
    );
    return {
      versions: Versions.length,
      markers: DeleteMarkers.length,
      status: (await raw.send(new GetBucketVersioningCommand({ Bucket: B }))).Status,
      get: await s3(new GetObjectCommand({ Bucket: B, Key: "v" })),
    };
  },
  "delete several": (s3) =>
    s3(new DeleteObjectsCommand({ Bucket: B, Delete: { Objects: [{ Key: "a" }, { Key: "never-there" }] } })),
  "delete a bucket that holds something": (s3) => s3(new DeleteBucketCommand({ Bucket: B })),
};

const client = (endpoint, accessKeyId, secretAccessKey) =>
  new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  });

/** S3 sends them with every object. */
const UNSENT = new Set(["ServerSideEncryption", "ChecksumAlgorithm", "ChecksumType"]);
/** Names, times and ids differ from server to server. */
const DROPPED = new Set([
  "$metadata",
  "RequestId",
  "HostId",
  "LastModified",
  "Owner",
  "Initiator",
  "VersionId",
  "DeleteMarkerVersionId",
  "UploadId",
  "NextContinuationToken",
  "ContinuationToken",
  "AcceptRanges",
  "Location",
  "CopySourceVersionId",
]);

async function simplify(value) {
  if (value === null || typeof value !== "object") return value;
  if (typeof value.transformToString === "function") return value.transformToString();
  if (Array.isArray(value)) return Promise.all(value.map(simplify));
  const result = {};
  for (const [key, member] of Object.entries(value))
    if (!DROPPED.has(key) && member !== undefined && !(member instanceof Date)) result[key] = await simplify(member);
  return result;
}

async function outcome(s3, command) {
  try {
    const answer = await s3.send(command);
    return { status: answer.$metadata.httpStatusCode, ...(await simplify(answer)) };
  } catch (error) {
    return { status: error.$metadata?.httpStatusCode, error: error.name };
  }
}

async function errorOf(response) {
  const text = await response.text();
  return { status: response.status, error: /<Code>(.*?)<\/Code>/.exec(text)?.[1] };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function healthy(url) {
  for (let i = 0; i < 100; i++) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

const minioPort = await freePort();
const ourPort = await freePort();
writeFileSync(join(scratch, "lambda-run.config.json"), "{}");
const servers = [
  spawn(minio, ["server", join(scratch, "data"), "--address", `127.0.0.1:${minioPort}`, "--quiet"], {
    env: { ...process.env, MINIO_ROOT_USER: "test", MINIO_ROOT_PASSWORD: "testtest", MINIO_BROWSER: "off" },
    stdio: "ignore",
  }),
  spawn(process.execPath, [join(root, "bin/lambda-run.js"), "start", "--ephemeral", "--port", String(ourPort)], {
    cwd: scratch,
    stdio: "ignore",
  }),
];
try {
  await healthy(`http://127.0.0.1:${minioPort}/minio/health/live`);
  await healthy(`http://127.0.0.1:${ourPort}/_lambda-run/health`);
  const sides = [
    { endpoint: `http://127.0.0.1:${ourPort}`, s3: client(`http://127.0.0.1:${ourPort}`, "test", "test") },
    { endpoint: `http://127.0.0.1:${minioPort}`, s3: client(`http://127.0.0.1:${minioPort}`, "test", "testtest") },
  ];
  let same = 0;
  let lacking = 0;
  const different = [];
  const cases = Object.entries({ ...CASES, ...MORE_CASES });
  for (const [name, run] of cases) {
    const answers = [];
    for (const { endpoint, s3 } of sides) {
      try {
        answers.push(JSON.stringify(await run((command) => outcome(s3, command), endpoint, s3)));
      } catch (error) {
        answers.push(JSON.stringify({ thrown: error.name, message: error.message }));
      }
    }
    if (sorted(answers[0]) === sorted(answers[1])) same += 1;
    else if (sorted(answers[0], UNSENT) === sorted(answers[1], UNSENT)) lacking += 1;
    else different.push(`${name}\n  lambda-run ${answers[0]}\n  minio      ${answers[1]}`);
  }
  process.stdout.write(
    `${spawnSync(minio, ["--version"], { encoding: "utf8" }).stdout.split("\n")[0]}\n\n${different.join("\n")}\n\n${same} of ${cases.length} cases answer alike, ${lacking} more but for ${[...UNSENT].join(" and ")}, which MinIO does not send\n`,
  );
} finally {
  for (const server of servers) server.kill("SIGTERM");
  await Promise.all(
    servers.map(
      (server) => new Promise((resolve) => (server.exitCode === null ? server.once("exit", resolve) : resolve())),
    ),
  );
  rmSync(scratch, { recursive: true, force: true });
}

/** The same members in another order are the same answer. */
function sorted(text, left = new Set()) {
  const sort = (value) =>
    value === null || typeof value !== "object"
      ? value
      : Array.isArray(value)
        ? value.map(sort)
        : Object.fromEntries(
            Object.entries(value)
              .filter(([key]) => !left.has(key))
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, member]) => [key, sort(member)]),
          );
  return JSON.stringify(sort(JSON.parse(text)));
}
