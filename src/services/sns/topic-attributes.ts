/**
 * Attributes of topics: what may be set, and what GetTopicAttributes tells.
 * https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
 */
import { arnOf, type Realm } from "../../shared/arn.js";
import { snsError } from "./errors.js";
import { isFifo } from "./names.js";
import type { SubscriptionRow, TopicRow } from "./store.js";

type Attributes = Readonly<Record<string, string>>;

const SETTABLE = new Set([
  "ArchivePolicy",
  "ContentBasedDeduplication",
  "DataProtectionPolicy",
  "DeliveryPolicy",
  "DisplayName",
  "FifoThroughputScope",
  "KmsMasterKeyId",
  "Policy",
  "SignatureVersion",
  "TracingConfig",
]);
/** Delivery status logging: `LambdaSuccessFeedbackRoleArn` and its kin. */
const FEEDBACK =
  /^(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$/;
const FIFO_ONLY = new Set(["ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"]);
const BOOLEANS = new Set(["ContentBasedDeduplication", "FifoTopic"]);
const MAX_DISPLAY_NAME = 100;

/** `prefix` is what the operation says before (`Attributes Reason: `). */
export function checkTopicAttributes(attributes: Attributes, fifo: boolean, prefix: string): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "FifoTopic" && prefix !== "") {
      if (!/^(true|false)$/i.test(value))
        throw snsError.invalidParameter(`${prefix}FifoTopic: Invalid value [${value}].`);
      continue;
    }
    if (!SETTABLE.has(name) && !FEEDBACK.test(name)) throw snsError.invalidParameter(`${prefix}AttributeName`);
    if (FIFO_ONLY.has(name) && !fifo)
      throw snsError.invalidParameter(`${prefix}${name}: not supported for standard topics`);
    if (BOOLEANS.has(name) && !/^(true|false)$/i.test(value))
      throw snsError.invalidParameter(`${prefix}${name}: Invalid value [${value}]. Must be true or false.`);
    if (name === "DisplayName" && value.length > MAX_DISPLAY_NAME)
      throw snsError.invalidParameter(`${prefix}DisplayName`);
    if (name === "SignatureVersion" && value !== "1" && value !== "2")
      throw snsError.invalidParameter(`${prefix}SignatureVersion`);
    if (["Policy", "DeliveryPolicy", "ArchivePolicy"].includes(name) && !isJson(value))
      throw snsError.invalidParameter(`${prefix}${name}: failed to parse JSON.`);
  }
}

function isJson(text: string): boolean {
  if (text === "") return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a second CreateTopic says the same as the first; what it leaves out does not count. */
export function sameAttributes(given: Attributes, existing: Attributes, defaults: Attributes): boolean {
  return Object.entries(given).every(
    ([name, value]) => (existing[name] ?? defaults[name] ?? "").toLowerCase() === value.toLowerCase(),
  );
}

export const defaultAttributes = (name: string): Attributes =>
  isFifo(name)
    ? { DisplayName: "", FifoTopic: "true", ContentBasedDeduplication: "false" }
    : { DisplayName: "", FifoTopic: "false" };

/** As GetTopicAttributes answers. */
export function shownAttributes(
  { name, attributes, deletedSubscriptions }: TopicRow,
  subscriptions: readonly SubscriptionRow[],
  realm: Realm,
): Attributes {
  const arn = arnOf.topic(realm, name);
  const pending = subscriptions.filter(({ token }) => token !== undefined).length;
  const { FifoTopic, ...defaults } = defaultAttributes(name);
  return {
    Policy: defaultPolicy(arn, realm),
    Owner: realm.accountId,
    SubscriptionsPending: String(pending),
    TopicArn: arn,
    EffectiveDeliveryPolicy: EFFECTIVE_DELIVERY_POLICY,
    SubscriptionsConfirmed: String(subscriptions.length - pending),
    SubscriptionsDeleted: String(deletedSubscriptions),
    ...defaults,
    ...(FifoTopic === "true" ? { FifoTopic } : {}),
    ...attributes,
  };
}

export function defaultPolicy(topicArn: string, { accountId }: Realm): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "SNS:GetTopicAttributes",
          "SNS:SetTopicAttributes",
          "SNS:AddPermission",
          "SNS:RemovePermission",
          "SNS:DeleteTopic",
          "SNS:Subscribe",
          "SNS:ListSubscriptionsByTopic",
          "SNS:Publish",
        ],
        Resource: topicArn,
        Condition: { StringEquals: { "AWS:SourceOwner": accountId } },
      },
    ],
  });
}

const EFFECTIVE_DELIVERY_POLICY = JSON.stringify({
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 20,
      maxDelayTarget: 20,
      numRetries: 3,
      numMaxDelayRetries: 0,
      numNoDelayRetries: 0,
      numMinDelayRetries: 0,
      backoffFunction: "linear",
    },
    disableSubscriptionOverrides: false,
    defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
  },
});
