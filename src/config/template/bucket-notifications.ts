/**
 * What a bucket tells, and whom: as the bucket itself declares it, and as CDK does. CDK keeps buckets free of their targets, and
 * so sets notifications by a custom resource, whose properties are those of the S3 API.
 * https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_s3_notifications-readme.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_NotificationConfiguration.html
 */
import * as z from "zod";
import type { BucketNotification } from "../application.js";
import { append, functionTargetOf } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { flag, ignored, list, readProperties, text } from "./property.js";

export const filterRules = list(z.object({ Name: text(), Value: text() })).default([]);

export interface DeclaredNotification {
  readonly bucket: string;
  readonly events: readonly string[];
  readonly rules: z.output<typeof filterRules>;
  readonly target: BucketNotification["target"];
  /** Logical id of what declares it. */
  readonly declaredBy: string;
}

/** Notes it for the bucket, and as an event source where the target is a function of the template. */
export function addNotification(declared: DeclaredNotification, context: BuildContext): void {
  const { bucket, declaredBy: eventId, events, rules, target } = declared;
  const valueOf = (rule: string): string | undefined => rules.find(({ Name }) => Name.toLowerCase() === rule)?.Value;
  const shared = { events, prefix: valueOf("prefix"), suffix: valueOf("suffix") };
  append(context.draft.notifications, bucket, { ...shared, target });
  const fn = target.kind === "function" ? functionTargetOf(target.arn, context) : undefined;
  if (fn !== undefined) context.draft.eventSources.push({ kind: "s3", ...fn, eventId, bucket, ...shared });
}

const configurations = (target: "LambdaFunctionArn" | "QueueArn" | "TopicArn") =>
  list(
    z
      .object({
        Events: list(text()),
        Filter: z.object({ Key: z.object({ FilterRules: filterRules }).optional() }).optional(),
        LambdaFunctionArn: text().optional(),
        QueueArn: text().optional(),
        TopicArn: text().optional(),
      })
      .refine((entry) => entry[target] !== undefined, { error: `it has no ${target}` }),
  ).default([]);

const cdkProperties = z.object({
  BucketName: text(),
  NotificationConfiguration: z.object({
    LambdaFunctionConfigurations: configurations("LambdaFunctionArn"),
    QueueConfigurations: configurations("QueueArn"),
    TopicConfigurations: configurations("TopicArn"),
    EventBridgeConfiguration: z.unknown().optional(),
  }),
  Managed: flag().optional(),
  SkipDestinationValidation: flag().optional(),
  ...ignored("ServiceToken", "ServiceTimeout"),
});

/** `Custom::S3BucketNotifications`: what CDK's `addEventNotification`, `S3EventSource` and `eventBridgeEnabled` become. */
export const buildCdkNotifications: Builder = (resource, context) => {
  const { draft, scope } = context;
  const { BucketName: bucket, NotificationConfiguration: wanted } = readProperties(resource, cdkProperties, scope);
  const index = draft.buckets.findIndex(({ name }) => name === bucket);
  const declared = draft.buckets[index];
  if (declared === undefined) {
    scope.problems.notice(
      `${resource.logicalId}: ${bucket} is not a bucket of this template; what it tells is skipped.`,
    );
    return;
  }
  const kinds = [
    ["function", "LambdaFunctionArn", wanted.LambdaFunctionConfigurations],
    ["queue", "QueueArn", wanted.QueueConfigurations],
    ["topic", "TopicArn", wanted.TopicConfigurations],
  ] as const;
  for (const [kind, property, entries] of kinds) {
    for (const { Events: events, Filter, ...entry } of entries) {
      const target = { kind, arn: String(entry[property]) };
      const rules = Filter?.Key?.FilterRules ?? [];
      addNotification({ bucket, events, rules, target, declaredBy: resource.logicalId }, context);
    }
  }
  if (wanted.EventBridgeConfiguration !== undefined) draft.buckets[index] = { ...declared, eventBridge: true };
};
