/** What the state store keeps of Step Functions. Times are in milliseconds. */
import type { Checkpoint } from "./interpreter/run-execution.js";
import type { MapRunLimits } from "./interpreter/map-runs.js";
import type { ExecutionStatus, LoggingConfiguration, MachineType } from "./admin.js";
import type { JsonObject } from "../../config/json.js";

export interface EncryptionConfiguration {
  readonly type: "AWS_OWNED_KEY" | "CUSTOMER_MANAGED_KMS_KEY";
  readonly kmsKeyId?: string | undefined;
  readonly kmsDataKeyReusePeriodSeconds?: number | undefined;
}

export type Tags = Readonly<Record<string, string>>;

/** What an execution takes from its machine, and a version keeps for good. */
export interface Revision {
  /** Absent before the first change. */
  readonly revisionId: string | undefined;
  readonly definition: string;
  readonly roleArn: string;
  readonly logging: LoggingConfiguration;
  readonly tracing: boolean;
  readonly encryption: EncryptionConfiguration;
  readonly updatedMs: number;
}

export interface MachineRow {
  readonly name: string;
  readonly type: MachineType;
  readonly createdMs: number;
  /** While executions are still running it is there, and takes no new ones. */
  readonly deleting: boolean;
  readonly tags: Tags;
  readonly nextVersion: number;
  readonly revision: Revision;
}

export interface VersionRow {
  readonly machineName: string;
  readonly number: number;
  readonly description: string | undefined;
  readonly createdMs: number;
  readonly revision: Revision;
}

export interface AliasRow {
  readonly machineName: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly routing: readonly { readonly version: number; readonly weight: number }[];
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface ExecutionRow {
  readonly arn: string;
  /** `Machine`, or `Machine/Label` for the child of a distributed Map. */
  readonly machineName: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startMs: number;
  readonly stopMs: number | undefined;
  readonly input: string;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly versionNumber: number | undefined;
  readonly aliasName: string | undefined;
  readonly revisionId: string | undefined;
  readonly traceHeader: string | undefined;
  readonly synchronous: boolean;
  readonly redriveCount: number;
  readonly redriveMs: number | undefined;
  /** Children only. */
  readonly mapRunArn: string | undefined;
  readonly itemCount: number | undefined;
  /** Where a redrive goes on; only of those that did not succeed. */
  readonly stoppedAt: Checkpoint | undefined;
}

export interface EventRow {
  readonly timestampMs: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly details: readonly [member: string, value: JsonObject] | undefined;
}

export interface Counts {
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
  readonly total: number;
  readonly resultsWritten: number;
}

export interface MapRunRow {
  readonly arn: string;
  readonly executionArn: string;
  readonly status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";
  readonly startMs: number;
  readonly stopMs: number | undefined;
  readonly limits: MapRunLimits;
  readonly items: Counts;
  readonly executions: Counts;
}

export interface ActivityRow {
  readonly name: string;
  readonly createdMs: number;
  readonly encryption: EncryptionConfiguration;
  readonly tags: Tags;
}
