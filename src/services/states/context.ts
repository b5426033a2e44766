/** What the operations of Step Functions share. */
import type { ServerResponse } from "node:http";
import type { JsonOperation } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import type { Activities } from "./executions/activities.js";
import type { Callbacks } from "./executions/callbacks.js";
import type { ExecutionRuns } from "./executions/runs.js";
import type { RunContext } from "./run-context.js";

export interface StatesContext extends RunContext {
  readonly runs: ExecutionRuns;
  readonly callbacks: Callbacks;
  readonly activities: Activities;
  /** Of a long poll. */
  readonly responseOf: (request: ServiceRequest) => ServerResponse | undefined;
}

export type Operations = Readonly<Record<string, JsonOperation>>;
