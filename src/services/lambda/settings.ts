/**
 * The settings of a function as CreateFunction and UpdateFunctionConfiguration take them: read, checked against the
 * bounds of the API model, and laid over what the function has. Lambda API reference, "CreateFunction".
 */
import { environmentFault } from "../../config/environment.js";
import type { AsyncInvokeConfig, FunctionConfig, LoggingConfig } from "../../config/function-config.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import {
  isJsonObject,
  numberMember,
  objectMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidParameter } from "./errors.js";
import { LATEST } from "./directory.js";

export const RUNTIMES: readonly string[] = (
  "nodejs18.x nodejs20.x nodejs22.x nodejs24.x nodejs26.x " +
  "python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 python3.15 " +
  "java8.al2 java8.al2023 java11 java11.al2023 java17 java17.al2023 java21 java25 " +
  "dotnet8 dotnet10 ruby3.2 ruby3.3 ruby3.4 ruby4.0 provided.al2 provided.al2023"
).split(" ");
/** Good for layers still, which may say that they are made for them. */
export const FORMER_RUNTIMES: readonly string[] = (
  "nodejs nodejs4.3 nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x nodejs16.x " +
  "java8 python2.7 python3.6 python3.7 python3.8 dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 dotnet6 " +
  "ruby2.5 ruby2.7 go1.x provided"
).split(" ");
const DEPRECATED =
  /^(nodejs(\d|1[0-6])?(\.\d+)?(\.x)?|nodejs4\.3-edge|python2\.7|python3\.[678]|java8|go1\.x|ruby2\.\d|dotnet[567]|dotnetcore\d\.\d|provided)$/;
const ROLE = /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/;
const HANDLER = /^[^\s]*$/;
const RESOURCE_ARN = /^(?:arn:(?:aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)?$/;
const SHOWN_RESOURCE_ARN = "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
const LOG_LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
const SYSTEM_LEVELS = ["DEBUG", "INFO", "WARN"] as const;
const LOG_GROUP = /^[.\-_/#A-Za-z0-9]+$/;
/** Members that change nothing here and are given back as they came. */
const KEPT_AS_SENT = [
  "VpcConfig",
  "KMSKeyArn",
  "FileSystemConfigs",
  "ImageConfig",
  "SnapStart",
  "CodeSigningConfigArn",
] as const;

/** Everything of a function but its code and layers. */
export type Settings = Omit<
  FunctionConfig,
  "code" | "layers" | "logicalId" | "name" | "arn" | "version" | "publishedAlias" | "reservedConcurrency"
>;

/** What `input` says, over `current` (or AWS's defaults). Throws AWS's refusals. */
export function readSettings(input: JsonObject, name: string, current: Settings | undefined): Settings {
  checkBounds(input);
  const environment = environmentOf(input) ?? current?.environment ?? {};
  const fault = environmentFault(environment);
  if (fault !== undefined) throw invalidParameter(fault.message);
  const deadLetter = objectMember(input, "DeadLetterConfig");
  const asyncInvoke =
    deadLetter === undefined
      ? current?.asyncInvoke
      : withDeadLetter(current?.asyncInvoke, stringMember(deadLetter, "TargetArn"));
  const tracing = stringMember(objectMember(input, "TracingConfig") ?? {}, "Mode") ?? current?.tracing;
  const storage = objectMember(input, "EphemeralStorage");
  const [architecture = current?.architecture ?? "x86_64"] = stringListMember(input, "Architectures") ?? [];
  return {
    runtime: stringMember(input, "Runtime") ?? current?.runtime ?? "",
    handler: stringMember(input, "Handler") ?? current?.handler ?? "",
    architecture: architecture === "arm64" ? "arm64" : "x86_64",
    memoryMb: numberMember(input, "MemorySize") ?? current?.memoryMb ?? LAMBDA.memoryMb.default,
    timeoutSeconds: numberMember(input, "Timeout") ?? current?.timeoutSeconds ?? LAMBDA.timeoutSeconds.default,
    ephemeralStorageMb:
      numberMember(storage ?? {}, "Size") ?? current?.ephemeralStorageMb ?? LAMBDA.ephemeralStorageMb.default,
    environment,
    logging: loggingOf(objectMember(input, "LoggingConfig"), current?.logging ?? defaultLogging(name)),
    description: stringMember(input, "Description") ?? current?.description ?? "",
    role: stringMember(input, "Role") ?? current?.role ?? "",
    ...(asyncInvoke === undefined ? {} : { asyncInvoke }),
    ...(tracing === "Active" || tracing === "PassThrough" ? { tracing } : {}),
    ...(current?.tags === undefined ? {} : { tags: current.tags }),
  };
}

/** The members that are kept although nothing here obeys them. */
export function keptAsSent(input: JsonObject, current: JsonObject): JsonObject {
  const kept: JsonObject = { ...current };
  for (const member of KEPT_AS_SENT) if (input[member] !== undefined) kept[member] = input[member];
  return kept;
}

/** `UpdateFunctionConfiguration` and aliases name a revision that must be the latest. */
export function newConfig(
  name: string,
  arn: string,
  settings: Settings,
  code: Pick<FunctionConfig, "code" | "layers">,
): FunctionConfig {
  return { ...settings, ...code, logicalId: name, name, arn, version: LATEST, reservedConcurrency: undefined };
}

/** They make another kind of function, and nothing here knows that kind. */
const REFUSED = ["CapacityProviderConfig", "DurableConfig", "PublishTo", "TenancyConfig"] as const;

function checkBounds(input: JsonObject): void {
  const refused = REFUSED.find((member) => input[member] !== undefined);
  if (refused !== undefined) throw invalidParameter(`${refused} is not emulated by lambda-run.`);
  const faults = new Violations();
  const runtime = stringMember(input, "Runtime");
  faults.range(numberMember(input, "Timeout"), "timeout", LAMBDA.timeoutSeconds.min, LAMBDA.timeoutSeconds.max);
  faults.range(numberMember(input, "MemorySize"), "memorySize", LAMBDA.memoryMb.min, LAMBDA.memoryMb.max);
  const storage = objectMember(input, "EphemeralStorage");
  if (storage !== undefined)
    faults.range(
      numberMember(storage, "Size"),
      "ephemeralStorage.size",
      LAMBDA.ephemeralStorageMb.min,
      LAMBDA.ephemeralStorageMb.max,
    );
  faults.length(stringMember(input, "Description"), "description", 0, 256);
  faults.length(stringMember(input, "Handler"), "handler", 0, 128);
  faults.pattern(stringMember(input, "Handler"), "handler", HANDLER, "[^\\s]+");
  faults.pattern(
    stringMember(input, "Role"),
    "role",
    ROLE,
    "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
  );
  faults.oneOf(stringMember(input, "PackageType"), "packageType", ["Image", "Zip"]);
  faults.oneOf(stringMember(objectMember(input, "SnapStart") ?? {}, "ApplyOn"), "snapStart.applyOn", [
    "PublishedVersions",
    "None",
  ]);
  faults.oneOf(stringMember(objectMember(input, "TracingConfig") ?? {}, "Mode"), "tracingConfig.mode", [
    "Active",
    "PassThrough",
  ]);
  checkArchitectures(input, faults);
  checkNetwork(input, faults);
  faults.pattern(stringMember(input, "KMSKeyArn"), "kMSKeyArn", RESOURCE_ARN, SHOWN_RESOURCE_ARN);
  const deadLetter = stringMember(objectMember(input, "DeadLetterConfig") ?? {}, "TargetArn");
  faults.pattern(deadLetter, "deadLetterConfig.targetArn", RESOURCE_ARN, SHOWN_RESOURCE_ARN);
  const logging = objectMember(input, "LoggingConfig") ?? {};
  faults.oneOf(stringMember(logging, "LogFormat"), "loggingConfig.logFormat", ["JSON", "Text"]);
  faults.oneOf(stringMember(logging, "ApplicationLogLevel"), "loggingConfig.applicationLogLevel", LOG_LEVELS);
  faults.oneOf(stringMember(logging, "SystemLogLevel"), "loggingConfig.systemLogLevel", SYSTEM_LEVELS);
  faults.pattern(stringMember(logging, "LogGroup"), "loggingConfig.logGroup", LOG_GROUP, "[\\.\\-_/#A-Za-z0-9]+");
  faults.check();
  if (runtime === undefined || RUNTIMES.includes(runtime)) return;
  if (DEPRECATED.test(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  throw invalidParameter(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${RUNTIMES.join(", ")}] or be a valid ARN`,
  );
}

/** Of UpdateFunctionCode too. */
export function checkArchitectures(input: JsonObject, faults: Violations): void {
  const architectures = stringListMember(input, "Architectures");
  if (architectures === undefined) return;
  faults.length(architectures, "architectures", 1, 1);
  faults.eachOf(architectures, "architectures", ["x86_64", "arm64"]);
}

/** Subnets and groups are kept; their form is checked, that they exist is not: there is no EC2. */
function checkNetwork(input: JsonObject, faults: Violations): void {
  const vpc = objectMember(input, "VpcConfig") ?? {};
  for (const [member, at, form] of [
    ["SubnetIds", "subnetIds", "subnet-[0-9a-z]*"],
    ["SecurityGroupIds", "securityGroupIds", "sg-[0-9a-zA-Z]*"],
  ] as const) {
    const ids = stringListMember(vpc, member) ?? [];
    if (ids.some((id) => !new RegExp(`^${form}$`).test(id)))
      faults.add(
        ids,
        `vpcConfig.${at}`,
        `Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: ${form}]`,
      );
  }
}

function environmentOf(input: JsonObject): Readonly<Record<string, string>> | undefined {
  const variables = objectMember(objectMember(input, "Environment") ?? {}, "Variables");
  if (variables === undefined) return isJsonObject(input["Environment"]) ? {} : undefined;
  return Object.fromEntries(Object.keys(variables).map((key) => [key, stringMember(variables, key) ?? ""]));
}

function withDeadLetter(current: AsyncInvokeConfig | undefined, targetArn: string | undefined): AsyncInvokeConfig {
  const defaults = {
    maximumRetryAttempts: 2,
    maximumEventAgeSeconds: 21_600,
    onSuccessArn: undefined,
    onFailureArn: undefined,
  };
  return { ...defaults, ...current, deadLetterTargetArn: targetArn === "" ? undefined : targetArn };
}

const defaultLogging = (name: string): LoggingConfig => ({
  format: "Text",
  applicationLogLevel: "INFO",
  systemLogLevel: "INFO",
  logGroup: `/aws/lambda/${name}`,
});

function loggingOf(input: JsonObject | undefined, current: LoggingConfig): LoggingConfig {
  if (input === undefined) return current;
  const format = stringMember(input, "LogFormat") === "JSON" ? "JSON" : "Text";
  return {
    format,
    applicationLogLevel: oneOf(LOG_LEVELS, stringMember(input, "ApplicationLogLevel")) ?? "INFO",
    systemLogLevel: oneOf(SYSTEM_LEVELS, stringMember(input, "SystemLogLevel")) ?? "INFO",
    logGroup: stringMember(input, "LogGroup") ?? current.logGroup,
  };
}

function oneOf<T extends string>(allowed: readonly T[], value: string | undefined): T | undefined {
  return allowed.find((candidate) => candidate === value);
}
