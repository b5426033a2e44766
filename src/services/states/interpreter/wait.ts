/**
 * Wait: a number of seconds, or until a time.
 * https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
 * The causes are AWS's, recorded; those for seconds that are negative or no whole number, where an expression gave them, are not.
 */
import type { Json } from "../../../config/json.js";
import { textOf } from "../../../config/json.js";
import { scopeOf } from "./context-object.js";
import { effectiveInput, leaveWithInput, nextOf } from "./data-flow.js";
import { findPath } from "./data/json-path.js";
import { evaluateAs } from "./data/jsonata.js";
import { parseTimestamp } from "./data/timestamp.js";
import type { Exit, Step } from "./run.js";
import { QueryEvaluationError, StatesError } from "./states-error.js";

const MS_PER_SECOND = 1000;

export async function wait(step: Step): Promise<Exit> {
  const untilMs = await endOf(step);
  const { clock } = step.run;
  if (untilMs > clock.now()) await clock.sleep(untilMs - clock.now(), step.frame.signal);
  return leaveWithInput(step, nextOf(step.state), step.state);
}

/** Counted from the entry, so that a wait goes on where a process before this one was ended in it. */
async function endOf(step: Step): Promise<number> {
  const { Seconds: seconds, SecondsPath: secondsPath, Timestamp: timestamp, TimestampPath: timestampPath } = step.state;
  if (seconds !== undefined) return step.enteredMs + (await secondsOf(step, seconds)) * MS_PER_SECOND;
  if (timestamp !== undefined) return timeOf(step, timestamp);
  if (secondsPath !== undefined) return step.enteredMs + secondsAt(step, textOf(secondsPath)) * MS_PER_SECOND;
  return timeAt(step, textOf(timestampPath));
}

async function secondsOf(step: Step, field: Json): Promise<number> {
  const value = step.language === "JSONata" ? await evaluateAs("number", field, scopeOf(step), "Seconds") : field;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new QueryEvaluationError(
    `The Seconds field cannot be parsed as a non-negative long value: ${JSON.stringify(value)}`,
    "Seconds",
  );
}

async function timeOf(step: Step, field: Json): Promise<number> {
  const value = textOf(
    step.language === "JSONata" ? await evaluateAs("string", field, scopeOf(step), "Timestamp") : field,
  );
  const time = parseTimestamp(value);
  if (time === undefined) {
    throw new QueryEvaluationError(
      `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${value}`,
      "Timestamp",
    );
  }
  return time;
}

function secondsAt(step: Step, path: string): number {
  const value = at(step, path, "SecondsPath");
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new StatesError(
      "States.Runtime",
      `The SecondsPath parameter cannot be parsed as a long value: ${path} == ${shown(value)}`,
    );
  }
  if (value < 0) {
    throw new StatesError(
      "States.Runtime",
      `The SecondsPath parameter references a negative value: ${path} == ${value}`,
    );
  }
  return value;
}

function timeAt(step: Step, path: string): number {
  const value = at(step, path, "TimestampPath");
  const time = typeof value === "string" ? parseTimestamp(value) : undefined;
  if (time === undefined) {
    throw new StatesError(
      "States.Runtime",
      `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${path} == ${shown(value)}`,
    );
  }
  return time;
}

function at(step: Step, path: string, field: string): Json {
  const value = findPath(path, scopeOf(step, effectiveInput(step)));
  if (value !== undefined) return value;
  throw new StatesError("States.Runtime", `The ${field} parameter does not reference an input value: ${path}`);
}

const shown = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));
