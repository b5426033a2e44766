/**
 * Sets the notifications of buckets on other servers, where that is possible: to MinIO's webhook or a queue of ours, which lead here, or
 * from S3 to SQS inside one server (LocalStack, moto). What others have set there stays.
 */
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
  type Event,
  type NotificationConfiguration,
  type QueueConfiguration,
} from "@aws-sdk/client-s3";
import type { BucketConfig } from "../../config/application.js";
import { parseArn } from "../../shared/arn.js";
import { clientOptions, type ServiceAddress } from "./endpoints.js";

/**
 * One rule of ours for each bucket that tells anything: which of the template's fits is decided here. `named` gives events
 * the names that the server has for them. Answers which buckets were changed.
 */
export async function setNotifications(
  address: ServiceAddress,
  buckets: readonly BucketConfig[],
  targetArn: string,
  named: (events: readonly string[]) => readonly string[],
): Promise<readonly string[]> {
  return withClient(address, async (client) => {
    const changed: string[] = [];
    for (const { name: Bucket, notifications, eventBridge } of buckets) {
      const events = eventBridge
        ? ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*"]
        : notifications.flatMap((rule) => rule.events);
      const Events = named(events) as Event[];
      const current = await currentOf(client, Bucket);
      const ours = (current.QueueConfigurations ?? []).filter(({ QueueArn }) => QueueArn === targetArn);
      const known = ours.flatMap((rule) => rule.Events ?? []).sort();
      if (known.join() === Events.join()) continue;
      const others = (current.QueueConfigurations ?? []).filter(({ QueueArn }) => QueueArn !== targetArn);
      const own = Events.length === 0 ? [] : [{ Id: "lambda-run", QueueArn: targetArn, Events }];
      const NotificationConfiguration = { ...current, QueueConfigurations: [...others, ...own] };
      await client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
      changed.push(Bucket);
    }
    return changed;
  });
}

/** Rules that lead to queues of the same server, for buckets that have no notifications yet. `queues`: ARNs there, by name. */
export async function setQueueNotifications(
  address: ServiceAddress,
  buckets: readonly BucketConfig[],
  queues: ReadonlyMap<string, { readonly arn: string }>,
): Promise<void> {
  await withClient(address, async (client) => {
    for (const bucket of buckets) {
      const QueueConfigurations = toQueues(bucket, queues);
      if (QueueConfigurations.length === 0) continue;
      const current = await currentOf(client, bucket.name);
      if (Object.values(current).some((rules) => Array.isArray(rules) && rules.length > 0)) continue;
      await client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket.name,
          NotificationConfiguration: { QueueConfigurations },
        }),
      );
    }
  });
}

function toQueues(
  { notifications }: BucketConfig,
  queues: ReadonlyMap<string, { readonly arn: string }>,
): QueueConfiguration[] {
  return notifications.flatMap(({ events, prefix, suffix, target }, index) => {
    const FilterRules = [
      ...(prefix === undefined ? [] : [{ Name: "prefix" as const, Value: prefix }]),
      ...(suffix === undefined ? [] : [{ Name: "suffix" as const, Value: suffix }]),
    ];
    const QueueArn = queues.get(parseArn(target.arn)?.resource ?? "")?.arn;
    return target.kind !== "queue" || QueueArn === undefined
      ? []
      : [
          {
            Id: `notification-${index + 1}`,
            QueueArn,
            Events: [...events] as Event[],
            ...(FilterRules.length === 0 ? {} : { Filter: { Key: { FilterRules } } }),
          },
        ];
  });
}

async function currentOf(client: S3Client, Bucket: string): Promise<NotificationConfiguration> {
  const { $metadata: _, ...current } = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  return current;
}

async function withClient<T>(address: ServiceAddress, work: (client: S3Client) => Promise<T>): Promise<T> {
  const client = new S3Client({ ...clientOptions(address), forcePathStyle: true });
  try {
    return await work(client);
  } finally {
    client.destroy();
  }
}
