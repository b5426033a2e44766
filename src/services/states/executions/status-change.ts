/**
 * Who is told that the status of an execution has changed: the stack, at the end of each, and EventBridge.
 * "Step Functions Execution Status Change", as EventBridge gets it; AWS promises no more than its best, either.
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
import { randomUUID } from "node:crypto";
import type { Bus } from "../../../shared/bus.js";
import { messageOf } from "../../../shared/errors.js";
import type { ExecutionRow } from "../rows.js";
import type { RunContext } from "../run-context.js";
import { machineArn } from "./names.js";
import { isExpress } from "./views.js";

/** Input and output together; beyond, the input is left out first. */
const MAX_DATA_BYTES = 248 * 1024;

/** Express executions tell nothing. */
export function tellStatus(context: Pick<RunContext, "putEvent" | "clock" | "realm" | "log">, row: ExecutionRow): void {
  const { putEvent, clock, realm, log } = context;
  if (putEvent === undefined || isExpress(row.arn)) return;
  putEvent({
    version: "0",
    id: randomUUID(),
    "detail-type": "Step Functions Execution Status Change",
    source: "aws.states",
    account: realm.accountId,
    time: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
    region: realm.region,
    resources: [row.arn],
    detail: detailOf(row, context),
  }).catch((error: unknown) =>
    log.warn({ executionArn: row.arn, reason: messageOf(error) }, "the status of an execution could not be told"),
  );
}

/** Express ones, too. */
export function tellStart(bus: Bus, { machineName, mapRunArn }: ExecutionRow): void {
  if (mapRunArn === undefined) bus.emit("ExecutionStarted", { machineName });
}

/** Express ones, too. The children of a distributed Map are its own matter: there may be thousands. */
export function tellEnd(bus: Bus, row: ExecutionRow): void {
  const { arn, machineName, status, startMs, stopMs = startMs, input, output, error, cause, mapRunArn } = row;
  if (mapRunArn !== undefined) return;
  const facts = { machineName, status, startMs, stopMs, input, output, error, cause };
  bus.emit("ExecutionEnded", { id: randomUUID(), executionArn: arn, ...facts });
}

function detailOf(row: ExecutionRow, { realm }: Pick<RunContext, "realm">): Record<string, unknown> {
  const { machineName, versionNumber, aliasName, output } = row;
  const outputBytes = Buffer.byteLength(output ?? "");
  const withOutput = outputBytes <= MAX_DATA_BYTES;
  const withInput = Buffer.byteLength(row.input) + outputBytes <= MAX_DATA_BYTES;
  return {
    executionArn: row.arn,
    stateMachineArn: machineArn(realm, machineName),
    stateMachineVersionArn: versionNumber === undefined ? null : machineArn(realm, machineName, versionNumber),
    stateMachineAliasArn: aliasName === undefined ? null : machineArn(realm, machineName, aliasName),
    name: row.name,
    status: row.status,
    startDate: row.startMs,
    stopDate: row.stopMs ?? null,
    input: withInput ? row.input : null,
    inputDetails: { included: withInput },
    output: withOutput ? (output ?? null) : null,
    outputDetails: output === undefined ? null : { included: withOutput },
    error: row.error ?? null,
    cause: row.cause ?? null,
    redriveCount: row.redriveCount,
    redriveDate: row.redriveMs ?? null,
  };
}
