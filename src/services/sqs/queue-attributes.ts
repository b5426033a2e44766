/**
 * Queue attributes: which exist, what values they take, what they are when nobody set them.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
import { jsonObjectIn } from "../kit/json-input.js";
import { sqsError } from "./errors.js";
import { SQS } from "./limits.js";
import { parseRedriveAllowPolicy, parseRedrivePolicy } from "./redrive-policy.js";

interface IntegerAttribute {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

const INTEGERS: Readonly<Record<string, IntegerAttribute>> = {
  DelaySeconds: { min: 0, max: 900, default: 0 },
  MaximumMessageSize: { min: 1024, max: SQS.messageBytes, default: SQS.messageBytes },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, default: 345_600 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: 20, default: 0 },
  VisibilityTimeout: { min: 0, max: SQS.visibilitySeconds, default: 30 },
};
const KMS_REUSE: IntegerAttribute = { min: 60, max: 86_400, default: 300 };

const STANDARD_SETTABLE = new Set([
  ...Object.keys(INTEGERS),
  "Policy",
  "RedrivePolicy",
  "RedriveAllowPolicy",
  "KmsMasterKeyId",
  "KmsDataKeyReusePeriodSeconds",
  "SqsManagedSseEnabled",
]);
const FIFO_ONLY: Readonly<Record<string, readonly string[]>> = {
  FifoQueue: ["true", "false"],
  ContentBasedDeduplication: ["true", "false"],
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};
const READ_ONLY = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "QueueArn",
];
const READABLE = new Set([...STANDARD_SETTABLE, ...Object.keys(FIFO_ONLY), ...READ_ONLY, "All"]);

/** What was set, as normal text; absent means the default. */
export type QueueAttributes = Readonly<Record<string, string>>;

/** Checks names and values; answers them in the form in which they are kept and compared. `""` clears a document. */
export function normalizeAttributes(given: ReadonlyMap<string, string>, fifo: boolean): Map<string, string> {
  const result = new Map<string, string>();
  for (const [name, value] of given) {
    if (!STANDARD_SETTABLE.has(name) && !(fifo && Object.hasOwn(FIFO_ONLY, name)))
      throw sqsError.unknownAttribute(name);
    result.set(name, normalizeValue(name, value));
  }
  return result;
}

function normalizeValue(name: string, value: string): string {
  const integer = name === "KmsDataKeyReusePeriodSeconds" ? KMS_REUSE : INTEGERS[name];
  if (integer !== undefined) {
    const number = Number(value);
    if (!/^\d{1,10}$/.test(value) || number < integer.min || number > integer.max)
      throw sqsError.invalidAttributeValue(name);
    return String(number);
  }
  const choices = name === "SqsManagedSseEnabled" ? ["true", "false"] : FIFO_ONLY[name];
  if (choices !== undefined) {
    const choice = choices.find((allowed) => allowed.toLowerCase() === value.toLowerCase());
    if (choice === undefined) throw sqsError.invalidAttributeValue(name);
    return choice;
  }
  if (value === "" || name === "KmsMasterKeyId") return value;
  if (name === "RedrivePolicy") return JSON.stringify(parseRedrivePolicy(value));
  if (name === "RedriveAllowPolicy") return JSON.stringify(parseRedriveAllowPolicy(value));
  checkPolicy(value);
  return value;
}

/** Rules that need the whole set, as it will be. Answers the set without attributes that were cleared. */
export function mergeAttributes(current: QueueAttributes, changes: ReadonlyMap<string, string>): QueueAttributes {
  const merged: Record<string, string> = { ...current, ...Object.fromEntries(changes) };
  const kmsKey = changes.get("KmsMasterKeyId");
  if (kmsKey !== undefined && kmsKey !== "") {
    if (changes.get("SqsManagedSseEnabled") === "true") throw sqsError.conflictingEncryption();
    merged["SqsManagedSseEnabled"] = "false";
  } else if (changes.get("SqsManagedSseEnabled") === "true") {
    delete merged["KmsMasterKeyId"];
  }
  if (merged["FifoThroughputLimit"] === "perMessageGroupId" && merged["DeduplicationScope"] !== "messageGroup") {
    throw sqsError.invalidAttributeValue("FifoThroughputLimit");
  }
  for (const name of ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"]) {
    if (merged[name] === "") delete merged[name];
  }
  return merged;
}

/** Attributes as GetQueueAttributes tells them, without those that change with every message. */
export function describeAttributes(attributes: QueueAttributes, fifo: boolean): Record<string, string> {
  const described: Record<string, string> = {};
  for (const name of Object.keys(INTEGERS)) described[name] = String(integerAttribute(attributes, name));
  described["SqsManagedSseEnabled"] = attributes["SqsManagedSseEnabled"] ?? "true";
  if (attributes["KmsMasterKeyId"] !== undefined) {
    described["KmsMasterKeyId"] = attributes["KmsMasterKeyId"];
    described["KmsDataKeyReusePeriodSeconds"] = attributes["KmsDataKeyReusePeriodSeconds"] ?? String(KMS_REUSE.default);
  }
  for (const name of ["Policy", "RedrivePolicy", "RedriveAllowPolicy"]) {
    if (attributes[name] !== undefined) described[name] = attributes[name];
  }
  if (fifo) {
    described["FifoQueue"] = "true";
    described["ContentBasedDeduplication"] = attributes["ContentBasedDeduplication"] ?? "false";
    described["DeduplicationScope"] = attributes["DeduplicationScope"] ?? "queue";
    described["FifoThroughputLimit"] = attributes["FifoThroughputLimit"] ?? "perQueue";
  }
  return described;
}

export function integerAttribute(attributes: QueueAttributes, name: string): number {
  return Number(attributes[name] ?? INTEGERS[name]?.default ?? 0);
}

export function checkReadableNames(names: readonly string[]): void {
  for (const name of names) if (!READABLE.has(name)) throw sqsError.unknownAttribute(name);
}

const POLICY_MEMBERS = new Set(["Version", "Id", "Statement"]);
const STATEMENT_MEMBERS = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

function checkPolicy(text: string): void {
  const policy = jsonObjectIn(text);
  const invalid = sqsError.invalidAttributeValue("Policy");
  if (policy === undefined || Object.keys(policy).some((name) => !POLICY_MEMBERS.has(name))) throw invalid;
  const version = policy["Version"] ?? "2008-10-17";
  if (version !== "2012-10-17" && version !== "2008-10-17") throw invalid;
  const statements: readonly unknown[] = Array.isArray(policy["Statement"])
    ? policy["Statement"]
    : [policy["Statement"]];
  if (statements.length === 0) throw invalid;
  if (statements.length > SQS.policyStatements) {
    throw sqsError.overLimit(
      `${statements.length} statements were found in the submitted policy, max allowed is ${SQS.policyStatements}`,
    );
  }
  for (const statement of statements) {
    if (typeof statement !== "object" || statement === null) throw invalid;
    if (Object.keys(statement).some((name) => !STATEMENT_MEMBERS.has(name))) throw invalid;
    const effect = "Effect" in statement ? statement.Effect : undefined;
    if (effect !== "Allow" && effect !== "Deny") throw invalid;
  }
}
