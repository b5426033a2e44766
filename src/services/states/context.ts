/** What the operations of Step Functions and the life of executions share. */
import type { ServerResponse } from "node:http";
import type { Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { JsonOperation } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import type { Activities } from "./executions/activities.js";
import type { Callbacks } from "./executions/callbacks.js";
import type { ExecutionRuns } from "./executions/runs.js";
import type { TaskRunner } from "./interpreter/task-runner.js";
import type { StatesStore } from "./store.js";

export interface LogLine {
  readonly timestampMs: number;
  readonly message: string;
}

export interface StatesCollaborators {
  /** Does the work of Task states; asked for when an execution needs it first. */
  readonly tasks: () => TaskRunner;
  /** Writes lines to a group of CloudWatch Logs (LogsAdmin.append); absent where nothing keeps logs. */
  readonly writeLog?: ((group: string, stream: string, lines: readonly LogLine[]) => Promise<void>) | undefined;
  /** Every group is believed without it. */
  readonly logGroupExists?: ((group: string) => Promise<boolean>) | undefined;
}

/** What an execution is run with. */
export interface RunContext extends StatesCollaborators {
  readonly store: StatesStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly bus: Bus;
  readonly log: Logger;
}

export interface StatesContext extends RunContext {
  readonly runs: ExecutionRuns;
  readonly callbacks: Callbacks;
  readonly activities: Activities;
  /** Of a long poll. */
  readonly responseOf: (request: ServiceRequest) => ServerResponse | undefined;
}

export type Operations = Readonly<Record<string, JsonOperation>>;
