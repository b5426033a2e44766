/**
 * What TestState shows of the way of the data. Which stages it shows of which state was recorded on AWS: of a Pass state with a
 * fixed result nothing before that result, of Parallel and Map no result before ResultSelector, of JSONata hardly anything.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html
 */
import type { Json } from "../../../config/json.js";
import type { DataStage } from "../interpreter/run.js";
import type { Variables } from "../interpreter/scope.js";
import type { HttpMessage } from "../interpreter/task-runner.js";
import type { Subject } from "./subject.js";

export interface ErrorDetails {
  readonly catchIndex?: number;
  readonly retryIndex?: number;
  readonly retryBackoffIntervalSeconds?: number;
}

/** As numbers of Map states are shown, each in its own member. */
export interface MapFigures {
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number | undefined;
  readonly toleratedFailurePercentage: number | undefined;
}

export class Inspection {
  readonly #subject: Subject;
  readonly #members: Record<string, unknown>;

  constructor(subject: Subject, input: Json) {
    this.#subject = subject;
    this.#members = { input: JSON.stringify(input) };
  }

  stage(stage: DataStage, value: Json): void {
    if (stage !== "result" || this.#showsResult()) {
      this.#members[stage] = JSON.stringify(value);
    }
  }

  #showsResult(): boolean {
    const { state } = this.#subject;
    return state.Type === "Task" || (state.Type === "Pass" && state["Result"] !== undefined);
  }

  figures({ maxConcurrency, toleratedFailureCount, toleratedFailurePercentage }: MapFigures): void {
    Object.assign(this.#members, { maxConcurrency, toleratedFailureCount, toleratedFailurePercentage });
  }

  exchange(request: HttpMessage, response: HttpMessage | undefined): void {
    Object.assign(this.#members, { request, ...(response === undefined ? {} : { response }) });
  }

  errorDetails(details: ErrorDetails): void {
    this.#members["errorDetails"] = details;
  }

  variables(variables: Variables): void {
    if (Object.keys(variables).length > 0) {
      this.#members["variables"] = JSON.stringify(variables);
    }
  }

  get members(): Readonly<Record<string, unknown>> {
    return this.#members;
  }
}
