/** What the sources need of buckets on another server that tells what happens in them. */
import { randomBytes } from "node:crypto";
import type { Application, BucketConfig } from "../../config/application.js";
import type { BucketRules } from "../../sources/s3/notifications.js";
import { notificationRules } from "../bucket-rules.js";

/** Not that of the embedded S3, whose buckets may have the same names. */
export const FOREIGN_NAMESPACE = "s3-elsewhere";

/** For the test event of a new configuration, in S3's form. */
export const newRequestId = (): string => randomBytes(8).toString("hex").toUpperCase();

export interface BucketTeller {
  /** The template's rules for these buckets. */
  readonly rules: BucketRules;
  /**
   * To be called when whoever listens to the bus is there: from now on events are taken, and the server is told to send
   * them. And again for a new reading of the template.
   */
  begin(): Promise<void>;
  close(): Promise<void>;
}

export const foreignRules = (
  application: () => Application,
  tells: (bucket: BucketConfig) => boolean,
): BucketRules => ({
  namespace: FOREIGN_NAMESPACE,
  notificationConfiguration: (name) => {
    const bucket = application().buckets.find((one) => one.name === name);
    return bucket === undefined || !tells(bucket) ? undefined : notificationRules(bucket);
  },
});
