/**
 * What the API model demands of the members, before anything else is looked at. The words are those of the validator
 * that stands before this API: "numeric instance is lower than the required minimum (minimum: 1, found: 0)" is quoted in
 * https://github.com/hashicorp/terraform-provider-aws/issues/32423, the others are of the same library.
 */
import { listMember, numberMember, objectMember, objectListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { pipesError } from "./errors.js";

const NAME = "^[\\.\\-_A-Za-z0-9]+$";
const ROLE_ARN = "^arn:aws([a-z]|\\-)*:iam::([0-9]{12})?:role/(.+)$";
const QUEUE_OR_TOPIC_ARN = "^arn:aws([a-z]|\\-)*:([a-zA-Z0-9\\-]+):([a-z]|\\d|\\-)*:([0-9]{12})?:(.+)$";
const PATH = "^\\$(\\.[\\w/_-]+(\\[(\\d+|\\*)\\])*)*$";
const LOG_GROUP_ARN =
  "^(^arn:aws([a-z]|\\-)*:logs:([a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\\d{1}):(\\d{12}):log-group:[\\.\\-_/#A-Za-z0-9]{1,512}(:\\*)?)$";

const STATES = [
  "RUNNING",
  "STOPPED",
  "CREATING",
  "UPDATING",
  "DELETING",
  "STARTING",
  "STOPPING",
  "CREATE_FAILED",
  "UPDATE_FAILED",
  "START_FAILED",
  "STOP_FAILED",
  "DELETE_FAILED",
  "CREATE_ROLLBACK_FAILED",
  "DELETE_ROLLBACK_FAILED",
  "UPDATE_ROLLBACK_FAILED",
];
const DESIRED = ["RUNNING", "STOPPED"];
const INVOCATION_TYPES = ["REQUEST_RESPONSE", "FIRE_AND_FORGET"];

class Faults {
  readonly #texts: string[] = [];

  required(input: JsonObject, ...names: readonly string[]): void {
    const missing = names.filter((name) => input[name] === undefined || input[name] === null);
    if (missing.length > 0) this.#texts.push(`object has missing required properties (${JSON.stringify(missing)})`);
  }

  text(value: string | undefined, { min = 1, max, pattern }: { min?: number; max: number; pattern?: string }): void {
    if (value === undefined) return;
    if (value.length < min)
      this.#texts.push(`string "${value}" is too short (length: ${value.length}, required minimum: ${min})`);
    if (value.length > max)
      this.#texts.push(`string "${value}" is too long (length: ${value.length}, maximum allowed: ${max})`);
    if (pattern !== undefined && !new RegExp(pattern).test(value))
      this.#texts.push(`ECMA 262 regex "${pattern}" does not match input string "${value}"`);
  }

  range(value: number | undefined, min: number, max: number): void {
    if (value === undefined) return;
    if (value < min)
      this.#texts.push(`numeric instance is lower than the required minimum (minimum: ${min}, found: ${value})`);
    if (value > max)
      this.#texts.push(`numeric instance is greater than the required maximum (maximum: ${max}, found: ${value})`);
  }

  oneOf(value: string | undefined, allowed: readonly string[]): void {
    if (value !== undefined && !allowed.includes(value))
      this.#texts.push(`instance value ("${value}") not found in enum (possible values: ${JSON.stringify(allowed)})`);
  }

  atMost(list: readonly unknown[] | undefined, max: number): void {
    if (list !== undefined && list.length > max)
      this.#texts.push(`array is too long: must have at most ${max} elements but instance has ${list.length} elements`);
  }

  check(): void {
    if (this.#texts.length > 0) throw pipesError.validation(`[${this.#texts.join(", ")}]`);
  }
}

export function checkName(name: string | undefined): void {
  const faults = new Faults();
  faults.text(name, { max: 64, pattern: NAME });
  faults.check();
}

export function checkPipeInput(input: JsonObject, how: "create" | "update"): void {
  const faults = new Faults();
  faults.required(input, ...(how === "create" ? ["RoleArn", "Source", "Target"] : ["RoleArn"]));
  faults.text(stringMember(input, "Name"), { max: 64, pattern: NAME });
  faults.text(stringMember(input, "Description"), { min: 0, max: 512 });
  faults.oneOf(stringMember(input, "DesiredState"), DESIRED);
  faults.text(stringMember(input, "Source"), { max: 1600 });
  faults.text(stringMember(input, "Enrichment"), { min: 0, max: 1600 });
  faults.text(stringMember(input, "Target"), { max: 1600 });
  faults.text(stringMember(input, "RoleArn"), { max: 1600, pattern: ROLE_ARN });
  faults.text(stringMember(input, "KmsKeyIdentifier"), { min: 0, max: 2048 });
  const enrichment = objectMember(input, "EnrichmentParameters") ?? {};
  faults.text(stringMember(enrichment, "InputTemplate"), { min: 0, max: 8192 });
  checkSourceParameters(objectMember(input, "SourceParameters") ?? {}, how, faults);
  checkTargetParameters(objectMember(input, "TargetParameters") ?? {}, faults);
  checkLogConfiguration(objectMember(input, "LogConfiguration"), faults);
  faults.check();
  checkTags(input["Tags"] === undefined ? undefined : objectMember(input, "Tags"));
}

function checkSourceParameters(given: JsonObject, how: "create" | "update", faults: Faults): void {
  const filters = objectListMember(objectMember(given, "FilterCriteria") ?? {}, "Filters");
  faults.atMost(filters, 5);
  for (const filter of filters ?? []) faults.text(stringMember(filter, "Pattern"), { min: 0, max: 4096 });
  const queue = objectMember(given, "SqsQueueParameters");
  if (queue !== undefined) checkBatch(queue, faults);
  for (const name of ["DynamoDBStreamParameters", "KinesisStreamParameters"]) {
    const stream = objectMember(given, name);
    if (stream === undefined) continue;
    checkBatch(stream, faults);
    if (how === "create") faults.required(stream, "StartingPosition");
    const positions = name.startsWith("Kinesis")
      ? ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
      : ["TRIM_HORIZON", "LATEST"];
    faults.oneOf(stringMember(stream, "StartingPosition"), positions);
    faults.range(numberMember(stream, "MaximumRecordAgeInSeconds"), -1, 604_800);
    faults.range(numberMember(stream, "MaximumRetryAttempts"), -1, 10_000);
    faults.range(numberMember(stream, "ParallelizationFactor"), 1, 10);
    faults.oneOf(stringMember(stream, "OnPartialBatchItemFailure"), ["AUTOMATIC_BISECT"]);
    const deadLetters = stringMember(objectMember(stream, "DeadLetterConfig") ?? {}, "Arn");
    faults.text(deadLetters, { max: 1600, pattern: QUEUE_OR_TOPIC_ARN });
  }
}

function checkBatch(parameters: JsonObject, faults: Faults): void {
  faults.range(numberMember(parameters, "BatchSize"), 1, 10_000);
  faults.range(numberMember(parameters, "MaximumBatchingWindowInSeconds"), 0, 300);
}

function checkTargetParameters(given: JsonObject, faults: Faults): void {
  const part = (name: string): JsonObject => objectMember(given, name) ?? {};
  faults.text(stringMember(given, "InputTemplate"), { min: 0, max: 8192 });
  for (const name of ["LambdaFunctionParameters", "StepFunctionStateMachineParameters"])
    faults.oneOf(stringMember(part(name), "InvocationType"), INVOCATION_TYPES);
  const queue = part("SqsQueueParameters");
  faults.text(stringMember(queue, "MessageGroupId"), { min: 0, max: 100 });
  faults.text(stringMember(queue, "MessageDeduplicationId"), { min: 0, max: 100 });
  const bus = part("EventBridgeEventBusParameters");
  faults.text(stringMember(bus, "DetailType"), { max: 128 });
  faults.text(stringMember(bus, "Source"), { max: 256 });
  faults.text(stringMember(bus, "Time"), { max: 256, pattern: PATH });
  faults.atMost(listMember(bus, "Resources"), 10);
  const logs = part("CloudWatchLogsParameters");
  faults.text(stringMember(logs, "LogStreamName"), { max: 256 });
  faults.text(stringMember(logs, "Timestamp"), { max: 256, pattern: PATH });
  faults.text(stringMember(part("KinesisStreamParameters"), "PartitionKey"), { min: 0, max: 256 });
}

function checkLogConfiguration(given: JsonObject | undefined, faults: Faults): void {
  if (given === undefined) return;
  faults.required(given, "Level");
  faults.oneOf(stringMember(given, "Level"), ["OFF", "ERROR", "INFO", "TRACE"]);
  for (const one of listMember(given, "IncludeExecutionData") ?? []) faults.oneOf(String(one), ["ALL"]);
  const group = objectMember(given, "CloudwatchLogsLogDestination");
  if (group === undefined) return;
  faults.required(group, "LogGroupArn");
  faults.text(stringMember(group, "LogGroupArn"), { max: 1600, pattern: LOG_GROUP_ARN });
}

export function checkTags(tags: JsonObject | undefined): void {
  const faults = new Faults();
  for (const key of Object.keys(tags ?? {})) {
    faults.text(key, { max: 128 });
    faults.text(stringMember(tags ?? {}, key), { min: 0, max: 256 });
  }
  faults.check();
}

export function checkListing(input: JsonObject): void {
  const faults = new Faults();
  faults.text(stringMember(input, "NamePrefix"), { max: 64, pattern: NAME });
  faults.oneOf(stringMember(input, "DesiredState"), DESIRED);
  faults.oneOf(stringMember(input, "CurrentState"), STATES);
  faults.range(numberMember(input, "Limit"), 1, 100);
  faults.text(stringMember(input, "NextToken"), { max: 2048 });
  faults.check();
}
