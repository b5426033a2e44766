/**
 * S3's notifications, in both forms: the records that Lambda, SQS and SNS get, and the events of EventBridge.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
import { createHash } from "node:crypto";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { ObjectEvent } from "../../shared/bus.js";

/** Of a notification to a topic. */
export const S3_SUBJECT = "Amazon S3 Notification";

export type ObjectEventKind = "ObjectCreated" | "ObjectRemoved" | "ObjectTagged";

/** 2.3 is for the kinds that came later: tagging, ACLs, lifecycle, restores. */
const EVENT_VERSION = { created: "2.1", later: "2.3" } as const;
const SCHEMA_VERSION = "1.0";

/** `ObjectCreated:Put`; without the `s3:` that configurations put before it. */
export function eventNameOf(kind: ObjectEventKind, action: string): string {
  return kind === "ObjectTagged" ? `ObjectTagging:${action}` : `${kind}:${action}`;
}

/** One notification as S3 sends it: always one record. */
export function s3Notification(
  kind: ObjectEventKind,
  event: ObjectEvent,
  configurationId: string,
  realm: Realm,
): { readonly Records: readonly unknown[] } {
  const created = kind === "ObjectCreated";
  return {
    Records: [
      {
        eventVersion: kind === "ObjectTagged" ? EVENT_VERSION.later : EVENT_VERSION.created,
        eventSource: "aws:s3",
        awsRegion: realm.region,
        eventTime: new Date(event.timeMs).toISOString(),
        eventName: eventNameOf(kind, event.action),
        userIdentity: { principalId: `AWS:${principalOf("user", realm)}` },
        requestParameters: { sourceIPAddress: event.sourceIpAddress },
        responseElements: { "x-amz-request-id": event.requestId, "x-amz-id-2": hostIdOf(event.requestId) },
        s3: {
          s3SchemaVersion: SCHEMA_VERSION,
          configurationId,
          bucket: {
            name: event.bucket,
            ownerIdentity: { principalId: principalOf("owner", realm) },
            arn: arnOf.bucket(event.bucket),
          },
          object: {
            key: formUrlEncode(event.key),
            ...(created ? { size: event.sizeBytes } : {}),
            ...(kind === "ObjectRemoved" ? {} : { eTag: event.eTag }),
            ...(event.versionId === undefined ? {} : { versionId: event.versionId }),
            ...(kind === "ObjectTagged" ? {} : { sequencer: event.sequencer }),
          },
        },
      },
    ],
  };
}

/** What S3 sends to a queue or topic when a configuration that names it is put. */
export function testNotification(bucket: string, timeMs: number, requestId: string): Readonly<Record<string, string>> {
  return {
    Service: "Amazon S3",
    Event: "s3:TestEvent",
    Time: new Date(timeMs).toISOString(),
    Bucket: bucket,
    RequestId: requestId,
    HostId: hostIdOf(requestId),
  };
}

const REASONS: Readonly<Record<string, string>> = {
  Put: "PutObject",
  Post: "POST Object",
  Copy: "CopyObject",
  CompleteMultipartUpload: "CompleteMultipartUpload",
  Delete: "DeleteObject",
  DeleteMarkerCreated: "DeleteObject",
};
const DETAIL_TYPES: Readonly<Record<string, string>> = {
  ObjectCreated: "Object Created",
  ObjectRemoved: "Object Deleted",
  "ObjectTagging:Put": "Object Tags Added",
  "ObjectTagging:Delete": "Object Tags Deleted",
};

/** The envelope for the default event bus; `id` is a UUID. */
export function s3BusEvent(
  kind: ObjectEventKind,
  event: ObjectEvent,
  realm: Realm,
  id: string,
): Readonly<Record<string, unknown>> {
  const removed = kind === "ObjectRemoved";
  const detailType = DETAIL_TYPES[kind] ?? DETAIL_TYPES[eventNameOf(kind, event.action)];
  return {
    version: "0",
    id,
    "detail-type": detailType,
    source: "aws.s3",
    account: realm.accountId,
    time: `${new Date(event.timeMs).toISOString().slice(0, 19)}Z`,
    region: realm.region,
    resources: [arnOf.bucket(event.bucket)],
    detail: {
      version: "0",
      bucket: { name: event.bucket },
      object: {
        key: event.key,
        ...(kind === "ObjectCreated" ? { size: event.sizeBytes } : {}),
        ...(removed ? {} : { etag: event.eTag }),
        ...(event.versionId === undefined ? {} : { "version-id": event.versionId }),
        ...(kind === "ObjectTagged" ? {} : { sequencer: event.sequencer }),
      },
      "request-id": event.requestId,
      requester: realm.accountId,
      "source-ip-address": event.sourceIpAddress,
      ...(kind === "ObjectTagged" ? {} : { reason: REASONS[event.action] ?? event.action }),
      ...(removed
        ? { "deletion-type": event.action === "Delete" ? "Permanently Deleted" : "Delete Marker Created" }
        : {}),
    },
  };
}

/** Left alone by encodeURIComponent, but not by the encoder of forms that S3 uses. */
const ALSO_ENCODED = /[!'()~]/g;

/** `a b@c/d` becomes `a+b%40c/d`. */
export function formUrlEncode(key: string): string {
  return encodeURIComponent(key)
    .replace(ALSO_ENCODED, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/");
}

/** Identities have no meaning here, but a form, and one account has always the same. */
function principalOf(role: "user" | "owner", realm: Realm): string {
  const digest = createHash("sha256").update(`${role} ${realm.accountId}`).digest("hex").toUpperCase();
  return role === "user" ? `AIDA${digest.slice(0, 17)}` : `A${digest.slice(0, 13)}`;
}

function hostIdOf(requestId: string): string {
  return createHash("sha512").update(requestId).digest("base64");
}
