/**
 * Retry and Catch.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
import type { Json } from "../../../config/json.js";
import { isJsonObject, listOf } from "../../../config/json.js";
import { assignInCatcher } from "./assign.js";
import { checkExpressions } from "./jsonata-expressions.js";
import { resultPath } from "./paths.js";
import type { Place } from "./place.js";
import type { Check, Reading, Shape } from "./values.js";
import { checkShape, integer, MAX_SECONDS, number, oneOf, text } from "./values.js";

const LONGEST_DELAY_SECONDS = 31_622_400;

const errorEquals: Check = (value, place) => {
  if (!Array.isArray(value)) {
    place.refuse("Expected value of type Array");
    return;
  }
  if (value.length === 0) {
    place.refuse("Array must have at least 1 item");
  }
  for (const [index, name] of listOf(value).entries()) {
    if (typeof name !== "string") {
      place.item(index).refuse("Expected value of type String");
    }
  }
};

const RETRIER: Shape = {
  required: ["ErrorEquals"],
  members: {
    ErrorEquals: errorEquals,
    IntervalSeconds: integer(1),
    MaxAttempts: integer(0),
    BackoffRate: number(1, MAX_SECONDS),
    MaxDelaySeconds: integer(1, LONGEST_DELAY_SECONDS),
    JitterStrategy: oneOf(["FULL", "NONE"]),
  },
};

const CATCHER: Shape = {
  required: ["ErrorEquals", "Next"],
  members: {
    ErrorEquals: errorEquals,
    Next: text,
    ResultPath: resultPath,
    Output: (value, place) => {
      checkExpressions(value, place, "catcher");
    },
    Assign: assignInCatcher,
  },
  languages: { ResultPath: "JSONPath", Output: "JSONata" },
};

export const retriers: Check = (value, place, reading) => {
  checkHandlers(value, place, reading, RETRIER);
};

export const catchers: Check = (value, place, reading) => {
  checkHandlers(value, place, reading, CATCHER);
};

function checkHandlers(value: Json, place: Place, reading: Reading, shape: Shape): void {
  if (!Array.isArray(value)) {
    place.refuse("Expected value of type Array");
    return;
  }
  const handlers = listOf(value);
  for (const [index, handler] of handlers.entries()) {
    if (checkShape(handler, place.item(index), reading, shape)) {
      checkStatesAll(handler["ErrorEquals"], index === handlers.length - 1, place.item(index).member("ErrorEquals"));
    }
  }
}

/** `States.ALL` takes all that is left, so that nothing can stand beside or behind it. */
function checkStatesAll(names: Json | undefined, isLast: boolean, place: Place): void {
  const list = listOf(names);
  const at = list.indexOf("States.ALL");
  if (at >= 0 && (list.length > 1 || !isLast)) {
    place.item(at).refuse("States.ALL must appear alone and at end of list");
  }
}

/** Whose delays grow must be able to: the longest is longer than the first. */
export function checkDelays(value: Json | undefined, place: Place): void {
  for (const [index, retrier] of listOf(value).entries()) {
    if (isJsonObject(retrier)) {
      const first = retrier["IntervalSeconds"] ?? 1;
      const longest = retrier["MaxDelaySeconds"];
      if (typeof first === "number" && typeof longest === "number" && longest <= first) {
        place.item(index).refuse("'MaxDelaySeconds' must be greater than 'IntervalSeconds'");
      }
    }
  }
}
