/** What event source mappings of streams have beside those of queues. Lambda API reference, "CreateEventSourceMapping". */
import { parseArn } from "../../../shared/arn.js";
import { booleanMember, numberMember, objectMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Mapping, StreamMappingSettings } from "../collaborators.js";
import { invalidParameter } from "../errors.js";
import { isSaid } from "../kept-as-sent.js";

/** Members for queues, Kafka, MQ and DocumentDB. */
const NOT_OF_STREAMS = [
  "AmazonManagedKafkaEventSourceConfig",
  "DocumentDBEventSourceConfig",
  "Queues",
  "ScalingConfig",
  "SelfManagedEventSource",
  "SelfManagedKafkaEventSourceConfig",
  "SourceAccessConfigurations",
  "Topics",
] as const;

export function isStreamArn(arn: string): boolean {
  const service = parseArn(arn)?.service;
  return service === "dynamodb" || service === "kinesis";
}

/** AWS's defaults, and the position, which has none. Texts as recorded. */
export function newStreamSettings(input: JsonObject, arn: string): StreamMappingSettings {
  const position = stringMember(input, "StartingPosition");
  if (position === undefined)
    throw invalidParameter(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  if (parseArn(arn)?.service === "dynamodb" && position === "AT_TIMESTAMP")
    throw invalidParameter(`Unsupported starting position for arn type: ${arn}`);
  const seconds = numberMember(input, "StartingPositionTimestamp");
  if (position === "AT_TIMESTAMP" && seconds === undefined)
    throw invalidParameter("StartingPositionTimestamp is required when StartingPosition is AT_TIMESTAMP.");
  return {
    // The API model has no others.
    startingPosition: position as StreamMappingSettings["startingPosition"],
    startingPositionMs: seconds === undefined ? undefined : seconds * 1000,
    maximumRetryAttempts: -1,
    maximumRecordAgeSeconds: -1,
    bisectBatchOnFunctionError: false,
    parallelizationFactor: 1,
    tumblingWindowSeconds: 0,
    onFailureArn: undefined,
  };
}

export function checkStream(input: JsonObject): void {
  const foreign = NOT_OF_STREAMS.find((member) => isSaid(input[member]));
  if (foreign !== undefined)
    throw invalidParameter(`Unsupported ${foreign} parameter for given event source mapping type.`);
}

/** What the request says, over `current`. */
export function changedStream(input: JsonObject, current: StreamMappingSettings): StreamMappingSettings {
  const destination = objectMember(input, "DestinationConfig");
  return {
    startingPosition: current.startingPosition,
    maximumRetryAttempts: numberMember(input, "MaximumRetryAttempts") ?? current.maximumRetryAttempts,
    maximumRecordAgeSeconds: numberMember(input, "MaximumRecordAgeInSeconds") ?? current.maximumRecordAgeSeconds,
    bisectBatchOnFunctionError:
      booleanMember(input, "BisectBatchOnFunctionError") ?? current.bisectBatchOnFunctionError,
    parallelizationFactor: numberMember(input, "ParallelizationFactor") ?? current.parallelizationFactor,
    tumblingWindowSeconds: numberMember(input, "TumblingWindowInSeconds") ?? current.tumblingWindowSeconds,
    onFailureArn:
      destination === undefined
        ? current.onFailureArn
        : stringMember(objectMember(destination, "OnFailure") ?? {}, "Destination"),
  };
}

/** Nothing for a queue. */
export function streamView({ stream, lastProcessingResult }: Mapping): JsonObject {
  if (stream === undefined) return {};
  const { onFailureArn, startingPositionMs } = stream;
  return {
    BisectBatchOnFunctionError: stream.bisectBatchOnFunctionError,
    DestinationConfig: { OnFailure: onFailureArn === undefined ? {} : { Destination: onFailureArn } },
    LastProcessingResult: lastProcessingResult ?? "No records processed",
    MaximumRecordAgeInSeconds: stream.maximumRecordAgeSeconds,
    MaximumRetryAttempts: stream.maximumRetryAttempts,
    ParallelizationFactor: stream.parallelizationFactor,
    StartingPosition: stream.startingPosition,
    ...(startingPositionMs === undefined ? {} : { StartingPositionTimestamp: startingPositionMs / 1000 }),
    TumblingWindowInSeconds: stream.tumblingWindowSeconds,
  };
}
