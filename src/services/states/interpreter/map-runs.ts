/**
 * What a distributed Map needs of the service around it: a Map Run that can be described, and child executions with
 * names, inputs, histories and ends of their own.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import type { Definition } from "./definition.js";
import type { ExecutionEnd } from "./execution-end.js";

export interface MapRunLimits {
  /** 0 is as many as there are. */
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number;
  readonly toleratedFailurePercentage: number;
}

export interface MapRunOptions extends MapRunLimits {
  /** `Label`, else one made from the name of the state. */
  readonly label: string;
  readonly executionType: "STANDARD" | "EXPRESS";
}

export interface ChildExecution {
  readonly definition: Definition;
  readonly input: Json;
  /** How many items it works on: more than one where they come in batches. */
  readonly itemCount: number;
  /** Further members of its context object (`Map`). */
  readonly context?: JsonObject | undefined;
  readonly signal: AbortSignal;
}

export interface ChildEnd {
  readonly end: ExecutionEnd;
  readonly executionArn: string;
  readonly name: string;
  readonly startMs: number;
  readonly stopMs: number;
}

/** One Map Run, from MapRunStarted to its end. */
export interface MapRun {
  readonly arn: string;
  /** As UpdateMapRun has changed them since. */
  limits(): MapRunLimits;
  /** Told as soon as it is known how many items and how many executions there will be. */
  planned(items: number, executions: number): void;
  /** Runs one child execution to its end; never rejects. */
  runChild(child: ChildExecution): Promise<ChildEnd>;
  /** The results are written by ResultWriter. */
  resultsWritten(items: number): void;
  ended(status: "SUCCEEDED" | "FAILED" | "ABORTED"): void;
}

export interface MapRuns {
  open(options: MapRunOptions): MapRun;
}
