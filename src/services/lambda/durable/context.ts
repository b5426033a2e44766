/** What durable executions need from the service and from rooms above it. */
import type { RuntimeHost } from "../../../runtime/host.js";
import type { Realm } from "../../../shared/arn.js";
import type { Clock } from "../../../shared/clock.js";
import type { Logger } from "../../../shared/logger.js";
import type { StateStore } from "../../kit/state-store.js";
import type { FunctionDirectory } from "../directory.js";
import type { ExecutionRow, OperationRow } from "./rows.js";

export interface DurableContext {
  readonly store: () => StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly realm: Realm;
  readonly host: RuntimeHost;
  readonly directory: FunctionDirectory;
  readonly surroundings: DurableSurroundings;
}

export interface DurableSurroundings {
  /** Event of AWS's own, for the default bus. */
  readonly putEvent: (event: Record<string, unknown>) => Promise<unknown>;
  /** Sends the dead letter of an execution; rejects when it should be tried again. */
  readonly sendLetter: (row: ExecutionRow, input: string) => Promise<void>;
  /** It has come to its end. */
  readonly ended: (row: ExecutionRow, input: string) => void;
  /** An invocation has ended, and the execution waits for these operations. */
  readonly suspended: (row: ExecutionRow, awaited: readonly OperationRow[]) => void;
}
