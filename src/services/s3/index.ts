/**
 * # S3
 *
 * Mimics: the S3 REST API of 2006-03-01, path style (the gateway turns virtual hosts into it), as documented in 2026
 * and as recordings of AWS in public test suites and trackers (2024-2026) show its error codes, texts and members.
 *
 * Gaps:
 * - Website, replication, Object Lock, legal hold, retention, inventory, analytics, metrics and intelligent tiering cannot be configured, metadata tables, directory buckets, SelectObjectContent, RestoreObject, RenameObject, torrents, PutBucketLogging are not there: 501 `NotImplemented` that names the operation. Asked for, the former answer as a bucket without them does.
 * - Encryption with customer keys (SSE-C): 501 `NotImplemented` that names the header.
 * - Checksums by XXHASH3, XXHASH64 and XXHASH128 (since April 2026): 501 `NotImplemented` that names the algorithm.
 * - ACLs are canned ones, or lists of grants that come to one; other lists, and grants in headers, get 501 `NotImplemented`. Bucket policies are kept, checked for form and applied to anonymous callers alone: whoever signs with a key of this stack may do everything. `NotAction`, `NotResource`, `NotPrincipal` and conditions other than aws:SecureTransport never allow anything; a Deny with such a condition always denies.
 * - Lifecycle, encryption, accelerate and request-payment configurations are checked, kept and given back; nothing expires, moves, is encrypted or paid for.
 * - Storage classes are kept and given back; GLACIER and DEEP_ARCHIVE objects can be read at once.
 * - CompleteMultipartUpload of an upload that was completed before answers `NoSuchUpload`; AWS may answer 200 again.
 *
 * By design:
 * - No data is encrypted; the headers that say so are echoed, AES256 by default.
 * - Any region may be named as LocationConstraint; a bucket without one lies in the stack's region.
 * - An object's key never becomes a path: bodies up to 32 KiB are rows of the store, larger ones files with random names.
 * - Keys may hold NUL, but one made of more than some 900 of them is refused as too long.
 * - New buckets block public access and have no ACLs, as on AWS since April 2023: lift the block before a public policy.
 * - A policy that denies requests without TLS does not bite: everything here comes over loopback.
 * - s3:TestEvent is sent by the event sources.
 * - GetBucketEncryption and the like echo the document that was put, byte for byte.
 *
 * Client quirks:
 * - SDKs upload as aws-chunked with a CRC32 trailer; the framing is decoded and `aws-chunked` dropped from Content-Encoding.
 * - `x-amz-checksum-*` in the query of a presigned URL is ignored, as on AWS: the JavaScript presigner puts the CRC32 of an empty body there.
 * - rclone and old tools list with version 1 and need `<EncodingType>` back; keys are form-encoded then (`a b` is `a+b`).
 * - Creating a bucket again answers 200 in us-east-1, 409 `BucketAlreadyOwnedByYou` elsewhere.
 * - `Owner` has no DisplayName: AWS stopped sending it in November 2025.
 *
 * Compared with a real MinIO (`scripts/compare-s3.mjs`, a build of its last source by `go install`, Nov 2026): of 104 cases
 * 58 answer to the letter, 32 more but for x-amz-server-side-encryption and the checksum's kind in listings, which MinIO does
 * not send. In the other 14 we side with the documentation of S3. MinIO computes no CRC64NVME of its own and tells none in
 * CopyObjectResult and multipart answers, answers 409 to a bucket that is made again, 204 to a second abort, 404 to a bucket's
 * encryption, 304 to If-Modified-Since with a time to come, XAmzContentChecksumMismatch where S3 says BadDigest, InvalidArgument
 * to a lifecycle without rules, InvalidPart to part 0, InvalidRequest to a completion without parts, gives a NextMarker where
 * no delimiter was given, and refuses GetObjectAttributes without a checksum.
 *
 * Unverified:
 * - SHA512 and MD5 as checksums of an upload in parts are composite only, as SHA1 and SHA256 are.
 * - Which status a conditional DeleteObject has for a key that is not there (412 here).
 * - That UploadPart answers with CRC64NVME when neither the upload nor the part chose a checksum.
 * - The text that refuses control characters in metadata of forms and presigned URLs.
 */
import type { ServerResponse } from "node:http";
import { AwsError } from "../kit/aws-error.js";
import { internalError } from "../kit/json-protocol.js";
import { FIDELITY_PAGE } from "../kit/unknown-operation.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { authorize } from "./access.js";
import { Blobs } from "./blobs.js";
import { PendingConditions } from "./conditions.js";
import type { S3Context } from "./context.js";
import { accessDenied, invalidBucketName, methodNotAllowed, operationNotImplemented } from "./errors.js";
import { isValidBucketName } from "./keys.js";
import { checkNotification, type NotificationConfiguration, type NotificationRuleInput } from "./notification.js";
import { newBucket } from "./operations/buckets.js";
import { corsHeaders } from "./operations/cors.js";
import { readRequest, type S3Request } from "./request.js";
import { send, sendError, type Headers } from "./respond.js";
import { routeRequest, type Route } from "./router.js";
import { S3Store } from "./store.js";

export { matchingRules } from "./notification.js";
export type { NotificationConfiguration, NotificationRule, NotificationRuleInput, TargetKind } from "./notification.js";

export interface S3Options {
  /** Keeps a second store (`minio`) apart; also the `namespace` of its events. */
  readonly namespace?: string;
}

/** What the stack and sources ask of S3 without HTTP. */
export interface S3Service extends EmbeddedService {
  readonly namespace: string;
  /** True when it was made now. Throws InvalidBucketName. */
  createBucketIfMissing(name: string): Promise<boolean>;
  hasBucket(name: string): boolean;
  bucketNames(): string[];
  /** Throws NoSuchBucket. */
  isBucketEmpty(name: string): boolean;
  /** Replaces the configuration, checked as over HTTP; gives it back with its ids. Throws NoSuchBucket, InvalidArgument. */
  putNotificationConfiguration(
    bucket: string,
    configuration: { readonly rules: readonly NotificationRuleInput[]; readonly eventBridge?: boolean },
  ): Promise<NotificationConfiguration>;
  /** Undefined when the bucket has none, or is gone. */
  notificationConfiguration(bucket: string): NotificationConfiguration | undefined;
  /** Region and, if versioned, the status; undefined when the bucket is gone. */
  bucketRegion(name: string): string | undefined;
}

export function createS3Service(context: ServiceContext, options: S3Options = {}): S3Service {
  const namespace = options.namespace ?? "s3";
  const blobs = new Blobs(context.store, namespace, context.log);
  const store = new S3Store(context.store, namespace, context.clock, blobs);
  const { clock, bus, realm, credentials, log, targetExists } = context;
  const s3: S3Context = {
    store,
    clock,
    bus,
    realm,
    namespace,
    credentials,
    pending: new PendingConditions(),
    targetExists,
  };
  const announced = new Set<string>();

  async function handle(raw: ServiceRequest, response: ServerResponse): Promise<void> {
    let cors: Headers = {};
    try {
      const request = readRequest(raw);
      cors = corsHeaders(s3, request);
      for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
      const answer = await run(request, response);
      if (answer !== undefined) send(request, response, answer);
    } catch (error) {
      // The client went away in the middle: there is nobody to tell.
      if (response.destroyed) return;
      const wire = error instanceof AwsError ? error : toWire(error);
      sendError(response, { method: raw.method, resource: raw.path, requestId: raw.requestId }, wire, cors);
    }
  }

  function toWire(error: unknown): AwsError {
    const { message } = internalError(log, error);
    return new AwsError("InternalError", message, { statusCode: 500, cause: error });
  }

  function run(request: S3Request, response: ServerResponse): ReturnType<NonNullable<Route["run"]>> {
    const route = routeRequest(request);
    if (route === undefined) {
      throw methodNotAllowed(
        request.method,
        request.bucket === "" ? "SERVICE" : request.key === "" ? "BUCKET" : "OBJECT",
        "GET, HEAD, PUT, POST, DELETE",
      );
    }
    requireExpectedOwner(request);
    if (route.run === undefined) {
      if (!announced.has(route.name)) {
        announced.add(route.name);
        log.warn(
          { service: "s3", operation: route.name },
          `S3 ${route.name} is not emulated by lambda-run; see ${FIDELITY_PAGE}`,
        );
      }
      throw operationNotImplemented(route.name);
    }
    if (route.action !== undefined && request.raw.caller === undefined) {
      const missing = request.bucket === "" || route.name === "CreateBucket";
      authorize(request, route.action, missing ? undefined : store.bucket(request.bucket));
    }
    return route.run(s3, request, response);
  }

  function requireExpectedOwner(request: S3Request): void {
    for (const name of ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"]) {
      const owner = request.header(name);
      if (owner !== undefined && owner !== realm.accountId) throw accessDenied();
    }
  }

  return {
    namespace,
    handle,
    async reset() {
      await store.reset();
    },
    async close() {
      await store.flush();
      await blobs.close();
    },
    async createBucketIfMissing(name) {
      if (!isValidBucketName(name)) throw invalidBucketName(name);
      return store.write(() => {
        if (store.findBucket(name) !== undefined) return false;
        store.putBucket(newBucket(name, realm.region, clock.now()));
        return true;
      });
    },
    hasBucket: (name) => store.findBucket(name) !== undefined,
    bucketNames: () => Array.from(store.bucketsFrom(""), ({ name }) => name),
    isBucketEmpty: (name) => !store.hasObjects(store.bucket(name).name),
    async putNotificationConfiguration(name, configuration) {
      const notification = checkNotification(configuration.rules, configuration.eventBridge ?? false);
      await store.write(() => {
        const bucket = store.bucket(name);
        store.putBucket({ ...bucket, notification });
      });
      return notification;
    },
    notificationConfiguration: (bucket) => store.findBucket(bucket)?.notification,
    bucketRegion: (name) => store.findBucket(name)?.region,
  };
}
