/**
 * What the members of a function's settings have to do with one another: the API model cannot say it. Texts as users
 * quote them from AWS; those that nobody quotes stand in the card as unverified.
 */
import type { FunctionConfig } from "../../config/function-config.js";
import { parseArn } from "../../shared/arn.js";
import { isJsonObject, listMember, objectMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidParameter } from "./errors.js";
import { LATEST } from "./directory.js";
import { isSaid } from "./kept-as-sent.js";
import { FORMER_RUNTIMES, RUNTIMES } from "./model/runtimes.js";

/** SnapStart developer guide, "Supported features and limitations". */
const SNAPSTART = /^(?:java(?:11|17|21|25)(?:\.al2023)?|python3\.1[2-9]|dotnet(?:8|10))$/;
/** They make another kind of function, and nothing here knows that kind. */
const REFUSED = ["AcceleratorConfig", "CapacityProviderConfig", "PublishTo", "RuntimeConfig", "TenancyConfig"] as const;
const IN_S3 = ["S3Bucket", "S3Key", "S3ObjectVersion"] as const;
const IMAGE_LACKS = ["Handler", "Runtime", "Layers"] as const;

/** Of every operation that takes settings or code. */
export function checkKind(input: JsonObject): void {
  const refused = REFUSED.find((member) => input[member] !== undefined && input[member] !== null);
  if (refused !== undefined) throw invalidParameter(`${refused} is not emulated by lambda-run.`);
}

/** Of a function's code: it comes from one place. */
export function checkCodeSource(code: JsonObject): void {
  if (isSaid(code["ZipFile"]) && IN_S3.some((member) => isSaid(code[member])))
    throw invalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.");
}

export function checkRuntime(runtime: string | undefined): void {
  if (runtime === undefined || RUNTIMES.includes(runtime)) return;
  if (FORMER_RUNTIMES.includes(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  throw invalidParameter(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${RUNTIMES.join(", ")}] or be a valid ARN`,
  );
}

/** Versions and aliases cannot be changed: only `$LATEST` can, or no qualifier at all. */
export function checkIsLatest(qualifier: string | undefined): void {
  if (qualifier === undefined || qualifier === LATEST) return;
  throw invalidParameter(
    "Current operation does not support versions other than $LATEST. Please set the version to $LATEST or do not set a version in your request.",
  );
}

/** `asSent` is what the function has of the members that are kept as they came, the request's among them. */
export function checkSettings(
  input: JsonObject,
  {
    isImage,
    config,
    asSent,
  }: {
    readonly isImage: boolean;
    readonly config: Pick<FunctionConfig, "runtime" | "logging">;
    readonly asSent: JsonObject;
  },
): void {
  // Quoted in pulumi/pulumi-aws#5439.
  if (isImage && IMAGE_LACKS.some((member) => isSaid(input[member])))
    throw invalidParameter(
      "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
    );
  // Quoted in localstack/localstack#12458. Images may have it since July 2026 (serverless/serverless#13834).
  const snapStart = stringMember(objectMember(asSent, "SnapStart") ?? {}, "ApplyOn");
  if (snapStart === "PublishedVersions" && !isImage && !SNAPSTART.test(config.runtime))
    throw invalidParameter(`${config.runtime} is not supported for SnapStart enabled functions.`);
  checkLogLevels(objectMember(input, "LoggingConfig") ?? {}, config);
  checkFileSystem(asSent);
  checkDeadLetter(stringMember(objectMember(input, "DeadLetterConfig") ?? {}, "TargetArn"));
}

/** Quoted in aws/aws-cdk#28045. */
function checkLogLevels(sent: JsonObject, { logging }: Pick<FunctionConfig, "logging">): void {
  if (logging.format === "JSON") return;
  if (isSaid(sent["ApplicationLogLevel"]) || isSaid(sent["SystemLogLevel"]))
    throw invalidParameter(
      'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "Json" and try again.',
    );
}

/** Quoted in aws-cloudformation/cfn-lint#4408. */
function checkFileSystem(asSent: JsonObject): void {
  const [system] = listMember(asSent, "FileSystemConfigs") ?? [];
  if (!isJsonObject(system) || hasNetwork(asSent)) return;
  throw invalidParameter(
    `Function must be configured to execute in a VPC to reference access point ${stringMember(system, "Arn")}.`,
  );
}

export const hasNetwork = (asSent: JsonObject): boolean =>
  (listMember(objectMember(asSent, "VpcConfig") ?? {}, "SubnetIds") ?? []).length > 0;

function checkDeadLetter(targetArn: string | undefined): void {
  if (targetArn === undefined || targetArn === "") return;
  const { service } = parseArn(targetArn) ?? {};
  if (service !== "sqs" && service !== "sns")
    throw invalidParameter(`The dead-letter target ${targetArn} is neither an SQS queue nor an SNS topic.`);
}
