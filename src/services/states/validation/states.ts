/**
 * The members of each type of state, and in which query language it has them.
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import type { QueryLanguage, StateType } from "../interpreter/definition.js";
import { assign } from "./assign.js";
import { choices, timestamp } from "./choices.js";
import { catchers, checkDelays, retriers } from "./errors-handled.js";
import { branches, processor } from "./machines.js";
import { MAP_MEMBERS } from "./map-members.js";
import { expressions, path, pathOrFunction, referencePath, resultPath, template, textNotPath } from "./paths.js";
import type { Place } from "./place.js";
import { checkParameters, checkRequired, resource } from "./resources.js";
import type { Check, Reading, Shape } from "./values.js";
import { checkShape, integer, oneOf, orExpression, text, truth } from "./values.js";

const COMMON: Record<string, Check> = { Type: text, QueryLanguage: oneOf(["JSONPath", "JSONata"]) };
const TRANSITION: Record<string, Check> = { Next: text, End: truth };
const INPUT_OUTPUT: Record<string, Check> = { InputPath: path, OutputPath: path, Output: expressions };
const RESULT: Record<string, Check> = { ResultSelector: template, ResultPath: resultPath };
const PARAMETERS: Record<string, Check> = { Parameters: template, Arguments: expressions };
const HANDLERS: Record<string, Check> = { Retry: retriers, Catch: catchers };

const LANGUAGES: Readonly<Record<string, QueryLanguage>> = {
  InputPath: "JSONPath",
  OutputPath: "JSONPath",
  ResultPath: "JSONPath",
  ResultSelector: "JSONPath",
  Parameters: "JSONPath",
  Result: "JSONPath",
  SecondsPath: "JSONPath",
  TimestampPath: "JSONPath",
  TimeoutSecondsPath: "JSONPath",
  HeartbeatSecondsPath: "JSONPath",
  ErrorPath: "JSONPath",
  CausePath: "JSONPath",
  ItemsPath: "JSONPath",
  MaxConcurrencyPath: "JSONPath",
  ToleratedFailureCountPath: "JSONPath",
  ToleratedFailurePercentagePath: "JSONPath",
  Arguments: "JSONata",
  Output: "JSONata",
  Items: "JSONata",
};

/** Read as the parameters of an integration are, with the sentences for those. */
const credentials: Check = (value, place, reading) => {
  if (typeof value === "string" && reading.language === "JSONata") {
    expressions(value, place, reading);
    return;
  }
  if (!isJsonObject(value)) {
    place.refuse("Expected value of type Object");
    return;
  }
  (reading.language === "JSONata" ? expressions : template)(value, place, reading);
  for (const name of Object.keys(value).filter((member) => !ROLE.has(member))) {
    place.refuse(`The field "${name}" is not supported by Step Functions`);
  }
  checkRequired(value, ["RoleArn"], place);
};
const ROLE: ReadonlySet<string> = new Set(["RoleArn", "RoleArn.$"]);

const SHAPES: Readonly<Record<StateType, Shape>> = {
  Task: shape(["Resource"], TRANSITION, INPUT_OUTPUT, RESULT, PARAMETERS, HANDLERS, {
    Resource: resource,
    Assign: assign,
    Credentials: credentials,
    TimeoutSeconds: orExpression(integer(1)),
    TimeoutSecondsPath: referencePath,
    HeartbeatSeconds: orExpression(integer(1)),
    HeartbeatSecondsPath: referencePath,
  }),
  Pass: shape([], TRANSITION, INPUT_OUTPUT, {
    Parameters: template,
    ResultPath: resultPath,
    Result: passResult,
    Assign: assign,
  }),
  Choice: shape(["Choices"], INPUT_OUTPUT, { Choices: choices, Default: text, Assign: assign }),
  Wait: shape([], TRANSITION, INPUT_OUTPUT, {
    Seconds: orExpression(integer(0)),
    SecondsPath: referencePath,
    Timestamp: orExpression(timestamp),
    TimestampPath: referencePath,
    Assign: assign,
  }),
  Succeed: shape([], INPUT_OUTPUT),
  Fail: shape([], {
    Error: orExpression(textNotPath),
    ErrorPath: pathOrFunction,
    Cause: orExpression(textNotPath),
    CausePath: pathOrFunction,
  }),
  Parallel: shape(["Branches"], TRANSITION, INPUT_OUTPUT, RESULT, PARAMETERS, HANDLERS, {
    Branches: branches,
    Assign: assign,
  }),
  Map: shape([], TRANSITION, INPUT_OUTPUT, RESULT, HANDLERS, MAP_MEMBERS, {
    Parameters: template,
    ItemProcessor: processor,
    Iterator: processor,
    Assign: assign,
  }),
};

function shape(required: readonly string[], ...members: readonly Readonly<Record<string, Check>>[]): Shape {
  return { required, members: Object.assign({}, COMMON, ...members), languages: LANGUAGES };
}

function passResult(value: Json, place: Place): void {
  if (JSON.stringify(value).includes('"$.')) {
    place.warn("PASS_RESULT_IS_STATIC", "The result of a Pass state is not read for paths");
  }
}

export function checkState(state: Json, place: Place, outer: Reading): void {
  if (!isJsonObject(state)) {
    place.refuse("Expected value of type Object");
    return;
  }
  const type = state["Type"];
  if (type === undefined) {
    place.refuse("These fields are required: [Type]");
    return;
  }
  if (typeof type !== "string" || !Object.hasOwn(SHAPES, type)) {
    place.member("Type").refuse(`Value must be one of: [${Object.keys(SHAPES).join(", ")}]`);
    return;
  }
  const reading: Reading = { ...outer, language: languageOf(state, outer) };
  if (outer.machineLanguage === "JSONata" && state["QueryLanguage"] === "JSONPath") {
    place.refuse("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
  }
  checkShape(state, place, reading, SHAPES[type as StateType]);
  checkTogether(type as StateType, state, place);
}

/** Every other word than `JSONPath` is taken for JSONata. */
function languageOf(state: JsonObject, outer: Reading): QueryLanguage {
  const own = state["QueryLanguage"];
  return own === undefined ? outer.machineLanguage : own === "JSONPath" ? "JSONPath" : "JSONata";
}

/** Members of which exactly, or at most, one may stand. */
function checkTogether(type: StateType, state: JsonObject, place: Place): void {
  if (Object.hasOwn(SHAPES[type].members, "Next") && (state["Next"] === undefined) === (state["End"] !== true)) {
    place.refuse("Exactly one of these fields is required: [Next, End]");
  }
  if (type === "Task") {
    atMostOne(["TimeoutSeconds", "TimeoutSecondsPath"], state, place);
    atMostOne(["HeartbeatSeconds", "HeartbeatSecondsPath"], state, place);
    checkParameters(state, place);
    const [timeout, heartbeat] = [state["TimeoutSeconds"], state["HeartbeatSeconds"]];
    if (typeof timeout === "number" && typeof heartbeat === "number" && heartbeat >= timeout) {
      place.refuse("'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'");
    }
  } else if (type === "Wait") {
    exactlyOne(["Seconds", "SecondsPath", "Timestamp", "TimestampPath"], state, place);
  } else if (type === "Fail") {
    atMostOne(["Error", "ErrorPath"], state, place);
    atMostOne(["Cause", "CausePath"], state, place);
  } else if (type === "Map") {
    checkMap(state, place);
  }
  checkDelays(state["Retry"], place.member("Retry"));
}

function checkMap(state: JsonObject, place: Place): void {
  exactlyOne(["ItemProcessor", "Iterator"], state, place);
  atMostOne(["MaxConcurrency", "MaxConcurrencyPath"], state, place);
  atMostOne(["ToleratedFailureCount", "ToleratedFailureCountPath"], state, place);
  atMostOne(["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"], state, place);
  atMostOne(["Parameters", "ItemSelector"], state, place);
}

function exactlyOne(names: readonly string[], state: JsonObject, place: Place): void {
  if (names.filter((name) => state[name] !== undefined).length !== 1) {
    place.refuse(`Exactly one of these fields is required: [${names.join(", ")}]`);
  }
}

function atMostOne(names: readonly string[], state: JsonObject, place: Place): void {
  if (names.filter((name) => state[name] !== undefined).length > 1) {
    place.refuse(`Only one of these fields is allowed: [${names.join(", ")}]`);
  }
}
