/** Events of an execution as GetDurableExecutionHistory shows them. */
import type { JsonObject } from "../../kit/json-protocol.js";
import type { EventDetails, EventRow, OperationRow } from "./rows.js";

/** How an operation came to its end. */
export function endedDetails({ result, error }: Pick<OperationRow, "result" | "error">): EventDetails {
  if (error !== undefined) return { Error: { Payload: error } };
  return result === undefined ? {} : { Result: { Payload: result } };
}

/** What is left out without execution data. */
const DATA = ["Input", "Result", "Error"];
const TIMES = ["ScheduledEndTimestamp", "StartTimestamp", "EndTimestamp"];

export function eventView(
  eventId: number,
  { type, timestampMs, operation, details }: EventRow,
  withData: boolean,
): JsonObject {
  return {
    EventType: type,
    EventId: eventId,
    EventTimestamp: timestampMs / 1000,
    ...(operation === undefined ? {} : { Id: operation.id }),
    ...(operation?.name === undefined ? {} : { Name: operation.name }),
    ...(operation?.subType === undefined ? {} : { SubType: operation.subType }),
    ...(operation?.parentId === undefined ? {} : { ParentId: operation.parentId }),
    [`${type}Details`]: Object.fromEntries(
      Object.entries(details).map(([key, value]) => [key, shown(key, value, withData)]),
    ),
  };
}

function shown(key: string, value: unknown, withData: boolean): unknown {
  if (TIMES.includes(key)) return (value as number) / 1000;
  if (!DATA.includes(key)) return value;
  return withData ? { ...(value as JsonObject), Truncated: false } : { Truncated: true };
}
