/**
 * How executions begin: by the API, by the stack (EventBridge, Scheduler) and by the executions of other machines.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
import type { ExecutionStart } from "../admin.js";
import type { StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import type { ExecutionEnd } from "../interpreter/run-execution.js";
import { requireTarget, type Target } from "../machines/targets.js";
import type { ExecutionRow } from "../rows.js";
import { documentIn } from "./documents.js";
import { checkName, executionArn, expressArn, newName } from "./names.js";
import type { Started } from "./started.js";
import { tellStart, tellStatus } from "./status-change.js";
import { newExecution } from "./views.js";

/** What is started without an input. */
const NO_INPUT = "{}";

/** Resolves when the execution is a row, and so will be run whatever happens to this process. */
export async function startExecution(context: StatesContext, start: ExecutionStart): Promise<ExecutionRow> {
  const { store, clock, runs } = context;
  const { row, begun } = await store.write(() => {
    const target = openTarget(context, start.stateMachineArn);
    const row = rowOf(context, target, start);
    const existing = store.execution(row.arn);
    if (existing !== undefined) {
      // The same again is no error while it runs.
      if (existing.status === "RUNNING" && existing.input === row.input) return { row: existing, begun: undefined };
      throw statesError.executionExists(row.arn);
    }
    store.sweep(clock.now());
    store.addExecution(row);
    const begun: Started = { row, revision: target.revision };
    return { row, begun };
  });
  if (begun !== undefined) {
    tellStatus(context, row);
    tellStart(context.bus, row);
    runs.begin(begun);
  }
  return row;
}

export interface SyncResult {
  readonly row: ExecutionRow;
  readonly end: ExecutionEnd;
}

/** At most once: there is no row of it, and it ends with this process. */
export function startSyncExecution(context: StatesContext, start: ExecutionStart): Promise<SyncResult> {
  const target = openTarget(context, start.stateMachineArn);
  if (target.machine.type !== "EXPRESS") throw statesError.typeNotSupported();
  const row = rowOf(context, target, start);
  tellStart(context.bus, row);
  return context.runs.run({ row: { ...row, synchronous: true }, revision: target.revision, unkept: true });
}

function openTarget(context: StatesContext, arn: string): Target {
  const target = requireTarget(context, arn, Math.random());
  if (target.machine.deleting) throw statesError.machineDeleting(arn);
  return target;
}

function rowOf(
  { clock, realm }: StatesContext,
  { machine, revision, versionNumber, aliasName }: Target,
  { name = newName(), input = NO_INPUT, traceHeader }: ExecutionStart,
): ExecutionRow {
  checkName(name);
  documentIn(input, statesError.invalidInput, "Invalid execution input.");
  const arn = machine.type === "EXPRESS" ? expressArn : executionArn;
  return newExecution({
    arn: arn(realm, machine.name, name),
    machineName: machine.name,
    name,
    startMs: clock.now(),
    input,
    versionNumber,
    aliasName,
    revisionId: revision.revisionId,
    traceHeader,
  });
}
