/** What a checkpoint asks for, read from its request, which fits the API model already; and what one request may hold. */
import { defined } from "../../kit/defined.js";
import {
  booleanMember,
  numberMember,
  objectListMember,
  objectMember,
  stringListMember,
  stringMember,
} from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { invalidParameter } from "../errors.js";
import type { ErrorObject, OperationAction, OperationType } from "./rows.js";

export interface OperationUpdate {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly name: string | undefined;
  readonly type: OperationType;
  readonly subType: string | undefined;
  readonly action: OperationAction;
  readonly payload: string | undefined;
  readonly error: ErrorObject | undefined;
  readonly replayChildren: boolean | undefined;
  readonly nextAttemptDelaySeconds: number | undefined;
  readonly waitSeconds: number | undefined;
  /** 0 = none. */
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  readonly functionName: string | undefined;
  readonly tenantId: string | undefined;
}

/** AWS SDK for JavaScript 3.1162, "OperationUpdate": 1 MB since 2026, 256 KB before. */
export const MAX_PAYLOAD_BYTES = 1_048_576;
export const MAX_ERROR_BYTES = 1_048_576;

export function readUpdates(input: JsonObject): readonly OperationUpdate[] {
  const updates = (objectListMember(input, "Updates") ?? []).map(readUpdate);
  checkBatch(updates);
  return updates;
}

function readUpdate(update: JsonObject): OperationUpdate {
  const options = (name: string): JsonObject => objectMember(update, name) ?? {};
  const error = objectMember(update, "Error");
  return {
    id: stringMember(update, "Id") ?? "",
    parentId: stringMember(update, "ParentId"),
    name: stringMember(update, "Name"),
    type: stringMember(update, "Type") as OperationType,
    subType: stringMember(update, "SubType"),
    action: stringMember(update, "Action") as OperationAction,
    payload: stringMember(update, "Payload"),
    error: error === undefined ? undefined : errorIn(error),
    replayChildren: booleanMember(options("ContextOptions"), "ReplayChildren"),
    nextAttemptDelaySeconds: numberMember(options("StepOptions"), "NextAttemptDelaySeconds"),
    waitSeconds: numberMember(options("WaitOptions"), "WaitSeconds"),
    timeoutSeconds: numberMember(options("CallbackOptions"), "TimeoutSeconds"),
    heartbeatSeconds: numberMember(options("CallbackOptions"), "HeartbeatTimeoutSeconds"),
    functionName: stringMember(options("ChainedInvokeOptions"), "FunctionName"),
    tenantId: stringMember(options("ChainedInvokeOptions"), "TenantId"),
  };
}

/** Its members alone, whatever else was sent. Throws SerializationException. */
export function errorIn(error: JsonObject): ErrorObject {
  return defined<ErrorObject>({
    ErrorMessage: stringMember(error, "ErrorMessage"),
    ErrorType: stringMember(error, "ErrorType"),
    ErrorData: stringMember(error, "ErrorData"),
    StackTrace: stringListMember(error, "StackTrace"),
  });
}

/** One update of an operation, or its start and its end; the end of the execution comes last. */
function checkBatch(updates: readonly OperationUpdate[]): void {
  const ending = updates.filter(({ type }) => type === "EXECUTION");
  if (ending.length > 1) throw invalidParameter("Cannot checkpoint multiple EXECUTION updates.");
  if (ending.length === 1 && updates.at(-1) !== ending[0])
    throw invalidParameter("EXECUTION checkpoint must be the last update.");
  const before = new Map<string, OperationUpdate>();
  for (const update of updates) {
    if (update.type === "EXECUTION") continue;
    const earlier = before.get(update.id);
    if (earlier !== undefined && !endsWhatBegan(update, earlier))
      throw invalidParameter("Cannot update the same operation twice in a single request.");
    before.set(update.id, update);
  }
}

const ENDS: Readonly<Partial<Record<OperationType, readonly OperationAction[]>>> = {
  STEP: ["SUCCEED", "FAIL", "RETRY"],
  CONTEXT: ["SUCCEED", "FAIL"],
};

function endsWhatBegan(update: OperationUpdate, earlier: OperationUpdate): boolean {
  return (
    earlier.action === "START" && earlier.type === update.type && ENDS[update.type]?.includes(update.action) === true
  );
}
