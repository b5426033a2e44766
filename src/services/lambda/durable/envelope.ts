/** What goes into an invocation of a durable function and what comes out, as AWS's SDKs for durable execution have it. */
import { defined } from "../../kit/defined.js";
import { isJsonObject, jsonObjectIn } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Draft } from "./draft.js";
import { resultFault } from "./apply.js";
import type { ErrorObject, ExecutionRow, OperationRow } from "./rows.js";
import { tokenOf } from "./tokens.js";
import { errorIn } from "./updates.js";
import { operationView, replayed, type TimeUnit } from "./views.js";

/** Of the first page, which is part of the event: the rest is asked for. An event has 6 MB at most. */
const MAX_STATE_BYTES = 4 * 1024 * 1024;

export interface StatePage {
  readonly operations: readonly JsonObject[];
  /** Empty on the last page, as AWS sends it. */
  readonly nextMarker: string;
}

/** Operations from a place on: `maxItems` at most, and no more than fit into an event; at least one. */
export function statePage(
  operations: readonly OperationRow[],
  { from, maxItems, unit }: { readonly from: number; readonly maxItems: number; readonly unit: TimeUnit },
): StatePage {
  const page: JsonObject[] = [];
  let sizeBytes = 0;
  for (const operation of operations.slice(from, from + maxItems)) {
    const view = operationView(operation, unit);
    sizeBytes += Buffer.byteLength(JSON.stringify(view));
    if (page.length > 0 && sizeBytes > MAX_STATE_BYTES) break;
    page.push(view);
  }
  const next = from + page.length;
  return { operations: page, nextMarker: next < operations.length ? markerOf(next) : "" };
}

const markerOf = (place: number): string => Buffer.from(String(place)).toString("base64");

/** Undefined when no page gave this marker. */
export function placeOfMarker(marker: string | undefined): number | undefined {
  const place = Buffer.from(marker ?? "", "base64").toString();
  return /^\d{0,9}$/.test(place) ? Number(place) : undefined;
}

export function invocationEvent(
  row: ExecutionRow,
  operations: Iterable<OperationRow>,
  updated: readonly string[],
): Buffer {
  const { operations: Operations, nextMarker: NextMarker } = statePage(replayed(operations), {
    from: 0,
    maxItems: Infinity,
    unit: "milliseconds",
  });
  return Buffer.from(
    JSON.stringify({
      DurableExecutionArn: row.arn,
      CheckpointToken: tokenOf(row),
      InitialExecutionState: { Operations, NextMarker },
      UpdatedOperationIds: updated,
    }),
  );
}

export type HandlerAnswer =
  | { readonly status: "SUCCEEDED"; readonly result: string | undefined }
  | { readonly status: "FAILED"; readonly error: ErrorObject | undefined }
  | { readonly status: "PENDING" };

/** An answer that breaks the protocol is how the execution fails. */
export function readAnswer(payload: Buffer, draft: Draft): HandlerAnswer | { readonly fault: string } {
  const answer = jsonObjectIn(payload.toString("utf8"));
  const { Status, Result, Error } = answer ?? {};
  switch (Status) {
    case "SUCCEEDED": {
      if (isJsonObject(Error)) return { fault: "Cannot provide an Error for SUCCEEDED status." };
      const result = typeof Result === "string" ? Result : undefined;
      const fault = resultFault(draft, result);
      return fault === undefined ? { status: Status, result } : { fault };
    }
    case "FAILED":
      if (typeof Result === "string") return { fault: "Cannot provide a Result for FAILED status." };
      return { status: Status, error: isJsonObject(Error) ? errorIn(Error) : undefined };
    case "PENDING":
      return canGoOn(draft)
        ? { status: Status }
        : { fault: "Cannot return PENDING status with no pending operations." };
    default:
      return { fault: "Invalid Status in invocation output." };
  }
}

/** Something will come that the function waits for, or has come and is not known to it. */
function canGoOn(draft: Draft): boolean {
  const { row } = draft;
  if (row.isDue || row.changes > row.seen) return true;
  for (const operation of draft.operations()) if (isAwaited(operation)) return true;
  return false;
}

/** Something outside the function ends it, or begins it again. */
export const isAwaited = ({ type, status }: OperationRow): boolean =>
  type === "STEP" ? status === "PENDING" : type !== "EXECUTION" && type !== "CONTEXT" && status === "STARTED";

/** What the runtime says of a function that failed: `{errorMessage, errorType, stackTrace}`. */
export function errorOfFunction(payload: Buffer): ErrorObject {
  const { errorMessage, errorType, trace, stackTrace } = jsonObjectIn(payload.toString("utf8")) ?? {};
  const lines = [trace, stackTrace].find(Array.isArray) as unknown[] | undefined;
  return defined<ErrorObject>({
    ErrorMessage: typeof errorMessage === "string" ? errorMessage : payload.toString("utf8"),
    ErrorType: typeof errorType === "string" ? errorType : undefined,
    StackTrace: lines?.map(String),
  });
}

/** The other way round, for who waits for an execution that has failed. */
export function functionError({ ErrorMessage, ErrorType, StackTrace }: ErrorObject): Buffer {
  return Buffer.from(JSON.stringify({ errorMessage: ErrorMessage, errorType: ErrorType, stackTrace: StackTrace }));
}
