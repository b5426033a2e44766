import type { EmbeddedService, ServiceContext } from "../service.js";
import type { StatesAdmin } from "./admin.js";
import type { TaskRunner } from "./interpreter/task-runner.js";

export type {
  DeclaredMachine,
  ExecutionStart,
  ExecutionStatus,
  ExecutionSummary,
  LoggingConfiguration,
  MachineSummary,
  MachineType,
  StatesAdmin,
} from "./admin.js";

export type StatesService = EmbeddedService & StatesAdmin;

export interface StatesCollaborators {
  /** Does the work of Task states; asked for when an execution needs it first. */
  readonly tasks: () => TaskRunner;
  /** Writes lines to a group of CloudWatch Logs (LogsAdmin.append); absent where nothing keeps logs. */
  readonly writeLog?:
    | ((
        group: string,
        stream: string,
        events: readonly { readonly timestampMs: number; readonly message: string }[],
      ) => Promise<void>)
    | undefined;
}

export function createStatesService(_context: ServiceContext, _collaborators: StatesCollaborators): StatesService {
  throw new Error("Step Functions are under construction");
}
