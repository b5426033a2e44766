/**
 * What a pipe may connect: the kinds of sources, enrichments and targets, what of them is emulated, and how large a batch
 * each takes. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
 */
import { parseArn } from "../../shared/arn.js";
import { pipesError } from "./errors.js";

export interface SourceKind {
  readonly service: "sqs" | "dynamodb" | "kinesis";
  /** Member of SourceParameters. */
  readonly parameters: string;
  readonly defaultBatchSize: number;
  /** A stream is read from a position, which must be said. */
  readonly isStream: boolean;
}

const SOURCES: Readonly<Record<string, SourceKind>> = {
  sqs: { service: "sqs", parameters: "SqsQueueParameters", defaultBatchSize: 10, isStream: false },
  dynamodb: { service: "dynamodb", parameters: "DynamoDBStreamParameters", defaultBatchSize: 100, isStream: true },
  kinesis: { service: "kinesis", parameters: "KinesisStreamParameters", defaultBatchSize: 100, isStream: true },
};
/** AWS has these, too. */
const OTHER_SOURCES: ReadonlySet<string> = new Set(["kafka", "mq"]);

export interface PartKind {
  /** Most events that one call takes; 1 = no batches. */
  readonly maxBatchSize: number;
}

const ANY = Number.POSITIVE_INFINITY;
const TARGETS: Readonly<Record<string, PartKind>> = {
  lambda: { maxBatchSize: ANY },
  states: { maxBatchSize: ANY },
  sqs: { maxBatchSize: 10 },
  sns: { maxBatchSize: 10 },
  events: { maxBatchSize: 10 },
  logs: { maxBatchSize: 10_000 },
  kinesis: { maxBatchSize: 500 },
  "execute-api": { maxBatchSize: 1 },
};
const OTHER_TARGETS: ReadonlySet<string> = new Set([
  "api-destination",
  "batch",
  "ecs",
  "firehose",
  "inspector",
  "redshift",
  "redshift-serverless",
  "sagemaker",
  "timestream",
]);

const ENRICHMENTS: Readonly<Record<string, PartKind>> = {
  lambda: { maxBatchSize: ANY },
  states: { maxBatchSize: ANY },
  "execute-api": { maxBatchSize: 1 },
};
const OTHER_ENRICHMENTS: ReadonlySet<string> = new Set(["api-destination"]);

/** `api-destination` is a kind of its own, although it is EventBridge's. */
function kindOf(arn: string): string {
  const { service = "", resource = "" } = parseArn(arn) ?? {};
  return service === "events" && resource.startsWith("api-destination/") ? "api-destination" : service;
}

/** Throws ValidationException for a source that is none, or none here. */
export function sourceKind(arn: string): SourceKind {
  if (arn.startsWith("smk://")) throw notEmulated("Source", "self-managed Apache Kafka", arn);
  const kind = kindOf(arn);
  const known = Object.hasOwn(SOURCES, kind) ? SOURCES[kind] : undefined;
  if (known === undefined) throw refusal("Source", kind, arn, OTHER_SOURCES);
  if (kind === "dynamodb" && !arn.includes("/stream/"))
    throw pipesError.field("Source", "The source must be the ARN of a DynamoDB stream.");
  return known;
}

/** The same of a target. */
export const targetKind = (arn: string): PartKind => partOf("Target", arn, TARGETS, OTHER_TARGETS);

export const enrichmentKind = (arn: string): PartKind => partOf("Enrichment", arn, ENRICHMENTS, OTHER_ENRICHMENTS);

function partOf(
  member: string,
  arn: string,
  known: Readonly<Record<string, PartKind>>,
  others: ReadonlySet<string>,
): PartKind {
  const kind = kindOf(arn);
  const part = Object.hasOwn(known, kind) ? known[kind] : undefined;
  if (part === undefined) throw refusal(member, kind, arn, others);
  return part;
}

const refusal = (member: string, kind: string, arn: string, others: ReadonlySet<string>): Error =>
  others.has(kind)
    ? notEmulated(member, kind, arn)
    : pipesError.field(member, `The ${member} ARN ${arn} is not valid.`);

const notEmulated = (member: string, kind: string, arn: string): Error =>
  pipesError.field(member, `${member}s of the kind ${kind} are not emulated by lambda-run: ${arn}`);
