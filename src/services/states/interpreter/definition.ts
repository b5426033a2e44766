/**
 * A state machine in the Amazon States Language, as it is after validation. Members keep the names of the language.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
 */
import type { Json, JsonObject } from "../../../config/json.js";

export type QueryLanguage = "JSONPath" | "JSONata";

export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly QueryLanguage?: QueryLanguage;
  readonly Comment?: string;
  readonly Version?: string;
  readonly TimeoutSeconds?: number;
}

export type StateType = "Task" | "Pass" | "Choice" | "Wait" | "Succeed" | "Fail" | "Parallel" | "Map";

/** What all states have; what a state does with the rest of its members is in the file of its type. */
export interface State extends JsonObject {
  readonly Type: StateType;
}

/** Paths and templates go by it; a state says its own, else that of the machine holds, else JSONPath. */
export function queryLanguageOf(machine: Pick<Definition, "QueryLanguage">, state: State): QueryLanguage {
  const own = state["QueryLanguage"] ?? machine.QueryLanguage;
  return own === "JSONata" ? "JSONata" : "JSONPath";
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: "FULL" | "NONE";
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
  readonly Assign?: JsonObject;
  readonly Output?: Json;
}
