/** What a pipe is put with: read from a request, checked beyond its form, and shown again. */
import { parseArn } from "../../shared/arn.js";
import { listMember, numberMember, objectListMember, objectMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { compilePattern } from "../kit/patterns/pattern.js";
import { PatternError } from "../kit/patterns/pattern-error.js";
import { checkPipeInput } from "./constraints.js";
import { pipesError } from "./errors.js";
import { enrichmentKind, sourceKind, targetKind } from "./parts.js";
import type { PipeSettings } from "./store.js";

export function readSettings(input: JsonObject): PipeSettings {
  checkPipeInput(input, "create");
  return checked({
    description: stringMember(input, "Description"),
    desiredState: desired(input),
    source: stringMember(input, "Source") ?? "",
    sourceParameters: objectMember(input, "SourceParameters") ?? {},
    enrichment: named(stringMember(input, "Enrichment")),
    enrichmentParameters: objectMember(input, "EnrichmentParameters"),
    target: stringMember(input, "Target") ?? "",
    targetParameters: objectMember(input, "TargetParameters"),
    roleArn: stringMember(input, "RoleArn") ?? "",
    logConfiguration: objectMember(input, "LogConfiguration"),
    kmsKeyIdentifier: stringMember(input, "KmsKeyIdentifier"),
  });
}

/**
 * "EventBridge only updates the fields you have specified"; of the parameters' own objects each is taken over whole. The
 * source stays what it was, and so does the position that it is read from.
 * https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_UpdatePipe.html
 */
export function updatedSettings(before: PipeSettings, input: JsonObject): PipeSettings {
  checkPipeInput(input, "update");
  const enrichment = stringMember(input, "Enrichment");
  return checked({
    description: stringMember(input, "Description") ?? before.description,
    desiredState: input["DesiredState"] === undefined ? before.desiredState : desired(input),
    source: before.source,
    sourceParameters: updatedSource(before, objectMember(input, "SourceParameters")),
    enrichment: enrichment === undefined ? before.enrichment : named(enrichment),
    enrichmentParameters: merged(before.enrichmentParameters, objectMember(input, "EnrichmentParameters")),
    target: stringMember(input, "Target") ?? before.target,
    targetParameters: merged(before.targetParameters, objectMember(input, "TargetParameters")),
    roleArn: stringMember(input, "RoleArn") ?? before.roleArn,
    logConfiguration: objectMember(input, "LogConfiguration") ?? before.logConfiguration,
    kmsKeyIdentifier: stringMember(input, "KmsKeyIdentifier") ?? before.kmsKeyIdentifier,
  });
}

const desired = (input: JsonObject): PipeSettings["desiredState"] =>
  stringMember(input, "DesiredState") === "STOPPED" ? "STOPPED" : "RUNNING";

/** An empty ARN takes the enrichment away. */
const named = (arn: string | undefined): string | undefined => (arn === "" ? undefined : arn);

const merged = (before: JsonObject | undefined, given: JsonObject | undefined): JsonObject | undefined =>
  given === undefined ? before : { ...before, ...given };

function updatedSource({ source, sourceParameters: before }: PipeSettings, given: JsonObject | undefined): JsonObject {
  if (given === undefined) return before;
  const { parameters } = sourceKind(source);
  const own = objectMember(given, parameters);
  if (own === undefined) return { ...before, ...given };
  const { StartingPosition, StartingPositionTimestamp } = objectMember(before, parameters) ?? {};
  const kept = {
    ...(StartingPosition === undefined ? {} : { StartingPosition }),
    ...(StartingPositionTimestamp === undefined ? {} : { StartingPositionTimestamp }),
  };
  return { ...before, ...given, [parameters]: { ...own, ...kept } };
}

/** What the members say together. */
function checked(settings: PipeSettings): PipeSettings {
  const { source, sourceParameters, enrichment, target, targetParameters } = settings;
  const kind = sourceKind(source);
  for (const name of Object.keys(sourceParameters))
    if (name !== "FilterCriteria" && name !== kind.parameters)
      throw pipesError.field(`SourceParameters.${name}`, `The parameters do not belong to the source ${source}.`);
  const own = objectMember(sourceParameters, kind.parameters);
  if (kind.isStream && own === undefined)
    throw pipesError.field(`SourceParameters.${kind.parameters}`, "Missing required parameter.");
  for (const filter of objectListMember(objectMember(sourceParameters, "FilterCriteria") ?? {}, "Filters") ?? [])
    checkFilter(stringMember(filter, "Pattern"));
  checkDeadLetters(stringMember(objectMember(own ?? {}, "DeadLetterConfig") ?? {}, "Arn"));
  const parts = [{ name: "target", ...targetKind(target) }];
  if (enrichment !== undefined) parts.push({ name: "enrichment", ...enrichmentKind(enrichment) });
  const batchSize = numberMember(own ?? {}, "BatchSize") ?? 1;
  for (const { name, maxBatchSize } of parts)
    if (batchSize > maxBatchSize)
      throw pipesError.field(
        `SourceParameters.${kind.parameters}.BatchSize`,
        `The ${name} takes batches of ${maxBatchSize} at most.`,
      );
  checkQueue(target, objectMember(targetParameters ?? {}, "SqsQueueParameters") ?? {});
  const { PartitionKey } = objectMember(targetParameters ?? {}, "KinesisStreamParameters") ?? {};
  if (parseArn(target)?.service === "kinesis" && PartitionKey === undefined)
    throw pipesError.field("TargetParameters.KinesisStreamParameters.PartitionKey", "Missing required parameter.");
  const { StartingPosition, StartingPositionTimestamp } = own ?? {};
  if (StartingPosition === "AT_TIMESTAMP" && StartingPositionTimestamp === undefined)
    throw pipesError.field(
      `SourceParameters.${kind.parameters}.StartingPositionTimestamp`,
      "Missing required parameter.",
    );
  const { EndpointId } = objectMember(targetParameters ?? {}, "EventBridgeEventBusParameters") ?? {};
  if (EndpointId !== undefined)
    throw pipesError.field(
      "TargetParameters.EventBridgeEventBusParameters.EndpointId",
      "Global endpoints are not emulated by lambda-run.",
    );
  checkLogDestinations(settings.logConfiguration ?? {});
  const mostAtOnce = Math.min(...parts.map(({ maxBatchSize }) => maxBatchSize));
  return { ...settings, sourceParameters: withDefaults(settings, mostAtOnce) };
}

function checkFilter(pattern: string | undefined): void {
  if (pattern === undefined) return;
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw pipesError.field("SourceParameters.FilterCriteria", `Invalid filter pattern: ${error.message}`);
  }
}

function checkDeadLetters(arn: string | undefined): void {
  const service = arn === undefined ? undefined : parseArn(arn)?.service;
  if (arn !== undefined && service !== "sqs" && service !== "sns")
    throw pipesError.field("DeadLetterConfig.Arn", `${arn} is neither a queue nor a topic.`);
}

function checkQueue(target: string, { MessageGroupId }: JsonObject): void {
  const { service, resource = "" } = parseArn(target) ?? {};
  if (service === "sns" && resource.endsWith(".fifo"))
    throw pipesError.field("Target", "FIFO topics are not supported.");
  if (service === "sqs" && resource.endsWith(".fifo") && MessageGroupId === undefined)
    throw pipesError.field("TargetParameters.SqsQueueParameters.MessageGroupId", "Missing required parameter.");
}

function checkLogDestinations(given: JsonObject): void {
  for (const name of ["FirehoseLogDestination", "S3LogDestination"])
    if (given[name] !== undefined)
      throw pipesError.field(`LogConfiguration.${name}`, "lambda-run writes logs of pipes to CloudWatch Logs alone.");
}

/**
 * As DescribePipe was seen to show a source of which nothing was said (the acceptance tests of Terraform's provider); a
 * batch is no larger than the parts behind it take.
 */
function withDefaults({ source, sourceParameters }: PipeSettings, mostAtOnce: number): JsonObject {
  const { service, parameters, defaultBatchSize } = sourceKind(source);
  const own = objectMember(sourceParameters, parameters) ?? {};
  const BatchSize = Math.min(defaultBatchSize, mostAtOnce);
  const defaults = service === "sqs" ? { BatchSize, MaximumBatchingWindowInSeconds: 0 } : { BatchSize };
  return { ...sourceParameters, [parameters]: { ...defaults, ...own } };
}

/** JSON texts; empty = everything passes. */
export const filterPatternsOf = ({ sourceParameters }: PipeSettings): readonly string[] =>
  (objectListMember(objectMember(sourceParameters, "FilterCriteria") ?? {}, "Filters") ?? []).flatMap(
    (filter) => stringMember(filter, "Pattern") ?? [],
  );

export const includesData = ({ logConfiguration }: PipeSettings): boolean =>
  (listMember(logConfiguration ?? {}, "IncludeExecutionData") ?? []).includes("ALL");
