/**
 * What the API model demands of the members, before anything else is looked at. Patterns are shown without their
 * anchors, as AWS was seen to (https://github.com/aws/aws-sdk-net/issues/2999).
 */
import { numberMember, objectMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { schedulerError } from "./errors.js";
import { AwsError } from "../kit/aws-error.js";

const NAME = "[0-9a-zA-Z-_.]+";
const CLIENT_TOKEN = "[a-zA-Z0-9-_]+";
const QUEUE_ARN = "arn:aws(-[a-z]+)?:sqs:[a-z0-9\\-]+:\\d{12}:[a-zA-Z0-9\\-_]+";
const ROLE_ARN = "arn:aws(-[a-z]+)?:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+";
const KEY_ARN = "arn:aws(-[a-z]+)?:kms:[a-z0-9\\-]+:\\d{12}:(key|alias)\\/[0-9a-zA-Z-_]*";
const GROUP_ARN = "arn:aws(-[a-z]+)?:scheduler:[a-z0-9\\-]+:\\d{12}:schedule-group\\/[0-9a-zA-Z-_.]+";
const SOURCE = "(?=[/\\.\\-_A-Za-z0-9]+)((?!aws\\.).*)|(\\$(\\.[\\w_-]+(\\[(\\d+|\\*)\\])*)*)";

const MAX_TAGS = 200;

function text(
  found: Violations,
  value: string | undefined,
  at: string,
  { min = 1, max, pattern }: { readonly min?: number; readonly max: number; readonly pattern?: string },
): void {
  found.length(value, at, min, max);
  if (pattern !== undefined) found.pattern(value, at, new RegExp(`^(?:${pattern})$`), pattern);
}

/** Throws in the form of this service. */
function finish(found: Violations): void {
  try {
    found.check();
  } catch (error) {
    throw error instanceof AwsError ? schedulerError.validation(error.message) : error;
  }
}

export function checkScheduleInput(input: JsonObject): void {
  const found = new Violations();
  const expression = stringMember(input, "ScheduleExpression");
  const window = objectMember(input, "FlexibleTimeWindow");
  const target = objectMember(input, "Target");
  text(found, stringMember(input, "Name"), "name", { max: 64, pattern: NAME });
  text(found, stringMember(input, "GroupName"), "groupName", { max: 64, pattern: NAME });
  found.required(expression, "scheduleExpression");
  text(found, expression, "scheduleExpression", { max: 256 });
  text(found, stringMember(input, "ScheduleExpressionTimezone"), "scheduleExpressionTimezone", { max: 50 });
  text(found, stringMember(input, "Description"), "description", { min: 0, max: 512 });
  text(found, stringMember(input, "KmsKeyArn"), "kmsKeyArn", { max: 2048, pattern: KEY_ARN });
  text(found, stringMember(input, "ClientToken"), "clientToken", { max: 64, pattern: CLIENT_TOKEN });
  found.oneOf(stringMember(input, "State"), "state", ["ENABLED", "DISABLED"]);
  found.oneOf(stringMember(input, "ActionAfterCompletion"), "actionAfterCompletion", ["NONE", "DELETE"]);
  found.required(window, "flexibleTimeWindow");
  if (window !== undefined) {
    const mode = stringMember(window, "Mode");
    found.required(mode, "flexibleTimeWindow.mode");
    found.oneOf(mode, "flexibleTimeWindow.mode", ["OFF", "FLEXIBLE"]);
    found.range(numberMember(window, "MaximumWindowInMinutes"), "flexibleTimeWindow.maximumWindowInMinutes", 1, 1440);
  }
  found.required(target, "target");
  if (target !== undefined) checkTargetMembers(target, found);
  finish(found);
}

function checkTargetMembers(target: JsonObject, found: Violations): void {
  const arn = stringMember(target, "Arn");
  const roleArn = stringMember(target, "RoleArn");
  found.required(arn, "target.arn");
  text(found, arn, "target.arn", { max: 1600 });
  found.required(roleArn, "target.roleArn");
  text(found, roleArn, "target.roleArn", { max: 1600, pattern: ROLE_ARN });
  const deadLetterArn = stringMember(objectMember(target, "DeadLetterConfig") ?? {}, "Arn");
  text(found, deadLetterArn, "target.deadLetterConfig.arn", { max: 1600, pattern: QUEUE_ARN });
  const retry = objectMember(target, "RetryPolicy") ?? {};
  const ageSeconds = numberMember(retry, "MaximumEventAgeInSeconds");
  found.range(ageSeconds, "target.retryPolicy.maximumEventAgeInSeconds", 60, 86_400);
  found.range(numberMember(retry, "MaximumRetryAttempts"), "target.retryPolicy.maximumRetryAttempts", 0, 185);
  text(found, stringMember(target, "Input"), "target.input", { max: Infinity });
  const groupId = stringMember(objectMember(target, "SqsParameters") ?? {}, "MessageGroupId");
  text(found, groupId, "target.sqsParameters.messageGroupId", { max: 128 });
  const event = objectMember(target, "EventBridgeParameters");
  if (event === undefined) return;
  const [detailType, source] = [stringMember(event, "DetailType"), stringMember(event, "Source")];
  found.required(detailType, "target.eventBridgeParameters.detailType");
  text(found, detailType, "target.eventBridgeParameters.detailType", { max: 128 });
  found.required(source, "target.eventBridgeParameters.source");
  text(found, source, "target.eventBridgeParameters.source", { max: 256, pattern: SOURCE });
}

/** The names of groups and schedules in a request that has no more. */
export function checkNames(input: JsonObject): void {
  const found = new Violations();
  text(found, stringMember(input, "Name"), "name", { max: 64, pattern: NAME });
  text(found, stringMember(input, "GroupName"), "groupName", { max: 64, pattern: NAME });
  text(found, stringMember(input, "ClientToken"), "clientToken", { max: 64, pattern: CLIENT_TOKEN });
  finish(found);
}

export function checkTags(tags: readonly JsonObject[] | undefined, found: Violations): void {
  found.length(tags, "tags", 0, MAX_TAGS);
  for (const [i, tag] of (tags ?? []).entries()) {
    const [key, value] = [stringMember(tag, "Key"), stringMember(tag, "Value")];
    found.required(key, `tags.${i + 1}.member.key`);
    text(found, key, `tags.${i + 1}.member.key`, { max: 128 });
    found.required(value, `tags.${i + 1}.member.value`);
    text(found, value, `tags.${i + 1}.member.value`, { max: 256 });
  }
}

export function checkGroupInput(input: JsonObject, tags: readonly JsonObject[] | undefined): void {
  checkNames(input);
  const found = new Violations();
  checkTags(tags, found);
  finish(found);
}

export function checkTagging(resourceArn: string, tags: readonly JsonObject[] | undefined): void {
  const found = new Violations();
  text(found, resourceArn, "resourceArn", { max: 1011, pattern: GROUP_ARN });
  checkTags(tags, found);
  finish(found);
}

export function checkListing(input: JsonObject): void {
  const found = new Violations();
  text(found, stringMember(input, "GroupName"), "groupName", { max: 64, pattern: NAME });
  text(found, stringMember(input, "NamePrefix"), "namePrefix", { max: 64, pattern: NAME });
  text(found, stringMember(input, "NextToken"), "nextToken", { max: 2048 });
  found.oneOf(stringMember(input, "State"), "state", ["ENABLED", "DISABLED"]);
  found.range(numberMember(input, "MaxResults"), "maxResults", 1, 100);
  finish(found);
}
