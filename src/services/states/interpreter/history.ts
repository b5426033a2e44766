/**
 * The history of an execution: numbered events, each with the number of the one that it follows from. In a branch or an
 * iteration that is the last event of the same branch.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { TerminalFailure } from "./states-error.js";

/** As the API has it, without the time. The details stand under `<type>EventDetails` in the API's own member names. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** `["stateEnteredEventDetails", {...}]`; events of some types have none. */
  readonly details: EventDetails | undefined;
}

export type EventDetails = readonly [member: string, value: JsonObject];

/** Takes events in their order. Throws nothing: what cannot be written ends the process's trust in its state elsewhere. */
export interface HistorySink {
  append(event: HistoryEvent): void;
}

/** The place in the history where a run of states stands: each branch has its own. */
export interface Cursor {
  previousEventId: number;
}

/**
 * At 24,999 events an execution waits for the next one; when that is not ExecutionSucceeded, it fails in its place.
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html
 */
const MAX_EVENTS = 25_000;

/** Numbers the events of one execution. */
export class History {
  readonly #sink: HistorySink;
  #lastId: number;
  #sealed = false;

  constructor(sink: HistorySink, lastId: number) {
    this.#sink = sink;
    this.#lastId = lastId;
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** From now on only the end is written: what branches still do about it, AWS does not show. */
  seal(): void {
    this.#sealed = true;
  }

  /** Writes an event after the one where the cursor stands, and moves the cursor to it. */
  record(cursor: Cursor, type: string, details?: EventDetails): number {
    if (this.#sealed) return cursor.previousEventId;
    if (this.#lastId >= MAX_EVENTS - 1) {
      throw new TerminalFailure(
        "States.Runtime",
        `The execution reached the maximum number of history events (${MAX_EVENTS}).`,
      );
    }
    cursor.previousEventId = this.#append(cursor, type, details);
    return cursor.previousEventId;
  }

  /** Writes an event that the next ones do not follow from: `MapStateSucceeded`, `TaskStateAborted`. */
  aside(cursor: Cursor, type: string, details?: EventDetails): void {
    if (!this.#sealed && this.#lastId < MAX_EVENTS - 1) this.#append(cursor, type, details);
  }

  /** Writes the last event of the execution, for which there is always room. */
  end(cursor: Cursor, type: string, details?: EventDetails): void {
    this.#append(cursor, type, details);
  }

  #append(cursor: Cursor, type: string, details: EventDetails | undefined): number {
    const id = ++this.#lastId;
    this.#sink.append({ id, previousEventId: cursor.previousEventId, type, details });
    return id;
  }
}

const WHOLE: JsonObject = { truncated: false };

/** Documents stand in events as JSON texts, each with a word on whether it is whole; here it always is. */
export const shownInput = (input: Json): JsonObject => ({ input: JSON.stringify(input), inputDetails: WHOLE });
export const shownOutput = (output: Json): JsonObject => ({ output: JSON.stringify(output), outputDetails: WHOLE });

/** Members that there is nothing for are left out. */
export const present = (members: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter((member): member is [string, Json] => member[1] !== undefined));

/** Assigned variables are a map from names to JSON texts. */
export function shownVariables(assigned: JsonObject): JsonObject {
  const texts = Object.fromEntries(Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]));
  return { assignedVariables: texts, assignedVariablesDetails: WHOLE };
}
