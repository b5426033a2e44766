/** What executions look like from outside: to their own states (the context object), to the API, to the stack. */
import type { JsonObject } from "../../../config/json.js";
import type { Realm } from "../../../shared/arn.js";
import type { ExecutionSummary } from "../admin.js";
import type { ExecutionRow, Revision } from "../rows.js";
import { machineArn } from "./names.js";

export const seconds = (ms: number): number => ms / 1000;

export const isExpress = (arn: string): boolean => arn.split(":")[5] === "express";

/** The machine of a child of a distributed Map is `Machine/Label`. */
export const parentMachineOf = ({ machineName }: Pick<ExecutionRow, "machineName">): string =>
  machineName.split("/")[0] ?? machineName;

/** https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
export function contextOf(row: ExecutionRow, revision: Revision, realm: Realm): JsonObject {
  const { redriveMs } = row;
  return {
    Execution: {
      Id: row.arn,
      Input: JSON.parse(row.input) as JsonObject,
      Name: row.name,
      RoleArn: revision.roleArn,
      StartTime: new Date(row.startMs).toISOString(),
      // Synchronous executions have none (obs 2024).
      ...(row.synchronous ? {} : { RedriveCount: row.redriveCount }),
      ...(redriveMs === undefined ? {} : { RedriveTime: new Date(redriveMs).toISOString() }),
    },
    StateMachine: { Id: machineArn(realm, row.machineName), Name: row.machineName },
  };
}

/** As ListExecutions has it. */
export function listedExecution(row: ExecutionRow, realm: Realm): Record<string, unknown> {
  return {
    executionArn: row.arn,
    stateMachineArn: machineArn(realm, row.machineName),
    name: row.name,
    status: row.status,
    startDate: seconds(row.startMs),
    ...(row.stopMs === undefined ? {} : { stopDate: seconds(row.stopMs) }),
    ...(row.mapRunArn === undefined ? {} : { mapRunArn: row.mapRunArn, itemCount: row.itemCount }),
    ...startedWith(row, realm),
    redriveCount: row.redriveCount,
    ...(row.redriveMs === undefined ? {} : { redriveDate: seconds(row.redriveMs) }),
  };
}

/** As DescribeExecution has it, without what it says of a redrive. */
export function describedExecution(row: ExecutionRow, realm: Realm): Record<string, unknown> {
  return {
    executionArn: row.arn,
    stateMachineArn: machineArn(realm, row.machineName),
    name: row.name,
    status: row.status,
    startDate: seconds(row.startMs),
    ...(row.stopMs === undefined ? {} : { stopDate: seconds(row.stopMs) }),
    input: row.input,
    inputDetails: { included: true },
    ...(row.output === undefined ? {} : { output: row.output, outputDetails: { included: true } }),
    ...(row.error === undefined ? {} : { error: row.error }),
    ...(row.cause === undefined ? {} : { cause: row.cause }),
    ...(row.traceHeader === undefined ? {} : { traceHeader: row.traceHeader }),
    ...(row.mapRunArn === undefined ? {} : { mapRunArn: row.mapRunArn }),
    ...startedWith(row, realm),
  };
}

function startedWith({ machineName, versionNumber, aliasName }: ExecutionRow, realm: Realm): Record<string, unknown> {
  return {
    ...(versionNumber === undefined ? {} : { stateMachineVersionArn: machineArn(realm, machineName, versionNumber) }),
    ...(aliasName === undefined ? {} : { stateMachineAliasArn: machineArn(realm, machineName, aliasName) }),
  };
}

export function summaryOf(row: ExecutionRow, realm: Realm): ExecutionSummary {
  const { arn, name, status, startMs, stopMs, input, output, error, cause } = row;
  const stateMachineArn = machineArn(realm, row.machineName);
  return { executionArn: arn, stateMachineArn, name, status, startMs, stopMs, input, output, error, cause };
}

/** A row that has just begun. */
export function newExecution(
  start: Pick<ExecutionRow, "arn" | "machineName" | "name" | "startMs" | "input"> & Partial<ExecutionRow>,
): ExecutionRow {
  return {
    arn: start.arn,
    machineName: start.machineName,
    name: start.name,
    status: "RUNNING",
    startMs: start.startMs,
    stopMs: undefined,
    input: start.input,
    output: undefined,
    error: undefined,
    cause: undefined,
    versionNumber: start.versionNumber,
    aliasName: start.aliasName,
    revisionId: start.revisionId,
    traceHeader: start.traceHeader,
    synchronous: start.synchronous ?? false,
    redriveCount: 0,
    redriveMs: undefined,
    mapRunArn: start.mapRunArn,
    itemCount: start.itemCount,
    stoppedAt: undefined,
  };
}
