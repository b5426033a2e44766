/** What the template declares of a bucket's notifications, as S3 takes it and as it is matched. */
import type { BucketConfig } from "../config/application.js";
// Not from the index, which brings all of S3.
import {
  checkNotification,
  type NotificationConfiguration,
  type NotificationRuleInput,
} from "../services/s3/notification.js";

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
