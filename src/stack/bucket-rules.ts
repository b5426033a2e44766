/** What the template declares of a bucket's notifications, as S3 takes it and as it is matched. */
import type { Application, BucketConfig } from "../config/application.js";
import type { S3Service } from "../services/s3/index.js";
// Not from the index, which brings all of S3.
import {
  checkNotification,
  type NotificationConfiguration,
  type NotificationRuleInput,
} from "../services/s3/notification.js";
import { sameConfiguration } from "../sources/s3/notifications.js";

const KINDS = { function: "lambda", queue: "sqs", topic: "sns" } as const;

export function declaredNotifications({ notifications, eventBridge }: BucketConfig): {
  readonly rules: readonly NotificationRuleInput[];
  readonly eventBridge: boolean;
} {
  const rules = notifications.map(({ events, prefix, suffix, target }, index) => ({
    id: `notification-${index + 1}`,
    kind: KINDS[target.kind],
    targetArn: target.arn,
    events,
    filterRules: [
      ...(prefix === undefined ? [] : [{ name: "prefix", value: prefix }]),
      ...(suffix === undefined ? [] : [{ name: "suffix", value: suffix }]),
    ],
  }));
  return { rules, eventBridge };
}

/** Throws when S3 would refuse them. */
export function notificationRules(bucket: BucketConfig): NotificationConfiguration {
  const { rules, eventBridge } = declaredNotifications(bucket);
  return checkNotification(rules, eventBridge);
}

/** Gives buckets the notifications that the template declares; answers which buckets got something new. */
export async function applyNotifications(s3: S3Service, { buckets }: Application): Promise<string[]> {
  const changed: string[] = [];
  for (const bucket of buckets) {
    const wanted = declaredNotifications(bucket);
    // What was put over the API stays, as it does on AWS when the template says nothing of it.
    if (wanted.rules.length === 0 && !wanted.eventBridge) continue;
    const before = s3.notificationConfiguration(bucket.name);
    const after = await s3.putNotificationConfiguration(bucket.name, wanted);
    if (!sameConfiguration(before, after)) changed.push(bucket.name);
  }
  return changed;
}
