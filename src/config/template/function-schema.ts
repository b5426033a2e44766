/**
 * Properties of AWS::Serverless::Function and AWS::Lambda::Function, with Lambda's bounds.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
 */
import * as z from "zod";
import { LAMBDA } from "../../shared/aws-limits.js";
import { nearest } from "../nearest.js";
import { ignored, integer, json, jsonObject, list, oneOf, oneOrMore, tags, text, textMap } from "./property.js";

/** Families, not versions: a runtime that is newer than this text still runs when the machine has it. */
const RUNTIME =
  /^(nodejs\d+\.x|python3\.\d+|java\d+(\.al\d+)?|dotnet(core)?\d+(\.\d+)?|ruby\d+\.\d+|go1\.x|provided(\.al2(023)?)?)$/;
const CURRENT_RUNTIMES = (
  "nodejs20.x nodejs22.x nodejs24.x python3.10 python3.11 python3.12 python3.13 python3.14 " +
  "java17 java21 java25 dotnet8 dotnet10 ruby3.3 ruby3.4 provided.al2 provided.al2023"
).split(" ");

const runtime = text().refine((value) => RUNTIME.test(value), {
  error: (issue) => {
    const close = typeof issue.input === "string" ? nearest(issue.input, CURRENT_RUNTIMES) : undefined;
    return `it is not a runtime of Lambda${close === undefined ? "" : `. Did you mean "${close}"?`}`;
  },
});

const applicationLevels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
const systemLevels = ["DEBUG", "INFO", "WARN"] as const;

const deliveryTarget = z.object({ Type: text().optional(), Destination: text().optional() });

/** EventInvokeConfig of SAM. */
const eventInvokeConfig = z.strictObject({
  MaximumEventAgeInSeconds: integer({ min: 60, max: 21_600 }, "seconds").optional(),
  MaximumRetryAttempts: integer({ min: 0, max: 2 }).optional(),
  DestinationConfig: z
    .strictObject({ OnSuccess: deliveryTarget.optional(), OnFailure: deliveryTarget.optional() })
    .optional(),
});

/** They make another kind of function, which runs here as any other; it is said. */
export const FOREIGN_KINDS = ["TenancyConfig", "CapacityProviderConfig"] as const;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-durableconfig.html */
const durableConfig = z.strictObject({
  ExecutionTimeout: integer({ min: 1, max: LAMBDA.durableSeconds }, "seconds"),
  RetentionPeriodInDays: integer(LAMBDA.durableRetentionDays, "days").default(LAMBDA.durableRetentionDays.default),
  KMSKeyArn: text().optional(),
});

/** What both resource types share. */

const shared = {
  FunctionName: text()
    .refine((name) => name.startsWith("arn:") || name.length <= LAMBDA.functionNameLength, {
      error: `Member must have length less than or equal to ${LAMBDA.functionNameLength}`,
    })
    .refine((name) => /^[\w:-]+$/.test(name), {
      error: "a function name takes letters, digits, hyphens and underscores",
    })
    .optional(),
  Description: text().optional(),
  Handler: text().optional(),
  Runtime: runtime.optional(),
  MemorySize: integer(LAMBDA.memoryMb, "MB").default(LAMBDA.memoryMb.default),
  Timeout: integer(LAMBDA.timeoutSeconds, "seconds").default(LAMBDA.timeoutSeconds.default),
  EphemeralStorage: z.strictObject({ Size: integer(LAMBDA.ephemeralStorageMb, "MB") }).optional(),
  Environment: z.strictObject({ Variables: textMap().optional() }).optional(),
  Layers: list(text())
    .max(LAMBDA.layers, { error: `Cannot reference more than ${LAMBDA.layers} layers.` })
    .default([]),
  Architectures: list(oneOf(["x86_64", "arm64"]))
    .length(1, { error: "AWS takes exactly one architecture" })
    .optional(),
  ReservedConcurrentExecutions: integer({ min: 0, max: LAMBDA.accountConcurrency }).optional(),
  PackageType: oneOf(["Zip", "Image"]).default("Zip"),
  ImageConfig: z
    .strictObject({
      Command: oneOrMore().optional(),
      EntryPoint: oneOrMore().optional(),
      WorkingDirectory: text().optional(),
    })
    .optional(),
  LoggingConfig: z
    .strictObject({
      LogFormat: oneOf(["Text", "JSON"]).default("Text"),
      ApplicationLogLevel: oneOf(applicationLevels).default("INFO"),
      SystemLogLevel: oneOf(systemLevels).default("INFO"),
      LogGroup: text().optional(),
    })
    .optional(),
  Role: text().optional(),
  DurableConfig: durableConfig.optional(),
  Tags: tags().optional(),
  ...ignored(
    "VpcConfig",
    "KmsKeyArn",
    "FileSystemConfigs",
    "SnapStart",
    "RuntimeManagementConfig",
    "CodeSigningConfigArn",
  ),
  /** CloudFormation writes `Allow`, SAM `ALLOW`. */
  RecursiveLoop: text().optional(),
  ...ignored(...FOREIGN_KINDS, "FunctionScalingConfig", "PublishToLatestPublished", "SourceKMSKeyArn"),
};

export const samFunction = z.object({
  ...shared,
  CodeUri: json().optional(),
  InlineCode: text().optional(),
  ImageUri: text().optional(),
  Tracing: oneOf(["Active", "PassThrough", "Disabled"]).optional(),
  AutoPublishAlias: text().optional(),
  DeadLetterQueue: z.strictObject({ Type: oneOf(["SQS", "SNS"]).optional(), TargetArn: text() }).optional(),
  EventInvokeConfig: eventInvokeConfig.optional(),
  FunctionUrlConfig: z
    .strictObject({
      AuthType: oneOf(["NONE", "AWS_IAM"]),
      InvokeMode: oneOf(["BUFFERED", "RESPONSE_STREAM"]).default("BUFFERED"),
      Cors: jsonObject().optional(),
    })
    .optional(),
  Events: jsonObject().optional(),
  ...ignored(
    "Policies",
    "AssumeRolePolicyDocument",
    "PermissionsBoundary",
    "RolePath",
    "CodeSha256",
    "VersionDescription",
    "VersionDeletionPolicy",
  ),
  ...ignored(
    "AutoPublishCodeSha256",
    "AutoPublishAliasAllProperties",
    "ProvisionedConcurrencyConfig",
    "DeploymentPreference",
    "PropagateTags",
  ),
});

export const lambdaFunction = z.object({
  ...shared,
  Code: json(),
  TracingConfig: z.strictObject({ Mode: oneOf(["Active", "PassThrough"]).optional() }).optional(),
  DeadLetterConfig: z.strictObject({ TargetArn: text().optional() }).optional(),
});

/** AWS::Lambda::EventInvokeConfig. */
export const eventInvokeResource = z.object({
  ...eventInvokeConfig.shape,
  FunctionName: text(),
  Qualifier: text().optional(),
});

export const layerVersion = z.object({
  LayerName: text().optional(),
  ContentUri: json().optional(),
  Content: json().optional(),
  CompatibleRuntimes: list(text()).default([]),
  ...ignored("Description", "LicenseInfo", "RetentionPolicy", "CompatibleArchitectures", "PublishLambdaVersion"),
});

export const functionUrl = z.object({
  TargetFunctionArn: text(),
  AuthType: oneOf(["NONE", "AWS_IAM"]),
  InvokeMode: oneOf(["BUFFERED", "RESPONSE_STREAM"]).default("BUFFERED"),
  Cors: jsonObject().optional(),
  Qualifier: text().optional(),
});
