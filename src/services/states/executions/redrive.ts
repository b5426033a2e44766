/**
 * Redrive: an execution that did not succeed goes on with the state in which it ended.
 * https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
 */
import type { StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import type { Definition } from "../interpreter/definition.js";
import type { Checkpoint } from "../interpreter/run-execution.js";
import type { ExecutionRow } from "../rows.js";
import type { Json } from "../../../config/json.js";
import { tellStatus } from "./status-change.js";
import { parentMachineOf } from "./views.js";

const REDRIVABLE_MS = 14 * 24 * 60 * 60 * 1000;
/** With more there is no room for another try. */
const MAX_EVENTS = 24_999;

export interface RedriveStatus {
  readonly redriveStatus: "REDRIVABLE" | "NOT_REDRIVABLE" | "REDRIVABLE_BY_MAP_RUN";
  readonly redriveStatusReason?: string;
}

const not = (redriveStatusReason: string): RedriveStatus => ({ redriveStatus: "NOT_REDRIVABLE", redriveStatusReason });

export function redriveStatusOf({ store, clock }: StatesContext, row: ExecutionRow): RedriveStatus {
  if (row.status === "RUNNING" || row.status === "SUCCEEDED")
    return not(`Execution is ${row.status} and cannot be redriven`);
  if (row.mapRunArn !== undefined) return { redriveStatus: "REDRIVABLE_BY_MAP_RUN" };
  if (clock.now() - (row.stopMs ?? 0) > REDRIVABLE_MS)
    return not("Execution has exceeded the redrivable period of 14 days");
  if (store.lastEventId(row.arn) >= MAX_EVENTS) return not("Execution history event limit has been exceeded");
  return { redriveStatus: "REDRIVABLE" };
}

/** Resolves when it is a row that it runs again. */
export async function redrive(context: StatesContext, arn: string): Promise<ExecutionRow> {
  const { store, clock, runs } = context;
  const started = await store.write(() => {
    const before = store.execution(arn);
    if (before === undefined) throw statesError.executionGone(arn);
    const { redriveStatus, redriveStatusReason } = redriveStatusOf(context, before);
    if (redriveStatus !== "REDRIVABLE")
      throw statesError.notRedrivable(redriveStatusReason ?? "The execution is redriven with its Map Run only");
    const revision = store.revision(parentMachineOf(before), before.revisionId);
    if (revision === undefined) throw statesError.executionGone(arn);
    const nowMs = clock.now();
    const id = store.lastEventId(arn) + 1;
    const row: ExecutionRow = {
      ...before,
      status: "RUNNING",
      stopMs: undefined,
      error: undefined,
      cause: undefined,
      redriveCount: before.redriveCount + 1,
      redriveMs: nowMs,
      stoppedAt: undefined,
    };
    store.putEvent(arn, nowMs, {
      id,
      previousEventId: id - 1,
      type: "ExecutionRedriven",
      details: ["executionRedrivenEventDetails", { redriveCount: row.redriveCount }],
    });
    const resume: Checkpoint = {
      ...(before.stoppedAt ?? fromTheStart(before, revision.definition)),
      lastEventId: id,
      enteredMs: nowMs,
    };
    store.reviveExecution(row, resume);
    return { row, revision, resume };
  });
  tellStatus(context, started.row);
  runs.begin(started);
  return started.row;
}

function fromTheStart(row: ExecutionRow, definition: string): Omit<Checkpoint, "lastEventId" | "enteredMs"> {
  const { StartAt } = JSON.parse(definition) as Definition;
  return { stateName: StartAt, input: JSON.parse(row.input) as Json, variables: {} };
}
