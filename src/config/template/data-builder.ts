/** Secrets, SSM parameters, log groups and alarms. */
import * as z from "zod";
import { identify } from "./build-context.js";
import type { Builder } from "./build-context.js";
import { flag, ignored, integer, json, jsonObject, list, number, oneOf, readProperties, text } from "./property.js";

const secretProperties = z.object({
  Name: text().optional(),
  Description: text().default(""),
  SecretString: text().optional(),
  GenerateSecretString: jsonObject().optional(),
  ...ignored("KmsKeyId", "ReplicaRegions", "Tags", "Type"),
});

export const buildSecret: Builder = (resource, context) => {
  const {
    Description: description,
    GenerateSecretString: generate,
    SecretString: secretString,
  } = readProperties(resource, secretProperties, context.scope);
  context.draft.secrets.push({ ...identify(resource, context), description, secretString, generate });
};

const parameterProperties = z.object({
  Name: text().optional(),
  Type: oneOf(["String", "StringList", "SecureString"]),
  Value: text(),
  Description: text().default(""),
  ...ignored("AllowedPattern", "DataType", "Policies", "Tags", "Tier"),
});

export const buildParameter: Builder = (resource, context) => {
  const {
    Description: description,
    Type: type,
    Value: value,
  } = readProperties(resource, parameterProperties, context.scope);
  const { logicalId } = resource;
  const { realm } = context.scope;
  const name = context.scope.nameOf(logicalId, context.scope.usageOf(resource));
  const arn = `arn:aws:ssm:${realm.region}:${realm.accountId}:parameter${name.startsWith("/") ? "" : "/"}${name}`;
  context.draft.parameters.push({ logicalId, name, arn, type, value, description });
};

const logGroupProperties = z.object({
  LogGroupName: text().optional(),
  RetentionInDays: integer({ min: 1, max: 3653 }, "days").optional(),
  ...ignored(
    "DataProtectionPolicy",
    "DeletionProtectionEnabled",
    "FieldIndexPolicies",
    "KmsKeyId",
    "LogGroupClass",
    "ResourcePolicyDocument",
    "Tags",
  ),
});

export const buildLogGroup: Builder = (resource, context) => {
  const { RetentionInDays: retentionDays } = readProperties(resource, logGroupProperties, context.scope);
  context.draft.logGroups.push({ ...identify(resource, context), retentionDays });
};

const alarmProperties = z.object({
  AlarmName: text().optional(),
  AlarmDescription: text().default(""),
  Namespace: text().optional(),
  MetricName: text().optional(),
  Dimensions: list(z.object({ Name: text(), Value: text() })).default([]),
  Statistic: oneOf(["SampleCount", "Average", "Sum", "Minimum", "Maximum"]).optional(),
  ExtendedStatistic: text().optional(),
  Unit: text().optional(),
  Period: number().default(60),
  EvaluationPeriods: integer({ min: 1, max: 86_400 }).default(1),
  DatapointsToAlarm: integer({ min: 1, max: 86_400 }).optional(),
  Threshold: number().optional(),
  ComparisonOperator: oneOf([
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
  ]).default("GreaterThanThreshold"),
  TreatMissingData: oneOf(["breaching", "notBreaching", "ignore", "missing"]).default("missing"),
  ActionsEnabled: flag().default(true),
  AlarmActions: list(text()).default([]),
  OKActions: list(text()).default([]),
  InsufficientDataActions: list(text()).default([]),
  Metrics: list(json()).optional(),
  ...ignored("EvaluateLowSampleCountPercentile", "Tags", "ThresholdMetricId"),
});

export const buildAlarm: Builder = (resource, context) => {
  const properties = readProperties(resource, alarmProperties, context.scope);
  context.draft.alarms.push({
    ...identify(resource, context),
    description: properties.AlarmDescription,
    namespace: properties.Namespace,
    metricName: properties.MetricName,
    dimensions: Object.fromEntries(properties.Dimensions.map(({ Name, Value }) => [Name, Value])),
    statistic: properties.Statistic,
    extendedStatistic: properties.ExtendedStatistic,
    unit: properties.Unit,
    periodSeconds: properties.Period,
    evaluationPeriods: properties.EvaluationPeriods,
    datapointsToAlarm: properties.DatapointsToAlarm ?? properties.EvaluationPeriods,
    threshold: properties.Threshold,
    comparisonOperator: properties.ComparisonOperator,
    treatMissingData: properties.TreatMissingData,
    actionsEnabled: properties.ActionsEnabled,
    alarmActions: properties.AlarmActions,
    okActions: properties.OKActions,
    insufficientDataActions: properties.InsufficientDataActions,
    metrics: properties.Metrics,
  });
};
