/** What Step Functions can have done by one action of a service. */
import type { Json, JsonObject } from "../../config/json.js";
import type { HttpExchange } from "../../services/states/interpreter/task-runner.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";

export interface Integration {
  /** What AWS finds wrong with the parameters before it calls anything, one sentence for each fault. */
  faults(parameters: JsonObject): readonly string[] | Promise<readonly string[]>;
  /** Rejects with StatesError; with anything else only when the signal is aborted. */
  request(
    parameters: JsonObject,
    executionArn: string,
    signal: AbortSignal,
    exchanged: (exchange: () => HttpExchange) => void,
  ): Promise<Json>;
}

/** In AWS's words, as users quote them. */
export const fault = {
  unsupported: (field: string): string => `The field "${field}" is not supported by Step Functions`,
  missing: (field: string): string => `The field '${field}' is required but was missing`,
  invalid: (field: string): string => `The value of the field '${field}' has an invalid format`,
};

/** Of an integration that is no API of its own: its fields, and those that it cannot do without. */
export function fieldFaults(fields: readonly string[], required: readonly string[], parameters: JsonObject): string[] {
  const unknown = Object.keys(parameters).filter((name) => !fields.includes(name));
  const missing = required.filter((name) => !(name in parameters));
  return [...unknown.map(fault.unsupported), ...missing.map(fault.missing)];
}

/** `what` is the end of the ARN of the resource. */
export function notEmulated(what: string): StatesError {
  return new StatesError(
    "States.Runtime",
    `arn:aws:states:::${what} is not emulated by lambda-run: it is no action of a service that runs here.`,
  );
}
