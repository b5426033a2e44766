/** CheckpointDurableExecution and GetDurableExecutionState: what the SDK in the function calls. Lambda API reference. */
import type { Realm } from "../../../shared/arn.js";
import { applyUpdates } from "./apply.js";
import type { Draft, Execution } from "./draft.js";
import { placeOfMarker, statePage, type StatePage } from "./envelope.js";
import { foreignToken, invalidMarker, invalidToken, noExecution } from "./errors.js";
import type { DurableExecutions } from "./executions.js";
import { isClosed, type ExecutionRow, type OperationRow } from "./rows.js";
import { fireDue } from "./timers.js";
import { executionOfToken, tokenOf } from "./tokens.js";
import type { OperationUpdate } from "./updates.js";
import { replayed } from "./views.js";

export interface CheckpointRequest {
  readonly arn: string;
  readonly token: string;
  readonly clientToken: string | undefined;
  readonly updates: readonly OperationUpdate[];
}

export interface CheckpointAnswer {
  /** Undefined when the execution has ended: it takes no more checkpoints. */
  readonly token: string | undefined;
  /** What has changed since the function was told last. */
  readonly operations: readonly OperationRow[];
}

/** The execution that an ARN names. Throws ResourceNotFoundException. */
export function requireExecution(executions: DurableExecutions, arn: string): Execution {
  const execution = executions.execution(idOf(arn));
  if (execution?.row.arn !== arn) throw noExecution();
  return execution;
}

export function checkpoint(
  executions: DurableExecutions,
  realm: Realm,
  { arn, token, clientToken, updates }: CheckpointRequest,
): Promise<CheckpointAnswer> {
  return executions.change(executionOf(executions, arn, token), (draft, findCalled) => {
    const known = answeredBefore(draft.row, token, clientToken);
    if (known !== undefined) return known;
    checkToken(draft.row, token);
    applyUpdates(draft, updates, realm);
    findCalled();
    // A function that waits inside an invocation asks again when its time has come.
    if (!isClosed(draft.row)) fireDue(draft);
    return answer(draft, token, clientToken);
  });
}

export function statePageOf(
  executions: DurableExecutions,
  { arn, token, marker, maxItems }: { arn: string; token: string; marker: string | undefined; maxItems: number },
): StatePage {
  const { row, operations } = executionOf(executions, arn, token);
  checkToken(row, token);
  const from = placeOfMarker(marker);
  if (from === undefined) throw invalidMarker();
  return statePage(replayed(operations.values()), { from, maxItems, unit: "seconds" });
}

function answer(draft: Draft, token: string, clientToken: string | undefined): CheckpointAnswer {
  const operations = draft.unseen();
  const { invocation, changes: seen } = draft.row;
  if (isClosed(draft.row) || invocation === undefined) {
    draft.set({ seen, replay: undefined });
    return { token: undefined, operations };
  }
  const { id, startMs, sequence } = invocation;
  draft.set({ seen, isDue: false, invocation: { id, startMs, sequence: sequence + 1 } });
  const nextToken = tokenOf(draft.row);
  draft.set({ replay: clientToken === undefined ? undefined : { token, clientToken, nextToken, operations } });
  return { token: nextToken, operations };
}

/** A client that did not get the answer asks again: it gets the same one, as long as nothing else has been asked. */
function answeredBefore(
  row: ExecutionRow,
  token: string,
  clientToken: string | undefined,
): CheckpointAnswer | undefined {
  const { replay } = row;
  if (replay === undefined || isClosed(row) || replay.token !== token || replay.clientToken !== clientToken)
    return undefined;
  return replay.nextToken === tokenOf(row) ? { token: replay.nextToken, operations: replay.operations } : undefined;
}

/** An execution that is not there makes a token that is none. */
function executionOf(executions: DurableExecutions, arn: string, token: string): Execution {
  const owner = executionOfToken(token);
  if (owner === undefined) throw invalidToken();
  if (owner !== idOf(arn)) throw foreignToken();
  const execution = executions.execution(owner);
  if (execution?.row.arn !== arn) throw invalidToken();
  return execution;
}

function checkToken(row: ExecutionRow, token: string): void {
  if (isClosed(row) || row.invocation === undefined || tokenOf(row) !== token) throw invalidToken();
}

const idOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);
