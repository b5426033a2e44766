/**
 * GetExecutionHistory.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
 */
import { booleanMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { withoutData } from "../executions/event-log.js";
import { requireExecution } from "../executions/lookups.js";
import { seconds } from "../executions/views.js";
import type { EventRow } from "../rows.js";
import { arnMember, pageMember, pageOf } from "./input.js";

export function historyOperations(context: StatesContext): Operations {
  return {
    GetExecutionHistory: (input) => {
      const violations = new Violations();
      const arn = arnMember(input, "executionArn", violations) ?? "";
      violations.required(input["executionArn"] ?? undefined, "executionArn");
      const page = pageMember(input, violations);
      violations.check();
      requireExecution(context, arn);
      const reverse = booleanMember(input, "reverseOrder") ?? false;
      const data = booleanMember(input, "includeExecutionData") ?? true;
      const after = page.after === undefined ? undefined : Number(page.after);
      if (after !== undefined && !Number.isSafeInteger(after)) throw statesError.invalidToken();
      const rows = context.store.history(arn, { after, reverse });
      const { items, more } = pageOf(rows, page.size, ({ id }) => String(id));
      return { events: items.map((event) => shownEvent(event, data)), ...more };
    },
  };
}

function shownEvent(
  { id, timestampMs, previousEventId, type, details }: EventRow & { id: number },
  data: boolean,
): JsonObject {
  return {
    timestamp: seconds(timestampMs),
    type,
    id,
    previousEventId,
    ...(details === undefined ? {} : { [details[0]]: data ? details[1] : withoutData(details[1]) }),
  };
}
