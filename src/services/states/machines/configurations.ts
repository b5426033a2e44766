/**
 * Logging, tracing and encryption of a machine: what may be set, and how it is shown.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_LoggingConfiguration.html
 */
import { logGroupNameIn } from "../../../shared/arn.js";
import {
  booleanMember,
  numberMember,
  objectListMember,
  objectMember,
  stringMember,
  Violations,
} from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { LoggingConfiguration } from "../admin.js";
import type { RunContext } from "../run-context.js";
import { statesError } from "../errors.js";
import type { EncryptionConfiguration } from "../rows.js";

const LEVELS = ["ALL", "ERROR", "FATAL", "OFF"] as const;
const KEY_TYPES = ["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"] as const;
const KEY_REUSE_SECONDS = { min: 60, max: 900, default: 300 };

export const NO_LOGGING: LoggingConfiguration = { level: "OFF", includeExecutionData: false, logGroupArns: [] };
export const OWN_KEY: EncryptionConfiguration = { type: "AWS_OWNED_KEY" };

export function loggingMember(input: JsonObject): LoggingConfiguration | undefined {
  const given = objectMember(input, "loggingConfiguration");
  if (given === undefined) return undefined;
  const level = stringMember(given, "level") ?? "OFF";
  const violations = new Violations();
  violations.oneOf(level, "loggingConfiguration.level", LEVELS);
  violations.check();
  const logGroupArns = (objectListMember(given, "destinations") ?? []).map((destination) => {
    const group = objectMember(destination, "cloudWatchLogsLogGroup") ?? {};
    return stringMember(group, "logGroupArn") ?? "";
  });
  return {
    level: level as LoggingConfiguration["level"],
    includeExecutionData: booleanMember(given, "includeExecutionData") ?? false,
    logGroupArns,
  };
}

/** Throws InvalidLoggingConfiguration. */
export async function checkLogging(
  { level, logGroupArns }: LoggingConfiguration,
  { logGroupExists }: Pick<RunContext, "logGroupExists">,
): Promise<void> {
  if (level === "OFF" && logGroupArns.length === 0) return;
  const [arn = ""] = logGroupArns;
  if (logGroupArns.length !== 1) throw statesError.invalidLogging("Must specify exactly one Log Destination.");
  const group = logGroupNameIn(arn);
  if (group === undefined || !(await (logGroupExists?.(group) ?? true)))
    throw statesError.invalidLogging("Log Destination not found.");
}

export function shownLogging({ level, includeExecutionData, logGroupArns }: LoggingConfiguration): JsonObject {
  if (logGroupArns.length === 0) return { level, includeExecutionData };
  const destinations = logGroupArns.map((logGroupArn) => ({ cloudWatchLogsLogGroup: { logGroupArn } }));
  return { level, includeExecutionData, destinations };
}

export function tracingMember(input: JsonObject): boolean | undefined {
  const given = objectMember(input, "tracingConfiguration");
  return given === undefined ? undefined : (booleanMember(given, "enabled") ?? false);
}

export function encryptionMember(input: JsonObject): EncryptionConfiguration | undefined {
  const given = objectMember(input, "encryptionConfiguration");
  if (given === undefined) return undefined;
  const type = stringMember(given, "type");
  const kmsKeyId = stringMember(given, "kmsKeyId");
  const seconds = numberMember(given, "kmsDataKeyReusePeriodSeconds");
  const violations = new Violations();
  violations.required(type, "encryptionConfiguration.type");
  violations.oneOf(type, "encryptionConfiguration.type", KEY_TYPES);
  const { min, max } = KEY_REUSE_SECONDS;
  violations.range(seconds, "encryptionConfiguration.kmsDataKeyReusePeriodSeconds", min, max);
  violations.check();
  if (type === "CUSTOMER_MANAGED_KMS_KEY") {
    if (kmsKeyId === undefined)
      throw statesError.invalidEncryption("kmsKeyId is required for CUSTOMER_MANAGED_KMS_KEY");
    return { type, kmsKeyId, kmsDataKeyReusePeriodSeconds: seconds ?? KEY_REUSE_SECONDS.default };
  }
  if (kmsKeyId !== undefined || seconds !== undefined)
    throw statesError.invalidEncryption(
      "kmsKeyId and kmsDataKeyReusePeriodSeconds are of CUSTOMER_MANAGED_KMS_KEY alone",
    );
  return OWN_KEY;
}

export const shownEncryption = ({
  type,
  kmsKeyId,
  kmsDataKeyReusePeriodSeconds,
}: EncryptionConfiguration): JsonObject =>
  kmsKeyId === undefined ? { type } : { type, kmsKeyId, kmsDataKeyReusePeriodSeconds };
