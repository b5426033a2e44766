/** What every operation has at hand, and what it is. */
import type { ServerResponse } from "node:http";
import type { Realm } from "../../shared/arn.js";
import type { Bus, ObjectEvent } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Credentials } from "../kit/credentials.js";
import type { PendingConditions } from "./conditions.js";
import type { S3Request } from "./request.js";
import type { Answer } from "./respond.js";
import type { S3Store } from "./store.js";
import type { BucketRow } from "./rows.js";

export interface S3Context {
  readonly store: S3Store;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly realm: Realm;
  readonly namespace: string;
  readonly credentials: Credentials;
  readonly pending: PendingConditions;
  readonly targetExists: ((arn: string) => Promise<boolean>) | undefined;
}

/** Gives the answer, or nothing when it wrote to the response itself. */
export type Operation = (context: S3Context, request: S3Request, response: ServerResponse) => Answer | Promise<Answer>;

/** Sequence numbers have at most 14 hex digits; AWS shows 18. */
const SEQUENCER_DIGITS = 18;

interface Happening {
  readonly key: string;
  readonly action: string;
  readonly seq: number;
  readonly timeMs: number;
  readonly sizeBytes?: number;
  readonly eTag?: string;
  readonly versionId?: string;
}

/** To be called after the commit, never for a write that failed. */
export function tell(
  context: S3Context,
  request: S3Request,
  event: "ObjectCreated" | "ObjectRemoved" | "ObjectTagged",
  bucket: BucketRow,
  happening: Happening,
): void {
  const { seq, versionId, key, action, timeMs, sizeBytes, eTag } = happening;
  const traceHeader = request.raw.headers["x-amzn-trace-id"];
  const told: ObjectEvent = {
    namespace: context.namespace,
    bucket: bucket.name,
    key,
    action,
    sequencer: seq.toString(16).toUpperCase().padStart(SEQUENCER_DIGITS, "0"),
    requestId: request.raw.requestId,
    sourceIpAddress: request.raw.remoteAddress,
    timeMs,
    ...(sizeBytes === undefined ? undefined : { sizeBytes }),
    ...(eTag === undefined ? undefined : { eTag }),
    ...(typeof traceHeader === "string" ? { traceHeader } : undefined),
    ...(bucket.versioning === undefined || versionId === undefined ? undefined : { versionId }),
  };
  context.bus.emit(event, told);
}

/** The canonical user id of the account: 64 hex digits, made from its number. */
export function ownerOf(realm: Realm): { readonly ID: string } {
  return { ID: realm.accountId.padStart(64, "0") };
}
