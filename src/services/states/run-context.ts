/** What executions are run with. */
import type { Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { JsonObject } from "../kit/json-protocol.js";
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
  /** Puts an event on the default bus of EventBridge; absent where there is none. */
  readonly putEvent?: ((event: JsonObject) => Promise<unknown>) | undefined;
}

export interface RunContext extends StatesCollaborators {
  readonly store: StatesStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly log: Logger;
  readonly bus: Bus;
}
