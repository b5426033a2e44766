/** Applies the updates of a checkpoint to a draft, each by the rules of its operation's type. Throws AWS's refusals. */
import type { Realm } from "../../../shared/arn.js";
import { parseArn } from "../../../shared/arn.js";
import { invalidParameter } from "../errors.js";
import type { Draft } from "./draft.js";
import { endedDetails } from "./history.js";
import { closeExecution } from "./close.js";
import type { OperationRow } from "./rows.js";
import { newCallbackId } from "./tokens.js";
import { MAX_ERROR_BYTES, MAX_PAYLOAD_BYTES, type OperationUpdate } from "./updates.js";

type Apply = (draft: Draft, update: OperationUpdate, existing: OperationRow | undefined, realm: Realm) => void;

export function applyUpdates(draft: Draft, updates: readonly OperationUpdate[], realm: Realm): void {
  for (const update of updates) {
    if (update.type === "EXECUTION") endExecution(draft, update);
    else applyUpdate(draft, update, realm);
  }
}

function applyUpdate(draft: Draft, update: OperationUpdate, realm: Realm): void {
  const existing = draft.get(update.id);
  if (existing !== undefined) checkSame(existing, update);
  if (update.parentId !== undefined && draft.get(update.parentId)?.type !== "CONTEXT")
    throw invalidParameter("Invalid parent operation id.");
  checkError(update);
  if (Buffer.byteLength(update.payload ?? "") > MAX_PAYLOAD_BYTES) {
    const kind = update.type === "CHAINED_INVOKE" ? "input" : "output";
    throw invalidParameter(
      `${update.type} ${kind} payload size must be less than or equal to ${MAX_PAYLOAD_BYTES} bytes.`,
    );
  }
  APPLY[update.type as keyof typeof APPLY](draft, update, existing, realm);
}

/** An operation stays what it began as: a handler that has changed since is found out here, if not by its SDK before. */
function checkSame(existing: OperationRow, update: OperationUpdate): void {
  if (existing.type !== update.type) throw invalidParameter("Inconsistent operation type.");
  if (update.subType !== undefined && existing.subType !== update.subType)
    throw invalidParameter("Inconsistent operation subtype.");
  if (update.name !== undefined && existing.name !== update.name)
    throw invalidParameter("Inconsistent operation name.");
  if (existing.parentId !== update.parentId) throw invalidParameter("Inconsistent parent operation id.");
}

function checkError({ error }: OperationUpdate): void {
  if (error !== undefined && Buffer.byteLength(JSON.stringify(error)) > MAX_ERROR_BYTES)
    throw invalidParameter(`Error object size must be less than or equal to ${MAX_ERROR_BYTES} bytes.`);
}

function checkOutcome({ action, payload, error }: OperationUpdate): void {
  if (action === "SUCCEED" && error !== undefined)
    throw invalidParameter("Cannot provide an Error for SUCCEED action.");
  if (action === "FAIL" && payload !== undefined) throw invalidParameter("Cannot provide a Payload for FAIL action.");
}

const wrongAction = (): Error => invalidParameter("Invalid action for the given operation type.");

function begin(draft: Draft, update: OperationUpdate, more: Partial<OperationRow> = {}): OperationRow {
  const { id, parentId, name, type, subType } = update;
  return draft.start({ ...more, id, parentId, name, type, subType });
}

function endExecution(draft: Draft, update: OperationUpdate): void {
  const { action, payload, error } = update;
  if (action !== "SUCCEED" && action !== "FAIL") throw invalidParameter("Invalid EXECUTION action.");
  checkOutcome(update);
  checkError(update);
  const fault = resultFault(draft, payload);
  if (fault !== undefined) throw invalidParameter(fault);
  const status = action === "SUCCEED" ? "SUCCEEDED" : "FAILED";
  closeExecution(draft, { status, result: payload, error });
}

/** Lambda API reference, "GetDurableExecution": 6 MB where somebody waits for it, else 1 MB. */
export function resultFault({ row: { isAsync } }: Draft, result: string | undefined): string | undefined {
  const maxBytes = isAsync ? 1_048_576 : 6_291_456;
  return Buffer.byteLength(result ?? "") > maxBytes
    ? `Execution output payload size must be less than or equal to ${maxBytes} bytes.`
    : undefined;
}

const context: Apply = (draft, update, existing) => {
  const { action } = update;
  if (action === "START") {
    if (existing !== undefined) throw invalidParameter("Cannot start a CONTEXT that already exist.");
    const { replayChildren } = update;
    draft.event("ContextStarted", begin(draft, update, { replayChildren }), {});
    return;
  }
  if (action !== "SUCCEED" && action !== "FAIL") throw wrongAction();
  if (existing?.status !== "STARTED") throw invalidParameter("Invalid current CONTEXT state to close.");
  checkOutcome(update);
  const succeeded = action === "SUCCEED";
  const ended = draft.change(existing, {
    status: succeeded ? "SUCCEEDED" : "FAILED",
    endMs: draft.nowMs,
    result: update.payload,
    error: update.error,
    replayChildren: update.replayChildren ?? existing.replayChildren,
  });
  draft.event(succeeded ? "ContextSucceeded" : "ContextFailed", ended, endedDetails(ended));
};

const step: Apply = (draft, update, existing) => {
  const { action, nextAttemptDelaySeconds } = update;
  if (action === "START") {
    if (nextAttemptDelaySeconds !== undefined) throw invalidParameter("Invalid StepOptions for the given action.");
    if (existing !== undefined && existing.status !== "READY")
      throw invalidParameter("Invalid current STEP state to start.");
    const started = existing === undefined ? begin(draft, update) : draft.change(existing, { status: "STARTED" });
    draft.event("StepStarted", started, {});
    return;
  }
  if (action === "CANCEL") throw wrongAction();
  checkOutcome(update);
  const isRetry = action === "RETRY";
  if (isRetry && update.payload !== undefined && update.error !== undefined)
    throw invalidParameter("Cannot provide both error and payload to RETRY a STEP.");
  if (isRetry !== (nextAttemptDelaySeconds !== undefined))
    throw invalidParameter("Invalid StepOptions for the given action.");
  if (existing !== undefined && existing.status !== "STARTED" && existing.status !== "READY")
    throw invalidParameter(`Invalid current STEP state to ${isRetry ? "re-attempt" : "close"}.`);
  endAttempt(draft, update, existing ?? begin(draft, update));
};

function endAttempt(draft: Draft, update: OperationUpdate, operation: OperationRow): void {
  const { action, payload: result, error, nextAttemptDelaySeconds } = update;
  const attempt = (operation.attempt ?? 0) + 1;
  const outcome = { attempt, result, error };
  const ended =
    nextAttemptDelaySeconds === undefined
      ? draft.change(operation, {
          ...outcome,
          status: action === "SUCCEED" ? "SUCCEEDED" : "FAILED",
          endMs: draft.nowMs,
        })
      : draft.change(operation, {
          ...outcome,
          status: "PENDING",
          dueMs: draft.nowMs + nextAttemptDelaySeconds * 1000,
        });
  const delay = nextAttemptDelaySeconds === undefined ? {} : { NextAttemptDelaySeconds: nextAttemptDelaySeconds };
  // An attempt that is to be made again without an error was the check of a condition.
  const failed = action === "FAIL" || (action === "RETRY" && error !== undefined);
  draft.event(failed ? "StepFailed" : "StepSucceeded", ended, {
    ...endedDetails(ended),
    RetryDetails: { CurrentAttempt: attempt, ...delay },
  });
}

const wait: Apply = (draft, update, existing) => {
  const { action, waitSeconds } = update;
  if (action === "START") {
    if (existing !== undefined) throw invalidParameter("Cannot start a WAIT that already exist.");
    if (waitSeconds === undefined) throw invalidParameter("Update for WAIT operation requires WaitOptions.");
    const dueMs = draft.nowMs + waitSeconds * 1000;
    const started = begin(draft, update, { waitSeconds, dueMs });
    draft.event("WaitStarted", started, { Duration: waitSeconds, ScheduledEndTimestamp: dueMs });
    return;
  }
  if (action !== "CANCEL") throw wrongAction();
  if (existing?.status !== "STARTED")
    throw invalidParameter("Cannot cancel a WAIT that does not exist or has already completed.");
  draft.event("WaitCancelled", draft.change(existing, { status: "CANCELLED", endMs: draft.nowMs }), {});
};

const callback: Apply = (draft, update, existing) => {
  if (update.action !== "START") throw wrongAction();
  if (existing !== undefined) throw invalidParameter("Cannot start a CALLBACK that already exist.");
  const callbackId = newCallbackId(draft.row.id, update.id);
  const dueIn = (seconds: number | undefined): number | undefined =>
    seconds === undefined || seconds === 0 ? undefined : draft.nowMs + seconds * 1000;
  const { timeoutSeconds, heartbeatSeconds } = update;
  const started = begin(draft, update, {
    callbackId,
    dueMs: dueIn(timeoutSeconds),
    heartbeatSeconds,
    heartbeatDueMs: dueIn(heartbeatSeconds),
  });
  draft.event("CallbackStarted", started, {
    CallbackId: callbackId,
    ...(timeoutSeconds === undefined ? {} : { Timeout: timeoutSeconds }),
    ...(heartbeatSeconds === undefined ? {} : { HeartbeatTimeout: heartbeatSeconds }),
  });
};

/** What it calls is looked for when all updates have been applied, and told in the history then. */
const chainedInvoke: Apply = (draft, update, existing, realm) => {
  if (update.action !== "START") throw wrongAction();
  const { functionName, payload: input } = update;
  if (functionName === undefined)
    throw invalidParameter("Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.");
  if (existing !== undefined) throw invalidParameter("Cannot start a CHAINED_INVOKE that already exist.");
  if (update.tenantId !== undefined) throw invalidParameter("TenantId is not emulated by lambda-run.");
  const { accountId, region } = parseArn(functionName) ?? {};
  if (accountId !== undefined && accountId !== realm.accountId)
    throw invalidParameter("Cannot start a CHAINED_INVOKE on a function in another account.");
  if (region !== undefined && region !== realm.region)
    throw invalidParameter("Cannot start a CHAINED_INVOKE on a function in another region.");
  begin(draft, update, { functionName, input });
  draft.calls.push(update.id);
};

const APPLY = { CONTEXT: context, STEP: step, WAIT: wait, CALLBACK: callback, CHAINED_INVOKE: chainedInvoke };
