/**
 * The history of an execution: numbered events, each with the number of the one that it follows from. In a branch or an
 * iteration that is the last event of the same branch.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import type { JsonObject } from "../../../config/json.js";

/** As the API has it, without the time. The details stand under `<type>EventDetails` in the API's own member names. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** `["stateEnteredEventDetails", {...}]`; events of some types have none. */
  readonly details: readonly [member: string, value: JsonObject] | undefined;
}

/** Takes events in their order. Throws nothing: what cannot be written ends the process's trust in its state elsewhere. */
export interface HistorySink {
  append(event: HistoryEvent): void;
}

/** The place in the history where a run of states stands: each branch has its own. */
export interface Cursor {
  readonly previousEventId: number;
}
