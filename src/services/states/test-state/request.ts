/**
 * What TestState is asked, with the constraints of the API's model.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
 */
import type { Json } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import type { JsonObject as Members } from "../../kit/json-protocol.js";
import { booleanMember, numberMember, objectMember, stringMember, Violations } from "../../kit/json-input.js";
import { statesError } from "../errors.js";
import { documentIn } from "../executions/documents.js";

const LEVELS = ["INFO", "DEBUG", "TRACE"] as const;
const MODES = ["STRICT", "PRESENT", "NONE"] as const;
const MAX_DEFINITION_LENGTH = 1_048_576;
const MAX_DATA_LENGTH = 262_144;
const MAX_ARN_LENGTH = 256;
const MAX_NAME_LENGTH = 80;
const MAX_ERROR_LENGTH = 256;
const MAX_CAUSE_LENGTH = 32_768;
const MAX_COUNT = 2_147_483_647;

export type ValidationMode = (typeof MODES)[number];

export interface Mock {
  readonly result: string | undefined;
  readonly errorOutput: { readonly error: string | undefined; readonly cause: string | undefined } | undefined;
  readonly mode: ValidationMode;
}

export interface StateConfiguration {
  readonly retrierRetryCount: number | undefined;
  readonly errorCausedByState: string | undefined;
  readonly mapIterationFailureCount: number | undefined;
  readonly mapItemReaderData: string | undefined;
}

/** JSON documents are still texts. */
export interface TestStateRequest {
  readonly definition: string;
  readonly stateName: string | undefined;
  readonly roleArn: string | undefined;
  readonly input: string | undefined;
  readonly variables: string | undefined;
  readonly context: string | undefined;
  readonly level: (typeof LEVELS)[number];
  readonly revealSecrets: boolean;
  readonly mock: Mock | undefined;
  readonly configuration: StateConfiguration;
}

export const refused = statesError.validation;

export function readRequest(members: Members): TestStateRequest {
  const violations = new Violations();
  const text = (name: string, least: number, most: number): string | undefined => {
    const value = stringMember(members, name);
    violations.length(value, name, least, most);
    return value;
  };
  const definition = text("definition", 1, MAX_DEFINITION_LENGTH);
  violations.required(definition, "definition");
  const level = stringMember(members, "inspectionLevel") ?? "INFO";
  violations.oneOf(level, "inspectionLevel", LEVELS);
  const request: TestStateRequest = {
    definition: definition ?? "",
    stateName: text("stateName", 1, MAX_NAME_LENGTH),
    roleArn: text("roleArn", 1, MAX_ARN_LENGTH),
    input: text("input", 0, MAX_DATA_LENGTH),
    variables: text("variables", 0, MAX_DATA_LENGTH),
    context: text("context", 0, MAX_DATA_LENGTH),
    level: level as TestStateRequest["level"],
    revealSecrets: booleanMember(members, "revealSecrets") ?? false,
    mock: readMock(objectMember(members, "mock"), violations),
    configuration: readConfiguration(objectMember(members, "stateConfiguration") ?? {}, violations),
  };
  violations.check();
  return request;
}

function readMock(members: Members | undefined, violations: Violations): Mock | undefined {
  if (members === undefined) {
    return undefined;
  }
  const result = stringMember(members, "result");
  const mode = stringMember(members, "fieldValidationMode") ?? "STRICT";
  const failure = objectMember(members, "errorOutput");
  const error = failure === undefined ? undefined : stringMember(failure, "error");
  const cause = failure === undefined ? undefined : stringMember(failure, "cause");
  violations.length(result, "mock.result", 0, MAX_DATA_LENGTH);
  violations.oneOf(mode, "mock.fieldValidationMode", MODES);
  violations.length(error, "mock.errorOutput.error", 0, MAX_ERROR_LENGTH);
  violations.length(cause, "mock.errorOutput.cause", 0, MAX_CAUSE_LENGTH);
  return { result, errorOutput: failure === undefined ? undefined : { error, cause }, mode: mode as ValidationMode };
}

function readConfiguration(members: Members, violations: Violations): StateConfiguration {
  const count = (name: string): number | undefined => {
    const value = numberMember(members, name);
    violations.range(value, `stateConfiguration.${name}`, 0, MAX_COUNT);
    return value;
  };
  const errorCausedByState = stringMember(members, "errorCausedByState");
  const mapItemReaderData = stringMember(members, "mapItemReaderData");
  violations.length(errorCausedByState, "stateConfiguration.errorCausedByState", 1, MAX_NAME_LENGTH);
  violations.length(mapItemReaderData, "stateConfiguration.mapItemReaderData", 0, MAX_DATA_LENGTH);
  return {
    retrierRetryCount: count("retrierRetryCount"),
    errorCausedByState,
    mapIterationFailureCount: count("mapIterationFailureCount"),
    mapItemReaderData,
  };
}

/** The input of the state, as StartExecution takes it. */
export const readInput = (text = "{}"): Json => documentIn(text, statesError.invalidInput, "Invalid execution input.");

/** `variables` and `context`. */
export function readObject(text: string, what: string): { readonly [key: string]: Json } {
  let value: Json | undefined;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    value = undefined;
  }
  if (!isJsonObject(value)) {
    throw refused(`${what} must be a valid JSON object`);
  }
  return value;
}
