/**
 * Properties of the events of SAM functions, and of the raw resources that mean the same; those of rules and schedules are in
 * bus-schema.ts.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
 */
import * as z from "zod";
import { flag, integer, json, jsonObject, list, number, oneOf, oneOrMore, text } from "./property.js";

const MAX_WINDOW_SECONDS = 300;
const MAX_RECORD_AGE_SECONDS = 604_800;

const filterCriteria = z.object({ Filters: list(z.object({ Pattern: text().optional() })).optional() });
const destinationConfig = z.object({ OnFailure: z.object({ Destination: text().optional() }).optional() });

/** Pollers: SQS, DynamoDB and Kinesis events, and AWS::Lambda::EventSourceMapping. */
const mapping = {
  BatchSize: integer({ min: 1, max: 10_000 }).optional(),
  MaximumBatchingWindowInSeconds: integer({ min: 0, max: MAX_WINDOW_SECONDS }, "seconds").default(0),
  Enabled: flag().default(true),
  FunctionResponseTypes: list(oneOf(["ReportBatchItemFailures"])).default([]),
  FilterCriteria: filterCriteria.optional(),
  ScalingConfig: z.object({ MaximumConcurrency: integer({ min: 2, max: 1000 }).optional() }).optional(),
  StartingPosition: oneOf(["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]).optional(),
  /** Seconds since the epoch. */
  StartingPositionTimestamp: number().optional(),
  ParallelizationFactor: integer({ min: 1, max: 10 }).default(1),
  BisectBatchOnFunctionError: flag().default(false),
  MaximumRetryAttempts: integer({ min: -1, max: 10_000 }).default(-1),
  MaximumRecordAgeInSeconds: integer({ min: -1, max: MAX_RECORD_AGE_SECONDS }, "seconds").default(-1),
  TumblingWindowInSeconds: integer({ min: 0, max: 900 }, "seconds").default(0),
  DestinationConfig: destinationConfig.optional(),
};
export const sqsEvent = z.object({ ...mapping, Queue: text() });
export const streamEvent = z.object({
  ...mapping,
  Stream: text(),
  StartingPosition: oneOf(["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]),
});
export const eventSourceMapping = z.looseObject({
  ...mapping,
  FunctionName: text(),
  EventSourceArn: text().optional(),
});
export type MappingProperties = z.output<z.ZodObject<typeof mapping>>;

const filterRules = z.object({
  S3Key: z.object({ Rules: list(z.object({ Name: text(), Value: text() })).default([]) }).optional(),
});
export const s3Event = z.object({ Bucket: text(), Events: oneOrMore(), Filter: filterRules.optional() });

export const snsEvent = z.looseObject({
  Topic: text(),
  FilterPolicy: jsonObject().optional(),
  FilterPolicyScope: oneOf(["MessageAttributes", "MessageBody"]).default("MessageAttributes"),
  RedrivePolicy: z.object({ deadLetterTargetArn: text() }).optional(),
  SqsSubscription: z
    .union([flag(), z.looseObject({ QueueArn: text(), BatchSize: mapping.BatchSize, Enabled: flag().default(true) })])
    .default(false),
});

/** HTTP method names, `any` and `x-amazon-apigateway-any-method` included. */
const method = text().transform((name) => (/any/i.test(name) ? "ANY" : name.toUpperCase()));
export const restEvent = z.looseObject({
  Path: text(),
  Method: method,
  RestApiId: json().optional(),
  Auth: jsonObject().optional(),
  TimeoutInMillis: number().optional(),
  ResponseTransferMode: oneOf(["BUFFERED", "STREAM"]).default("BUFFERED"),
});
export const httpEvent = z.looseObject({
  Path: text().default("$default"),
  Method: method.default("ANY"),
  ApiId: json().optional(),
  Auth: jsonObject().optional(),
  PayloadFormatVersion: oneOf(["1.0", "2.0"]).default("2.0"),
  TimeoutInMillis: number().optional(),
});
