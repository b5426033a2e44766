/**
 * SDK clients, each made when it is first asked for: importing this connects to nothing and looks nothing up.
 * All have the same retries and limits of silence.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

const common = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 20_000, throwOnRequestTimeout: true },
} as const;

let lambda: LambdaClient | undefined;
let s3: S3Client | undefined;
let tables: DynamoDBDocumentClient | undefined;

/** A synchronous call is silent as long as the function runs: its limit is the budget of the caller. */
export const lambdaClient = (): LambdaClient =>
  (lambda ??= new LambdaClient({ maxAttempts: 2, requestHandler: { connectionTimeout: 2000 } }));

export const s3Client = (): S3Client =>
  (s3 ??= new S3Client({
    ...common,
    // S3 look-alikes seldom have a host name per bucket.
    forcePathStyle: (process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"]) !== undefined,
    // A presigned PUT would carry the checksum of an empty body.
    requestChecksumCalculation: "WHEN_REQUIRED",
  }));

export const tableClient = (): DynamoDBDocumentClient =>
  (tables ??= DynamoDBDocumentClient.from(new DynamoDBClient(common), {
    marshallOptions: { removeUndefinedValues: true },
  }));
