/**
 * What AWS checks of a target when it is put, and what of it is not emulated.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
 */
import { parseArn } from "../../shared/arn.js";
import { numberMember, objectMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { eventsError } from "./errors.js";
import { parsePath } from "./input-path.js";
import { checkTemplate } from "./input-template.js";
import type { TargetRow } from "./store.js";

const MAX_RETRY_ATTEMPTS = 185;
const EVENT_AGE_SECONDS = { min: 60, max: 86_400 } as const;
const MAX_INPUT_LENGTH = 8192;
const MAX_PATH_LENGTH = 256;
const MAX_PATHS = 100;
const PATH_NAME = /^[A-Za-z0-9_-]+$/;

/** Throws ValidationException. */
export function checkTarget(target: TargetRow): void {
  const { Id, Arn } = target;
  const arn = parseArn(Arn);
  if (arn === undefined) throw eventsError.badArn(Arn);
  const fifo = arn.service === "sqs" && arn.resource.endsWith(".fifo");
  const groupId = stringMember(objectMember(target, "SqsParameters") ?? {}, "MessageGroupId");
  if (fifo && (groupId === undefined || groupId === ""))
    throw eventsError.invalid(`Parameter(s) SqsParameters must be specified for target: ${Id}.`);
  const isDestination = arn.service === "events" && arn.resource.startsWith("api-destination/");
  const wantsRole = arn.service === "states" || arn.service === "kinesis" || isDestination;
  if (wantsRole && stringMember(target, "RoleArn") === undefined)
    throw eventsError.invalid(`RoleArn is required for target ${Arn}.`);
  const inputs = ["Input", "InputPath", "InputTransformer"].filter((name) => target[name] !== undefined);
  if (inputs.length > 1)
    throw eventsError.invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`);
  if (arn.service === "logs" && inputs.length > 0 && inputs[0] !== "InputTransformer")
    throw eventsError.invalid(
      `Input and InputPath are not valid forms of input for target ${Id}. The only valid form of input is InputTransformer.`,
    );
  if (arn.service === "events" && arn.resource.startsWith("event-bus/") && inputs.length > 0)
    throw eventsError.invalid(`${inputs[0]} is not supported for target ${Arn}.`);
  const keyPath = stringMember(objectMember(target, "KinesisParameters") ?? {}, "PartitionKeyPath");
  if (keyPath !== undefined && parsePath(keyPath) === undefined)
    throw eventsError.invalid(`KinesisParameters.PartitionKeyPath for target ${Id} is invalid.`);
  checkNumbers(target);
  checkHttpParameters(target, isDestination);
  checkInput(target);
  checkDeadLetters(target);
}

function checkNumbers(target: TargetRow): void {
  const policy = objectMember(target, "RetryPolicy");
  if (policy === undefined) return;
  const violations = new Violations();
  const at = "targets.1.member.retryPolicy";
  violations.range(numberMember(policy, "MaximumRetryAttempts"), `${at}.maximumRetryAttempts`, 0, MAX_RETRY_ATTEMPTS);
  violations.range(
    numberMember(policy, "MaximumEventAgeInSeconds"),
    `${at}.maximumEventAgeInSeconds`,
    EVENT_AGE_SECONDS.min,
    EVENT_AGE_SECONDS.max,
  );
  violations.check();
}

function checkHttpParameters(target: TargetRow, isDestination: boolean): void {
  const http = objectMember(target, "HttpParameters");
  if (http === undefined) return;
  if (!isDestination) throw eventsError.invalid(`Parameter(s) HttpParameters are not valid for target ${target.Id}.`);
  stringListMember(http, "PathParameterValues");
  for (const name of ["HeaderParameters", "QueryStringParameters"]) {
    const map = objectMember(http, name) ?? {};
    for (const key of Object.keys(map)) stringMember(map, key);
  }
}

function checkInput(target: TargetRow): void {
  const { Id } = target;
  const constant = stringMember(target, "Input");
  const path = stringMember(target, "InputPath");
  const violations = new Violations();
  violations.length(constant, "targets.1.member.input", 0, MAX_INPUT_LENGTH);
  violations.length(path, "targets.1.member.inputPath", 0, MAX_PATH_LENGTH);
  violations.check();
  if (constant !== undefined && !isJson(constant))
    throw eventsError.invalid(`JSON syntax error in input for target ${Id}.`);
  if (path !== undefined && parsePath(path) === undefined)
    throw eventsError.invalid(`InputPath for target ${Id} is invalid.`);
  const transformer = objectMember(target, "InputTransformer");
  if (transformer !== undefined) checkTransformer(Id, transformer);
}

function checkTransformer(id: string, transformer: JsonObject): void {
  const template = stringMember(transformer, "InputTemplate");
  const violations = new Violations();
  violations.required(template, "targets.1.member.inputTransformer.inputTemplate");
  violations.length(template, "targets.1.member.inputTransformer.inputTemplate", 1, MAX_INPUT_LENGTH);
  violations.check();
  const paths = objectMember(transformer, "InputPathsMap") ?? {};
  if (Object.keys(paths).length > MAX_PATHS) throw eventsError.tooMany();
  for (const name of Object.keys(paths)) {
    const path = stringMember(paths, name) ?? "";
    if (!PATH_NAME.test(name) || /^aws/i.test(name) || parsePath(path) === undefined)
      throw eventsError.invalid(`InputPathsMap for target ${id} contains invalid path ${name}.`);
  }
  const fault = checkTemplate(template ?? "", new Set(Object.keys(paths)));
  if (fault?.placeholder !== undefined)
    throw eventsError.invalid(`InputTemplate for target ${id} contains invalid placeholder ${fault.placeholder}.`);
  if (fault !== undefined) throw eventsError.invalid(`Invalid InputTemplate for target ${id} : ${fault.place}`);
}

function checkDeadLetters(target: TargetRow): void {
  const arn = stringMember(objectMember(target, "DeadLetterConfig") ?? {}, "Arn");
  if (arn === undefined) return;
  const queue = parseArn(arn);
  if (queue === undefined) throw eventsError.badArn(arn);
  if (queue.service !== "sqs" || queue.resource.endsWith(".fifo"))
    throw eventsError.invalid(`DeadLetterConfig for target ${target.Id} must be a standard SQS queue.`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const PARAMETERS = [
  "AppSyncParameters",
  "BatchParameters",
  "EcsParameters",
  "RedshiftDataParameters",
  "RunCommandParameters",
  "SageMakerPipelineParameters",
];
/** Service, and how the resource of an ARN begins. */
const EMULATED: readonly (readonly [service: string, start: string])[] = [
  ["lambda", "function:"],
  ["sqs", ""],
  ["sns", ""],
  ["states", "stateMachine:"],
  ["events", "event-bus/"],
  ["events", "api-destination/"],
  ["logs", "log-group:"],
  ["kinesis", "stream/"],
];

/** What of a target lambda-run does not do; undefined when it does everything. */
export function unsupportedPart(target: TargetRow): string | undefined {
  const arn = parseArn(target.Arn);
  if (!EMULATED.some(([service, start]) => arn?.service === service && arn.resource.startsWith(start)))
    return `The target ${target.Arn}`;
  return PARAMETERS.find((name) => target[name] !== undefined);
}
