/** Errors of Kinesis in AWS's words, as the API reference and clients of the real service have recorded them. */
import { AwsError } from "../kit/aws-error.js";

export const invalidArgument = (message: string): AwsError => new AwsError("InvalidArgumentException", message);

export const validation = (message: string): AwsError => new AwsError("ValidationException", message);

export const resourceInUse = (message: string): AwsError => new AwsError("ResourceInUseException", message);

export const limitExceeded = (message: string): AwsError => new AwsError("LimitExceededException", message);

const notFound = (message: string): AwsError => new AwsError("ResourceNotFoundException", message);

export const streamNotFound = (name: string, accountId: string): AwsError =>
  notFound(`Stream ${name} under account ${accountId} not found.`);

/** Of calls that change shards. */
export const noSuchShard = (shardId: string, stream: string, accountId: string): AwsError =>
  notFound(`Could not find shard ${shardId} in stream ${stream} under account ${accountId}.`);

/** Of calls that read. */
export const shardGone = (shardId: string, stream: string, accountId: string): AwsError =>
  notFound(`Shard ${shardId} in stream ${stream} under account ${accountId} does not exist`);

export const consumerNotFound = (named: string, accountId: string): AwsError =>
  notFound(`Consumer ${named} under account ${accountId} not found.`);

export const rateExceeded = (shardId: string, stream: string, accountId: string): AwsError =>
  new AwsError(
    "ProvisionedThroughputExceededException",
    `Rate exceeded for shard ${shardId} in stream ${stream} under account ${accountId}.`,
  );

export const invalidIterator = (): AwsError => invalidArgument("Invalid ShardIterator.");

export const expiredIterator = (madeMs: number, nowMs: number, lifeMs: number): AwsError =>
  new AwsError(
    "ExpiredIteratorException",
    `Iterator expired. The iterator was created at time ${javaDate(madeMs)} while right now it is ${javaDate(nowMs)} which is further in the future than the tolerated delay of ${lifeMs} milliseconds.`,
  );

export const expiredToken = (): AwsError =>
  new AwsError("ExpiredNextTokenException", "NextToken has expired. Retry with a new request without NextToken.");

export const onDemand = (name: string, accountId: string): AwsError =>
  validation(`Request is invalid. Stream ${name} under account ${accountId} is in On-Demand mode.`);

/** `Thu Jan 22 01:22:02 UTC 2026` */
function javaDate(ms: number): string {
  const [day = "", date = "", month = "", year = "", time = ""] = new Date(ms)
    .toUTCString()
    .replace(",", "")
    .split(" ");
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}
