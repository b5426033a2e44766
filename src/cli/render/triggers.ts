/** What fires the functions of the template, but for requests, rules and schedules: those have tables of their own. */
import type { Application } from "../../config/application.js";
import type { LogsSource, S3Source, SnsSource, SqsSource, StreamSource } from "../../config/event-source.js";
import { parseArn } from "../../shared/arn.js";

export type Trigger = SqsSource | StreamSource | S3Source | SnsSource | LogsSource;

const HEAD = ["FUNCTION", "FIRED BY", "STATE", "ON"];

/** In the order of the template. */
export const triggersOf = ({ eventSources }: Application): readonly Trigger[] =>
  eventSources.filter(
    (source): source is Trigger =>
      source.kind === "sqs" ||
      source.kind === "dynamodb" ||
      source.kind === "kinesis" ||
      source.kind === "s3" ||
      source.kind === "logs" ||
      source.kind === "sns",
  );

/** With its head; empty where nothing of the kind is declared. */
export function triggerRows(application: Application): string[][] {
  const names = new Map(application.functions.map(({ logicalId, name }) => [logicalId, name]));
  const rows = triggersOf(application).map((trigger) => {
    const { functionId, qualifier } = trigger;
    const name = names.get(functionId) ?? functionId;
    return [qualifier === undefined ? name : `${name}:${qualifier}`, ...describe(trigger)];
  });
  return rows.length === 0 ? [] : [HEAD, ...rows];
}

function describe(trigger: Trigger): [from: string, state: string, on: string] {
  switch (trigger.kind) {
    case "sqs":
      return [shortArn(trigger.queueArn), stateOf(trigger), batchesOf(trigger).join(", ")];
    case "dynamodb":
    case "kinesis":
      return [
        shortArn(trigger.streamArn),
        stateOf(trigger),
        [...batchesOf(trigger), ...lanesOf(trigger), trigger.startingPosition].join(", "),
      ];
    case "s3":
      return [`s3 ${trigger.bucket}`, "ENABLED", objectsOf(trigger)];
    case "logs":
      return [`logs ${trigger.logGroupName}`, "ENABLED", trigger.filterPattern || "all events"];
    case "sns":
      return [shortArn(trigger.topicArn), "ENABLED", messagesOf(trigger)];
  }
}

const stateOf = ({ enabled }: SqsSource | StreamSource): string => (enabled ? "ENABLED" : "DISABLED");

function batchesOf({
  batchSize,
  maximumBatchingWindowSeconds,
  reportBatchItemFailures,
  filterPatterns,
}: SqsSource | StreamSource): string[] {
  const window = maximumBatchingWindowSeconds === 0 ? "" : ` within ${maximumBatchingWindowSeconds} s`;
  return [
    `batches of ${batchSize}${window}`,
    ...(reportBatchItemFailures ? ["partial failures"] : []),
    ...filterPatterns.map((pattern) => `filter ${pattern}`),
  ];
}

function lanesOf({ parallelizationFactor, tumblingWindowSeconds }: StreamSource): string[] {
  return [
    ...(parallelizationFactor === 1 ? [] : [`${parallelizationFactor} at a time`]),
    ...(tumblingWindowSeconds === 0 ? [] : [`windows of ${tumblingWindowSeconds} s`]),
  ];
}

function objectsOf({ events, prefix, suffix }: S3Source): string {
  const key = prefix === undefined && suffix === undefined ? "" : ` of ${prefix ?? ""}*${suffix ?? ""}`;
  return `${events.join(", ")}${key}`;
}

const messagesOf = ({ filterPolicy, filterPolicyScope }: SnsSource): string =>
  filterPolicy === undefined ? "all messages" : `${filterPolicyScope} ${JSON.stringify(filterPolicy)}`;

/** `lambda report`, `sqs inbox`, `dynamodb orders`: without region and account. */
export function shortArn(arn: string): string {
  const parsed = parseArn(arn);
  if (parsed === undefined) return arn;
  const { service, resource } = parsed;
  return `${service} ${resource.replace(/^(function|stateMachine):|^(event-bus|table|stream|api-destination)\//, "").replace(/\/stream\/.*$|\/[-0-9a-f]{36}$/, "")}`;
}
