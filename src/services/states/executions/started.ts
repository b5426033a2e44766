/** What is run, and what comes of it. */
import type { JsonObject } from "../../../config/json.js";
import type { Definition } from "../interpreter/definition.js";
import type { ExecutionEnd } from "../interpreter/execution-end.js";
import type { Checkpoint } from "../interpreter/run-execution.js";
import type { Failure } from "../interpreter/states-error.js";
import type { ExecutionRow, Revision } from "../rows.js";

export interface Started {
  readonly row: ExecutionRow;
  readonly revision: Revision;
  /** Of a child of a distributed Map: the processor's. */
  readonly definition?: Definition | undefined;
  /** Further members of its context object. */
  readonly context?: JsonObject | undefined;
  readonly resume?: Checkpoint | undefined;
  /** There is no row of it in the store: a synchronous Express execution, the Express child of a distributed Map. */
  readonly unkept?: boolean | undefined;
}

export interface Ended {
  readonly row: ExecutionRow;
  readonly end: ExecutionEnd;
}

/** Runs executions, and stops them. */
export interface Runner {
  /** Resolves at the end. */
  run(started: Started): Promise<Ended>;
  /** Resolves when it has stopped. */
  stop(arn: string, failure: Failure): Promise<void>;
}
