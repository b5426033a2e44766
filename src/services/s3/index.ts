/**
 * # S3
 */
import type { ServerResponse } from "node:http";
import { AwsError } from "../kit/aws-error.js";
import { internalError } from "../kit/json-protocol.js";
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
  const { clock, bus, realm, credentials, log } = context;
  const s3: S3Context = { store, clock, bus, realm, namespace, credentials, pending: new PendingConditions() };
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
          `S3 ${route.name} is not emulated by lambda-run; see docs/fidelity.md`,
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
