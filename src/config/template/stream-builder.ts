/**
 * Streams of Kinesis and their consumers.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Kinesis.html
 */
import * as z from "zod";
import { append, identify } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { ignored, integer, oneOf, readProperties, refuse, tags, text } from "./property.js";

const streamProperties = z.object({
  Name: text()
    .refine((name) => /^[\w.-]{1,128}$/.test(name), {
      error: "a stream name takes 1 to 128 letters, digits, underscores, hyphens and periods",
    })
    .optional(),
  ShardCount: integer({ min: 1, max: 20_000 }).optional(),
  RetentionPeriodHours: integer({ min: 24, max: 8760 }, "hours").default(24),
  StreamModeDetails: z.object({ StreamMode: oneOf(["PROVISIONED", "ON_DEMAND"]) }).optional(),
  StreamEncryption: z.object({ EncryptionType: oneOf(["KMS"]), KeyId: text() }).optional(),
  MaxRecordSizeInKiB: integer({ min: 1024, max: 10_240 }, "KiB").default(1024),
  Tags: tags().default({}),
  ...ignored("DesiredShardLevelMetrics", "WarmThroughputMiBps"),
});

export const buildStream: Builder = (resource, context) => {
  const properties = readProperties(resource, streamProperties, context.scope);
  // With neither it is what CDK writes: one shard.
  const mode = properties.StreamModeDetails?.StreamMode ?? "PROVISIONED";
  if (mode === "ON_DEMAND" && properties.ShardCount !== undefined)
    throw refuse(
      { resource, scope: context.scope, path: ["ShardCount"] },
      `The stream ${resource.logicalId} has both a ShardCount and the mode ON_DEMAND`,
      "ShardCount is not expected when StreamMode=ON_DEMAND",
      "Take one of them away.",
    );
  context.draft.streams.push({
    ...identify(resource, context),
    mode,
    shardCount: mode === "ON_DEMAND" ? undefined : (properties.ShardCount ?? 1),
    retentionHours: properties.RetentionPeriodHours,
    maxRecordKiB: properties.MaxRecordSizeInKiB,
    keyId: properties.StreamEncryption?.KeyId,
    tags: properties.Tags,
    consumers: [],
  });
};

const consumerProperties = z.object({ ConsumerName: text(), StreamARN: text(), ...ignored("Tags") });

export const buildStreamConsumer: Builder = (resource, context) => {
  const { ConsumerName: name, StreamARN: streamArn } = readProperties(resource, consumerProperties, context.scope);
  const { arn } = identify(resource, context);
  append(context.draft.streamConsumers, streamArn, { name, arn });
};

/** Consumers go to their streams when all are known. */
export function finishStreams({ draft, scope }: BuildContext): void {
  draft.streams.forEach((stream, i) => {
    draft.streams[i] = { ...stream, consumers: draft.streamConsumers.get(stream.arn) ?? [] };
  });
  for (const [arn, [consumer]] of draft.streamConsumers)
    if (draft.streams.every((stream) => stream.arn !== arn))
      scope.problems.notice(`The consumer ${consumer?.name} is not made: ${arn} is no stream of this template.`);
}
