/**
 * The settings of a function as CreateFunction and UpdateFunctionConfiguration take them, once they fit the API model:
 * read, and laid over what the function has. Lambda API reference, "CreateFunction".
 */
import { environmentFault } from "../../config/environment.js";
import type { FunctionConfig, LoggingConfig } from "../../config/function-config.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { isJsonObject, numberMember, objectMember, stringListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidParameter } from "./errors.js";
import { LATEST } from "./directory.js";
import { checkKind, checkRuntime } from "./rules.js";

const LOG_LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
const SYSTEM_LEVELS = ["DEBUG", "INFO", "WARN"] as const;
export const KEPT_OF_FUNCTIONS = ["VpcConfig", "KMSKeyArn", "FileSystemConfigs", "ImageConfig", "SnapStart"] as const;

/** Everything of a function but its code and layers. */
export type Settings = Omit<
  FunctionConfig,
  "code" | "layers" | "logicalId" | "name" | "arn" | "version" | "published" | "eventInvoke" | "reservedConcurrency"
>;

/** What `input` says, over `current` (or AWS's defaults). Throws AWS's refusals. */
export function readSettings(input: JsonObject, name: string, current: Settings | undefined): Settings {
  checkKind(input);
  checkRuntime(stringMember(input, "Runtime"));
  const environment = environmentOf(input) ?? current?.environment ?? {};
  const fault = environmentFault(environment);
  if (fault !== undefined) throw invalidParameter(fault.message);
  const deadLetter = objectMember(input, "DeadLetterConfig");
  // An empty one takes it away.
  const deadLetterTargetArn =
    deadLetter === undefined ? current?.deadLetterTargetArn : stringMember(deadLetter, "TargetArn") || undefined;
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
    deadLetterTargetArn,
    ...durableOf(input, current),
    ...(tracing === "Active" || tracing === "PassThrough" ? { tracing } : {}),
    ...(current?.tags === undefined ? {} : { tags: current.tags }),
  };
}

export function newConfig(
  name: string,
  arn: string,
  settings: Settings,
  code: Pick<FunctionConfig, "code" | "layers">,
): FunctionConfig {
  return { ...settings, ...code, logicalId: name, name, arn, version: LATEST, reservedConcurrency: undefined };
}

/** Lambda developer guide, "Configure Lambda durable functions": it makes a durable function only where it comes first. */
function durableOf(input: JsonObject, current: Settings | undefined): Pick<Settings, "durable"> {
  const sent = objectMember(input, "DurableConfig");
  const { durable } = current ?? {};
  if (sent === undefined) return durable === undefined ? {} : { durable };
  if (current !== undefined && durable === undefined)
    throw invalidParameter("DurableConfig can only be set when the function is created.");
  const executionTimeoutSeconds = numberMember(sent, "ExecutionTimeout") ?? durable?.executionTimeoutSeconds;
  if (executionTimeoutSeconds === undefined) throw invalidParameter("DurableConfig needs an ExecutionTimeout.");
  const retentionDays =
    numberMember(sent, "RetentionPeriodInDays") ?? durable?.retentionDays ?? LAMBDA.durableRetentionDays.default;
  const kmsKeyArn = stringMember(sent, "KMSKeyArn") ?? durable?.kmsKeyArn;
  return { durable: { executionTimeoutSeconds, retentionDays, ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }) } };
}

function environmentOf(input: JsonObject): Readonly<Record<string, string>> | undefined {
  const variables = objectMember(objectMember(input, "Environment") ?? {}, "Variables");
  if (variables === undefined) return isJsonObject(input["Environment"]) ? {} : undefined;
  return Object.fromEntries(Object.keys(variables).map((key) => [key, stringMember(variables, key) ?? ""]));
}

const DEFAULT_LEVELS = { applicationLogLevel: "INFO", systemLogLevel: "INFO" } as const;

const defaultLogging = (name: string): LoggingConfig => ({
  format: "Text",
  ...DEFAULT_LEVELS,
  logGroup: `/aws/lambda/${name}`,
});

/** A format that is sent brings its own levels; what is not sent stays. */
function loggingOf(input: JsonObject | undefined, current: LoggingConfig): LoggingConfig {
  if (input === undefined) return current;
  const sent = stringMember(input, "LogFormat");
  const { applicationLogLevel, systemLogLevel } = sent === undefined ? current : DEFAULT_LEVELS;
  return {
    format: sent === undefined ? current.format : sent === "JSON" ? "JSON" : "Text",
    applicationLogLevel: oneOf(LOG_LEVELS, stringMember(input, "ApplicationLogLevel")) ?? applicationLogLevel,
    systemLogLevel: oneOf(SYSTEM_LEVELS, stringMember(input, "SystemLogLevel")) ?? systemLogLevel,
    logGroup: stringMember(input, "LogGroup") ?? current.logGroup,
  };
}

function oneOf<T extends string>(allowed: readonly T[], value: string | undefined): T | undefined {
  return allowed.find((candidate) => candidate === value);
}
