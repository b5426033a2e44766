/** What the operations of Pipes share. */
import type { Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { pipesError } from "./errors.js";
import type { PipeStates } from "./states.js";
import type { PipeRow, PipeStore } from "./store.js";

export interface PipesContext {
  readonly store: PipeStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly states: PipeStates;
}

/** A request, its members gathered from path, query and body under the names of the API model. */
export interface Call {
  readonly input: JsonObject;
  /** Of members that may come more than once in a query. */
  readonly query: URLSearchParams;
}

export type Operation = (call: Call) => JsonObject | Promise<JsonObject>;

/** Timestamps of rest-json. */
export const seconds = (ms: number): number => ms / 1000;

export function requirePipe({ store }: Pick<PipesContext, "store">, name: string): PipeRow {
  const pipe = store.pipe(name);
  if (pipe === undefined) throw pipesError.noPipe(name);
  return pipe;
}
