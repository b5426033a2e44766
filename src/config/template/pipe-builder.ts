/**
 * Pipes of EventBridge. What is said of a source, enrichment or target goes to CreatePipe as it stands, numbers as numbers.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-pipes-pipe.html
 */
import * as z from "zod";
import type { JsonObject } from "../json.js";
import { identify } from "./build-context.js";
import type { Builder } from "./build-context.js";
import { integer, list, number, oneOf, readProperties, tags, text, textMap } from "./property.js";

/** CloudFormation takes a date, or seconds since the epoch; CreatePipe gets seconds. */
const moment = () =>
  z.preprocess(
    (value) => (typeof value === "string" && Number.isNaN(Number(value)) ? Date.parse(value) / 1000 : value),
    number(),
  );

const batch = {
  BatchSize: integer({ min: 1, max: 10_000 }).optional(),
  MaximumBatchingWindowInSeconds: integer({ min: 0, max: 300 }, "seconds").optional(),
};
const stream = z.looseObject({
  ...batch,
  DeadLetterConfig: z.looseObject({ Arn: text().optional() }).optional(),
  MaximumRecordAgeInSeconds: integer({ min: -1, max: 604_800 }, "seconds").optional(),
  MaximumRetryAttempts: integer({ min: -1, max: 10_000 }).optional(),
  ParallelizationFactor: integer({ min: 1, max: 10 }).optional(),
  StartingPosition: text(),
  StartingPositionTimestamp: moment().optional(),
});
const sourceParameters = z.looseObject({
  SqsQueueParameters: z.looseObject(batch).optional(),
  DynamoDBStreamParameters: stream.optional(),
  KinesisStreamParameters: stream.optional(),
  FilterCriteria: z.looseObject({ Filters: list(z.looseObject({ Pattern: text().optional() })).optional() }).optional(),
});
const http = z
  .looseObject({
    HeaderParameters: textMap().optional(),
    PathParameterValues: list(text()).optional(),
    QueryStringParameters: textMap().optional(),
  })
  .optional();
const destination = z.looseObject({ InputTemplate: text().optional(), HttpParameters: http });

const pipeProperties = z.object({
  Name: text().optional(),
  Description: text().optional(),
  DesiredState: oneOf(["RUNNING", "STOPPED"]).optional(),
  Source: text(),
  SourceParameters: sourceParameters.optional(),
  Enrichment: text().optional(),
  EnrichmentParameters: destination.optional(),
  Target: text(),
  TargetParameters: destination.optional(),
  RoleArn: text(),
  KmsKeyIdentifier: text().optional(),
  LogConfiguration: z.looseObject({ Level: text().optional() }).optional(),
  Tags: tags().optional(),
});

export const buildPipe: Builder = (resource, context) => {
  const { Name: _name, ...given } = readProperties(resource, pipeProperties, context.scope);
  const properties = JSON.parse(JSON.stringify(given)) as JsonObject;
  context.draft.pipes.push({ ...identify(resource, context), properties });
};
