/**
 * Notification configurations: what a bucket tells, about which keys, to whom.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
 */
import { randomUUID } from "node:crypto";
import { parseArn } from "../../shared/arn.js";
import { invalidArgument, malformedXml } from "./errors.js";

export type TargetKind = "lambda" | "sqs" | "sns";

export interface NotificationRule {
  readonly id: string;
  readonly kind: TargetKind;
  readonly targetArn: string;
  /** `s3:ObjectCreated:*` ... */
  readonly events: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
}

export interface NotificationConfiguration {
  readonly rules: readonly NotificationRule[];
  /** Whether everything goes to the default event bus. */
  readonly eventBridge: boolean;
}

/** A rule as it comes in: filter rules still as name and value, the id optional. */
export interface NotificationRuleInput {
  readonly id?: string;
  readonly kind: TargetKind;
  readonly targetArn: string;
  readonly events: readonly string[];
  readonly filterRules: readonly { readonly name: string; readonly value: string }[];
}

const EVENTS = new Set([
  "s3:TestEvent",
  "s3:ReducedRedundancyLostObject",
  "s3:IntelligentTiering",
  ...["*", "Put", "Post", "Copy", "CompleteMultipartUpload"].map((name) => `s3:ObjectCreated:${name}`),
  ...["*", "Delete", "DeleteMarkerCreated"].map((name) => `s3:ObjectRemoved:${name}`),
  ...["*", "Post", "Completed", "Delete"].map((name) => `s3:ObjectRestore:${name}`),
  ...[
    "*",
    "OperationFailedReplication",
    "OperationNotTracked",
    "OperationMissedThreshold",
    "OperationReplicatedAfterThreshold",
  ].map((name) => `s3:Replication:${name}`),
  ...["*", "Delete", "DeleteMarkerCreated"].map((name) => `s3:LifecycleExpiration:${name}`),
  "s3:LifecycleTransition",
  ...["*", "Put", "Delete"].map((name) => `s3:ObjectTagging:${name}`),
  "s3:ObjectAcl:Put",
]);
const ARN_SERVICE: Readonly<Record<TargetKind, string>> = { lambda: "lambda", sqs: "sqs", sns: "sns" };
const ARN_ARGUMENT: Readonly<Record<TargetKind, string>> = { lambda: "CloudFunction", sqs: "Queue", sns: "Topic" };
const UNVALIDATED = "Unable to validate the following destination configurations";
const AMBIGUOUS =
  "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.";

/** Checks rules as PutBucketNotificationConfiguration does, and gives those their ids that have none. */
export function checkNotification(
  inputs: readonly NotificationRuleInput[],
  eventBridge: boolean,
): NotificationConfiguration {
  const rules = inputs.map(checkRule);
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (ids.has(id)) throw invalidArgument("Same ID used for multiple configurations. IDs must be unique.", "Id", id);
    ids.add(id);
  }
  for (const [i, rule] of rules.entries()) {
    if (rules.slice(i + 1).some((other) => overlaps(rule, other)))
      throw invalidArgument(AMBIGUOUS, "NotificationConfiguration");
  }
  return { rules, eventBridge };
}

function checkRule(input: NotificationRuleInput): NotificationRule {
  const { kind, targetArn, events } = input;
  const arn = parseArn(targetArn);
  if (arn === undefined || arn.service !== ARN_SERVICE[kind]) {
    throw invalidArgument("The ARN could not be parsed", ARN_ARGUMENT[kind], targetArn);
  }
  if (kind === "sqs" && arn.resource.endsWith(".fifo"))
    throw invalidArgument(UNVALIDATED, targetArn, "FIFO queues cannot receive S3 notifications.");
  if (events.length === 0) throw malformedXml();
  for (const event of events) {
    if (!EVENTS.has(event)) throw invalidArgument("The event is not supported for notifications", "Event", event);
  }
  let prefix: string | undefined;
  let suffix: string | undefined;
  for (const { name, value } of input.filterRules) {
    const lower = name.toLowerCase();
    if (lower !== "prefix" && lower !== "suffix") {
      throw invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", name);
    }
    if (Buffer.byteLength(value) > MAX_FILTER_VALUE_BYTES) {
      throw invalidArgument("filter rule value cannot be more than 1024 characters", "FilterRule.Value", value);
    }
    if ((lower === "prefix" ? prefix : suffix) !== undefined) {
      throw invalidArgument(`Cannot specify more than one ${lower} rule in a filter.`, "FilterRule", lower);
    }
    if (lower === "prefix") prefix = value;
    else suffix = value;
  }
  return {
    id: input.id === undefined || input.id === "" ? randomUUID() : input.id,
    kind,
    targetArn,
    events,
    ...(prefix === undefined ? {} : { prefix }),
    ...(suffix === undefined ? {} : { suffix }),
  };
}

const MAX_FILTER_VALUE_BYTES = 1024;

/** Two rules must not both hold for one object and one event: S3 would not know whom to tell. */
function overlaps(a: NotificationRule, b: NotificationRule): boolean {
  const sameEvent = a.events.some((one) =>
    b.events.some((other) => eventMatches(one, other) || eventMatches(other, one)),
  );
  const [aPrefix, bPrefix, aSuffix, bSuffix] = [a.prefix ?? "", b.prefix ?? "", a.suffix ?? "", b.suffix ?? ""];
  return (
    sameEvent &&
    (aPrefix.startsWith(bPrefix) || bPrefix.startsWith(aPrefix)) &&
    (aSuffix.endsWith(bSuffix) || bSuffix.endsWith(aSuffix))
  );
}

/** Whether `pattern` of a configuration covers `event`, both with `s3:`. */
export function eventMatches(pattern: string, event: string): boolean {
  return pattern.endsWith(":*") ? event.startsWith(pattern.slice(0, -1)) : pattern === event;
}

/** The rules that want to hear of an event (`s3:ObjectCreated:Put`) on a key. */
export function matchingRules(
  configuration: NotificationConfiguration,
  event: string,
  key: string,
): NotificationRule[] {
  return configuration.rules.filter(
    (rule) =>
      rule.events.some((pattern) => eventMatches(pattern, event)) &&
      key.startsWith(rule.prefix ?? "") &&
      key.endsWith(rule.suffix ?? ""),
  );
}
