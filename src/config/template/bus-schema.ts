/**
 * Properties of event buses, rules, schedules and their groups, and of the events of SAM that become rules and schedules.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html
 */
import * as z from "zod";
import { flag, ignored, integer, jsonObject, list, oneOf, tags, text, textMap } from "./property.js";

const retryPolicy = z.object({
  MaximumRetryAttempts: integer({ min: 0, max: 185 }).optional(),
  MaximumEventAgeInSeconds: integer({ min: 60, max: 86_400 }, "seconds").optional(),
});

/** Members of a target that have the same form in a rule of CloudFormation and in an event of SAM. */
const targetShape = {
  Input: text().optional(),
  InputPath: text().optional(),
  InputTransformer: z.object({ InputPathsMap: textMap().optional(), InputTemplate: text() }).optional(),
  RetryPolicy: retryPolicy.optional(),
};

/** What is not named here goes to PutTargets as it stands, which refuses what it does not know. */
const ruleTarget = z.looseObject({
  ...targetShape,
  Id: text(),
  Arn: text(),
  DeadLetterConfig: z.object({ Arn: text().optional() }).optional(),
});
const ruleState = oneOf(["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]).optional();
export const ruleProperties = z.object({
  Name: text().optional(),
  Description: text().optional(),
  EventBusName: text().optional(),
  EventPattern: jsonObject().optional(),
  ScheduleExpression: text().optional(),
  State: ruleState,
  RoleArn: text().optional(),
  Tags: tags().default({}),
  Targets: list(ruleTarget).default([]),
});

export const busProperties = z.object({
  Name: text().optional(),
  Description: text().optional(),
  DeadLetterConfig: z.object({ Arn: text().optional() }).optional(),
  Tags: tags().default({}),
  ...ignored("EventSourceName", "KmsKeyIdentifier", "LogConfig", "Policy"),
});

/** `Type: SQS` without an ARN has SAM make a queue. */
const samDeadLetters = z.object({
  Arn: text().optional(),
  Type: oneOf(["SQS"]).optional(),
  QueueLogicalId: text().optional(),
});
const samTarget = {
  ...targetShape,
  DeadLetterConfig: samDeadLetters.optional(),
  Target: z.object({ Id: text() }).optional(),
  RoleArn: text().optional(),
};
export type SamTarget = z.output<z.ZodObject<typeof samTarget>>;

export const ruleScheduleProperties = z.looseObject({
  ...samTarget,
  Schedule: text(),
  Name: text().optional(),
  Description: text().optional(),
  Enabled: flag().optional(),
  State: ruleState,
});
export const patternProperties = z.looseObject({
  ...samTarget,
  Pattern: jsonObject(),
  EventBusName: text().optional(),
  RuleName: text().optional(),
  State: ruleState,
});

const flexibleWindow = z.object({
  Mode: oneOf(["OFF", "FLEXIBLE"]),
  MaximumWindowInMinutes: integer({ min: 1, max: 1440 }, "minutes").optional(),
});
const scheduleShape = {
  ScheduleExpression: text(),
  ScheduleExpressionTimezone: text().default("UTC"),
  StartDate: text().optional(),
  EndDate: text().optional(),
  Description: text().optional(),
  KmsKeyArn: text().optional(),
  GroupName: text().default("default"),
  Name: text().optional(),
  State: oneOf(["ENABLED", "DISABLED"]).default("ENABLED"),
  ActionAfterCompletion: oneOf(["NONE", "DELETE"]).default("NONE"),
};
export const scheduleV2Properties = z.looseObject({
  ...samTarget,
  ...scheduleShape,
  FlexibleTimeWindow: flexibleWindow.default({ Mode: "OFF" }),
  OmitName: flag().optional(),
});
export const scheduleProperties = z.object({
  ...scheduleShape,
  FlexibleTimeWindow: flexibleWindow,
  /** Goes to CreateSchedule as it stands. */
  Target: z.looseObject({ Arn: text(), RoleArn: text(), RetryPolicy: retryPolicy.optional() }),
});
export type ScheduleShape = z.output<z.ZodObject<typeof scheduleShape>> & {
  readonly FlexibleTimeWindow: z.output<typeof flexibleWindow>;
};

export const groupProperties = z.object({ Name: text().optional(), Tags: tags().default({}) });
