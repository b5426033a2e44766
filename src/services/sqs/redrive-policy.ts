/**
 * `RedrivePolicy` (where failed messages go) and `RedriveAllowPolicy` (who may send them here).
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
import { parseArn } from "../../shared/arn.js";
import { jsonObjectIn } from "../kit/json-input.js";
import { sqsError } from "./errors.js";

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export interface RedriveAllowPolicy {
  readonly redrivePermission: "allowAll" | "denyAll" | "byQueue";
  readonly sourceQueueArns?: readonly string[];
}

const NOT_A_MAP = "Redrive policy is not a valid JSON map.";
const MAX_SOURCE_QUEUES = 10;

const MAX_RECEIVE_COUNT = 1000;

export function parseRedrivePolicy(text: string): RedrivePolicy {
  const policy = jsonObjectIn(text);
  if (policy === undefined) throw sqsError.invalidAttributeValue("RedrivePolicy", NOT_A_MAP);
  const refuse = (reason: string): Error => sqsError.invalidValue(text, "RedrivePolicy", reason);
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"]) {
    if (!Object.hasOwn(policy, name)) throw refuse(`Redrive policy does not contain mandatory attribute: ${name}.`);
  }
  const { maxReceiveCount, deadLetterTargetArn } = policy;
  // A number, or the text of one.
  const count = typeof maxReceiveCount === "string" ? Number(maxReceiveCount) : maxReceiveCount;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > MAX_RECEIVE_COUNT) {
    throw refuse(
      `Invalid value for maxReceiveCount: ${String(maxReceiveCount)}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  if (typeof deadLetterTargetArn !== "string" || parseArn(deadLetterTargetArn) === undefined) {
    throw refuse("Dead-letter target ARN should be fully qualified ARN.");
  }
  if (Object.keys(policy).length > 2)
    throw refuse("Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].");
  return { deadLetterTargetArn, maxReceiveCount: count };
}

export function parseRedriveAllowPolicy(text: string): RedriveAllowPolicy {
  const policy = jsonObjectIn(text);
  const malformed = (): Error =>
    sqsError.invalidAttributeValue(
      "RedriveAllowPolicy",
      "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",
    );
  const refuse = (reason: string): Error =>
    sqsError.invalidValue(text, "RedriveAllowPolicy", `Amazon SQS can't create the redrive allow policy. ${reason}`);
  if (policy === undefined) throw malformed();
  const { redrivePermission, sourceQueueArns, ...rest } = policy;
  if (redrivePermission !== "allowAll" && redrivePermission !== "denyAll" && redrivePermission !== "byQueue")
    throw malformed();
  if (Object.keys(rest).length > 0) throw malformed();
  if (sourceQueueArns === undefined) {
    if (redrivePermission !== "byQueue") return { redrivePermission };
    throw refuse(
      "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
    );
  }
  if (!Array.isArray(sourceQueueArns) || !sourceQueueArns.every((arn) => typeof arn === "string")) throw malformed();
  if (redrivePermission !== "byQueue") {
    throw refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.");
  }
  if (sourceQueueArns.length === 0) {
    throw refuse(
      "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
    );
  }
  if (sourceQueueArns.length > MAX_SOURCE_QUEUES)
    throw refuse("The maximum number of source queue ARNs you can specify is 10.");
  return { redrivePermission, sourceQueueArns };
}

/** Whether the queue `sourceArn` may name the queue that carries `allowPolicy` as its dead-letter queue. */
export function allowsSource(allowPolicy: RedriveAllowPolicy | undefined, sourceArn: string): boolean {
  if (allowPolicy === undefined || allowPolicy.redrivePermission === "allowAll") return true;
  return allowPolicy.redrivePermission === "byQueue" && (allowPolicy.sourceQueueArns?.includes(sourceArn) ?? false);
}
