/**
 * What a schedule may call: the templated targets that are emulated, and operations of the API by their name.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
 */
import { parseArn } from "../../shared/arn.js";
import { objectMember, stringMember, numberMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { SchedulerContext } from "./context.js";
import { schedulerError } from "./errors.js";
import type { ScheduleTarget } from "./store.js";

const DEFAULT_EVENT_AGE_SECONDS = 86_400;
const DEFAULT_RETRY_ATTEMPTS = 185;
const MAX_INPUT_BYTES = 262_144;

const TEMPLATED: ReadonlySet<string> = new Set(["lambda", "sqs", "sns", "states", "events", "kinesis"]);
/** AWS has templates for these. */
const NOT_EMULATED: ReadonlySet<string> = new Set([
  "codebuild",
  "codepipeline",
  "ecs",
  "firehose",
  "inspector",
  "sagemaker",
]);
const UNIVERSAL = /^arn:aws(?:-[a-z]+)?:scheduler:::aws-sdk:([A-Za-z0-9]+):([A-Za-z0-9]+)$/;

/** "EventBridge Scheduler does not support read-only API actions": by the beginnings of their names, from memory of that page. */
const READ_ONLY = new RegExp(
  "^(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|" +
    "batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|" +
    "invokeModel)",
);

export interface UniversalTarget {
  readonly service: string;
  /** As the universal target writes it: `sendMessage`. */
  readonly action: string;
}

export function universalTarget(arn: string): UniversalTarget | undefined {
  const [, service, action] = UNIVERSAL.exec(arn) ?? [];
  return service === undefined || action === undefined ? undefined : { service, action };
}

/** A checked target as it is kept, with the defaults that GetSchedule shows. */
export function readTarget(given: JsonObject, { refusal }: Pick<SchedulerContext, "refusal">): ScheduleTarget {
  const arn = stringMember(given, "Arn") ?? "";
  const input = stringMember(given, "Input");
  const universal = universalTarget(arn);
  if (universal === undefined) checkTemplated(arn, given);
  else {
    const { service, action } = universal;
    if (READ_ONLY.test(action)) throw schedulerError.validation(`${action} API is not supported`);
    if (input === undefined)
      throw schedulerError.validation("You must provide an input to set this target for your schedule");
    const reason = refusal(service, action);
    if (reason !== undefined) throw schedulerError.validation(reason);
  }
  if (input !== undefined && Buffer.byteLength(input) > MAX_INPUT_BYTES)
    throw schedulerError.validation(`Target input must be smaller than ${MAX_INPUT_BYTES} bytes.`);
  const retry = objectMember(given, "RetryPolicy") ?? {};
  return {
    ...given,
    Arn: arn,
    RoleArn: stringMember(given, "RoleArn") ?? "",
    RetryPolicy: {
      MaximumEventAgeInSeconds: numberMember(retry, "MaximumEventAgeInSeconds") ?? DEFAULT_EVENT_AGE_SECONDS,
      MaximumRetryAttempts: numberMember(retry, "MaximumRetryAttempts") ?? DEFAULT_RETRY_ATTEMPTS,
    },
  };
}

function checkTemplated(arn: string, given: JsonObject): void {
  const parsed = parseArn(arn);
  if (parsed === undefined) throw schedulerError.validation("Provided Arn is not in correct format.");
  const { service, resource } = parsed;
  if (NOT_EMULATED.has(service))
    throw schedulerError.validation(`Targets of ${service} are not emulated by lambda-run: ${arn}`);
  if (!TEMPLATED.has(service)) throw schedulerError.validation(`${service} is not a supported service for a target.`);
  if (service === "events" && objectMember(given, "EventBridgeParameters") === undefined)
    throw schedulerError.validation("EventBridgeParameters are required for a target that is an event bus.");
  const partitionKey = stringMember(objectMember(given, "KinesisParameters") ?? {}, "PartitionKey");
  if (service === "kinesis" && partitionKey === undefined)
    throw schedulerError.validation("KinesisParameters are required for a target that is a Kinesis stream.");
  const groupId = stringMember(objectMember(given, "SqsParameters") ?? {}, "MessageGroupId");
  if (service === "sqs" && resource.endsWith(".fifo") && groupId === undefined)
    throw schedulerError.validation("SqsParameters.MessageGroupId is required for a target that is a FIFO queue.");
}
