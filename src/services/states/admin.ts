/** Step Functions without HTTP: what the stack declares and starts, and what its task runner stands on. */
import type { Json } from "../../config/json.js";
import type { TaskCall, TaskProgress } from "./interpreter/task-runner.js";

export type MachineType = "STANDARD" | "EXPRESS";
export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED" | "PENDING_REDRIVE";

export interface LoggingConfiguration {
  readonly level: "ALL" | "ERROR" | "FATAL" | "OFF";
  readonly includeExecutionData: boolean;
  /** ARNs of log groups, with or without `:*`. */
  readonly logGroupArns: readonly string[];
}

export interface DeclaredMachine {
  readonly name: string;
  readonly type: MachineType;
  /** JSON text, substitutions done. */
  readonly definition: string;
  readonly roleArn: string;
  readonly logging?: LoggingConfiguration | undefined;
  readonly tracing?: boolean | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** A version for each change of the definition (the first is 1), and these aliases upon the newest. Absent: nothing is published. */
  readonly published?: { readonly aliases: readonly string[] } | undefined;
}

export interface MachineSummary {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly type: MachineType;
}

export interface ExecutionStart {
  /** Of a machine, a version or an alias. */
  readonly stateMachineArn: string;
  /** Made up when absent. */
  readonly name?: string | undefined;
  /** JSON text; `{}` when absent. */
  readonly input?: string | undefined;
  readonly traceHeader?: string | undefined;
}

/** As DescribeExecution has it; StartSyncExecution, too, as far as it goes. Input and output are JSON texts. */
export interface ExecutionSummary {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startMs: number;
  readonly stopMs?: number | undefined;
  readonly input: string;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Every method throws the AwsError that the API would answer with. */
export interface StatesAdmin {
  /** Makes a machine or changes the one that exists; running executions keep the definition they began with. */
  declare(machine: DeclaredMachine): Promise<MachineSummary>;
  /** A machine that the template declares no more; one that is not there is no error. */
  withdraw(name: string): Promise<void>;
  /** Makes an activity; one that exists is no error. */
  declareActivity(name: string): Promise<void>;
  /** By the ARN of a machine, a version or an alias. */
  machine(arn: string): MachineSummary | undefined;
  machines(): readonly MachineSummary[];
  startExecution(start: ExecutionStart): Promise<{ readonly executionArn: string; readonly startMs: number }>;
  /** Express machines; resolves at the end. */
  startSyncExecution(start: ExecutionStart): Promise<ExecutionSummary>;
  /** Undefined for an execution that never was, or of which there are no rows (Express). */
  execution(executionArn: string): ExecutionSummary | undefined;
  /** Resolves when the execution has ended, at once when it has; rejects with the signal's reason. */
  executionEnded(executionArn: string, signal: AbortSignal): Promise<ExecutionSummary>;
  stopExecution(executionArn: string, error?: string, cause?: string): Promise<void>;
  /**
   * Waits for SendTaskSuccess (resolves), SendTaskFailure (rejects with StatesError); SendTaskHeartbeat tells `progress`.
   * To be called before the request goes out that carries the token: the answer may come first.
   */
  callback(token: string, progress: Pick<TaskProgress, "heartbeat">, signal: AbortSignal): Promise<Json>;
  /** The work of a Task state whose resource is an activity, from the schedule to its end. */
  activity(call: TaskCall, progress: TaskProgress, signal: AbortSignal): Promise<Json>;
  /** ARNs of the executions that this process runs now, Express ones and children of Map Runs included. */
  running(): readonly string[];
  /** Goes on with the executions that were running when the process ended; to be called once tasks can run. */
  resume(): Promise<void>;
}
