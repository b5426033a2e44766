/** Pollers on queues and streams: from SAM events and from AWS::Lambda::EventSourceMapping. */
import type { FunctionTarget, SqsSource, StreamSource } from "../event-source.js";
import { eventSourceMapping } from "./event-schema.js";
import type { MappingProperties } from "./event-schema.js";
import { functionTargetOf, serviceOf } from "./build-context.js";
import type { Builder } from "./build-context.js";
import { readProperties, refuse } from "./property.js";

const DEFAULT_BATCH_SIZE = { sqs: 10, stream: 100 };
/** A FIFO queue gives ten at most; a standard queue up to 10,000 with a window. */
const FIFO_MAX_BATCH_SIZE = 10;

interface From extends FunctionTarget {
  readonly eventId: string;
}

function shared(
  properties: MappingProperties,
  batchSize: number,
): Omit<SqsSource, "kind" | "queueArn" | "maximumConcurrency" | keyof From> {
  return {
    batchSize: properties.BatchSize ?? batchSize,
    maximumBatchingWindowSeconds: properties.MaximumBatchingWindowInSeconds,
    enabled: properties.Enabled,
    reportBatchItemFailures: properties.FunctionResponseTypes.includes("ReportBatchItemFailures"),
    filterPatterns: (properties.FilterCriteria?.Filters ?? []).flatMap(({ Pattern }) => Pattern ?? []),
  };
}

/** AWS's refusal of a batch size that the queue cannot give. */
export function batchFault(queueArn: string, properties: MappingProperties): string | undefined {
  const size = properties.BatchSize ?? DEFAULT_BATCH_SIZE.sqs;
  if (queueArn.endsWith(".fifo") && size > FIFO_MAX_BATCH_SIZE)
    return `a FIFO queue gives at most ${FIFO_MAX_BATCH_SIZE} messages a batch`;
  if (size > FIFO_MAX_BATCH_SIZE && properties.MaximumBatchingWindowInSeconds === 0) {
    return "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10";
  }
  return undefined;
}

export function sqsSource(from: From, queueArn: string, properties: MappingProperties): SqsSource {
  return {
    kind: "sqs",
    ...from,
    queueArn,
    ...shared(properties, DEFAULT_BATCH_SIZE.sqs),
    maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency,
  };
}

export function streamSource(from: From, streamArn: string, properties: MappingProperties): StreamSource {
  return {
    kind: serviceOf(streamArn) === "kinesis" ? "kinesis" : "dynamodb",
    ...from,
    streamArn,
    ...shared(properties, DEFAULT_BATCH_SIZE.stream),
    startingPosition: properties.StartingPosition ?? "LATEST",
    startingPositionMs:
      properties.StartingPositionTimestamp === undefined ? undefined : properties.StartingPositionTimestamp * 1000,
    parallelizationFactor: properties.ParallelizationFactor,
    bisectBatchOnFunctionError: properties.BisectBatchOnFunctionError,
    maximumRetryAttempts: properties.MaximumRetryAttempts,
    maximumRecordAgeSeconds: properties.MaximumRecordAgeInSeconds,
    tumblingWindowSeconds: properties.TumblingWindowInSeconds,
    onFailureArn: properties.DestinationConfig?.OnFailure?.Destination,
  };
}

export const buildMapping: Builder = (resource, context) => {
  if (resource.implicit) return;
  const properties = readProperties(resource, eventSourceMapping, context.scope);
  const { EventSourceArn: arn = "", FunctionName } = properties;
  const target = functionTargetOf(FunctionName, context);
  const { logicalId: eventId } = resource;
  const { draft, scope } = context;
  if (target === undefined) {
    scope.problems.notice(`${eventId}: ${FunctionName} is not a function of this template; the mapping is skipped.`);
    return;
  }
  const from = { ...target, eventId };
  const service = serviceOf(arn);
  if (service === "sqs") {
    const fault = batchFault(arn, properties);
    if (fault !== undefined)
      throw refuse(
        { resource, scope, path: ["BatchSize"] },
        `BatchSize of ${eventId} cannot be ${properties.BatchSize}`,
        fault,
      );
    draft.eventSources.push(sqsSource(from, arn, properties));
  } else if (service === "dynamodb" || service === "kinesis")
    draft.eventSources.push(streamSource(from, arn, properties));
  else {
    draft.eventSources.push({
      kind: "unsupported",
      ...from,
      type: service || "self-managed source",
      properties: scope.propertiesOf(resource).value,
    });
    scope.problems.notice(
      `${eventId}: ${service || "a self-managed source"} does not fire functions here; send its events with invoke.`,
    );
  }
};
