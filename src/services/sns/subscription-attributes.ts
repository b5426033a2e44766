/**
 * Attributes and endpoints of subscriptions.
 * https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
 */
import { jsonObjectIn } from "../kit/json-input.js";
import { arnOf, parseArn, type Realm } from "../../shared/arn.js";
import { snsError } from "./errors.js";
import { checkFilterPolicy, type FilterScope } from "./filter-policy.js";
import { isFifo, subscriptionArn } from "./names.js";
import type { SubscriptionRow } from "./store.js";

type Attributes = Readonly<Record<string, string>>;

export const PROTOCOLS = ["http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"];
/** These send a token first, and get messages when it has come back. */
export const CONFIRMED = new Set(["http", "https", "email", "email-json"]);
const RAW = new Set(["http", "https", "sqs", "firehose"]);
const SETTABLE = new Set([
  "DeliveryPolicy",
  "FilterPolicy",
  "FilterPolicyScope",
  "RawMessageDelivery",
  "RedrivePolicy",
  "ReplayPolicy",
  "SubscriptionRoleArn",
]);

/** Throws InvalidParameter for an endpoint that the protocol cannot have. */
export function checkEndpoint(protocol: string, endpoint: string | undefined, topicName: string): string {
  if (!PROTOCOLS.includes(protocol))
    throw snsError.invalidParameter(`Amazon SNS does not support this protocol string: ${protocol}`);
  if (endpoint === undefined || endpoint === "") throw snsError.invalidParameter("Endpoint");
  switch (protocol) {
    case "http":
    case "https":
      if (!endpoint.startsWith(`${protocol}://`))
        throw snsError.invalidParameter("Endpoint must match the specified protocol");
      if (!URL.canParse(endpoint)) throw snsError.invalidParameter("Endpoint");
      break;
    case "sms":
      if (!/^\+[1-9]\d{1,14}$/.test(endpoint)) throw snsError.invalidParameter(`Invalid SMS endpoint: ${endpoint}`);
      break;
    case "sqs":
      if (parseArn(endpoint)?.service !== "sqs") throw snsError.invalidParameter("SQS endpoint ARN");
      if (isFifo(endpoint) && !isFifo(topicName))
        throw snsError.invalidParameter(
          "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        );
      break;
    case "lambda":
      if (!/^function:[\w-]+(:[\w$-]+)?$/.test(lambdaResource(endpoint)))
        throw snsError.invalidParameter("Lambda endpoint ARN");
      break;
    case "email":
    case "email-json":
      if (!/^[^@\s]+@[^@\s]+$/.test(endpoint)) throw snsError.invalidParameter("Email address");
      break;
    default:
      if (parseArn(endpoint) === undefined) throw snsError.invalidParameter("ApplicationEndpoint ARN");
  }
  // "You can't subscribe a function to a FIFO topic"; e-mail and the rest neither.
  if (isFifo(topicName) && protocol !== "sqs")
    throw snsError.invalidParameter("Invalid parameter: Endpoint Reason: Please use FIFO SQS queue");
  return endpoint;
}

function lambdaResource(arn: string): string {
  const parsedArn = parseArn(arn);
  return parsedArn?.service === "lambda" ? parsedArn.resource : "";
}

export interface AttributeContext {
  readonly protocol: string;
  readonly endpoint: string;
  readonly topicName: string;
  /** What the operation says before (`Attributes Reason: `). */
  readonly prefix: string;
}

/** Throws InvalidParameter; `attributes` are all that the subscription will have, `changed` those of the request. */
export function checkSubscriptionAttributes(
  attributes: Attributes,
  changed: readonly string[],
  { protocol, endpoint, topicName, prefix }: AttributeContext,
): void {
  for (const name of changed) {
    const value = attributes[name] ?? "";
    if (!SETTABLE.has(name)) throw snsError.invalidParameter(`${prefix}AttributeName`);
    if (name === "FilterPolicyScope" && value !== "MessageAttributes" && value !== "MessageBody")
      throw snsError.invalidParameter(
        `${prefix}FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
      );
    if (name === "RawMessageDelivery") {
      if (!/^(true|false)$/i.test(value))
        throw snsError.invalidParameter(
          `${prefix}RawMessageDelivery: Invalid value [${value}]. Must be true or false.`,
        );
      if (value.toLowerCase() === "true" && !RAW.has(protocol))
        throw snsError.invalidParameter(
          `${prefix}RawMessageDelivery: Delivery protocol [${protocol}] does not support raw message delivery.`,
        );
    }
    if (name === "RedrivePolicy" && value !== "") checkRedrivePolicy(value, { endpoint, topicName, prefix });
  }
  const policy = attributes["FilterPolicy"];
  if (
    policy !== undefined &&
    policy !== "" &&
    (changed.includes("FilterPolicy") || changed.includes("FilterPolicyScope"))
  )
    checkFilterPolicy(policy, scopeOf(attributes), prefix);
}

function checkRedrivePolicy(
  text: string,
  { endpoint, topicName, prefix }: Pick<AttributeContext, "endpoint" | "topicName" | "prefix">,
): void {
  const policy = jsonObjectIn(text);
  if (policy === undefined) throw snsError.invalidParameter(`${prefix}RedrivePolicy: failed to parse JSON.`);
  const { deadLetterTargetArn: arn } = policy;
  const target = typeof arn === "string" ? parseArn(arn) : undefined;
  if (target === undefined)
    throw snsError.invalidParameter(`${prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn`);
  if (isFifo(topicName) && isFifo(endpoint) && (target.service !== "sqs" || !isFifo(target.resource)))
    throw snsError.invalidParameter(
      `${prefix}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.`,
    );
}

export const scopeOf = (attributes: Attributes): FilterScope =>
  attributes["FilterPolicyScope"] === "MessageBody" ? "MessageBody" : "MessageAttributes";

/** As GetSubscriptionAttributes answers. */
export function shownSubscription(row: SubscriptionRow, realm: Realm): Attributes {
  const { FilterPolicy = "", FilterPolicyScope: _, RawMessageDelivery, ...rest } = row.attributes;
  return {
    SubscriptionPrincipal: row.principal,
    Owner: realm.accountId,
    RawMessageDelivery: RawMessageDelivery?.toLowerCase() ?? "false",
    TopicArn: arnOf.topic(realm, row.topicName),
    Endpoint: row.endpoint,
    Protocol: row.protocol,
    PendingConfirmation: String(row.token !== undefined),
    ConfirmationWasAuthenticated: String(row.token === undefined && row.confirmedBySignature),
    SubscriptionArn: subscriptionArn(realm, row),
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== "")),
    // Without a policy its scope is not told (recorded in May 2024).
    ...(FilterPolicy === "" ? {} : { FilterPolicy, FilterPolicyScope: scopeOf(row.attributes) }),
  };
}
