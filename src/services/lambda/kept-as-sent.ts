/** Members of requests that nothing here obeys: they are kept and given back as they came. */
import type { JsonObject } from "../kit/json-protocol.js";

/** An empty text, list or structure says nothing: clients send one to take away what was there. */
export function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

/** Those of `members` that the request has, over `current`. */
export function keptAsSent(members: readonly string[], input: JsonObject, current: JsonObject): JsonObject {
  const sent = members.filter((member) => input[member] !== undefined && input[member] !== null);
  const kept = { ...current, ...Object.fromEntries(sent.map((member) => [member, input[member]])) };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => isSaid(value)));
}
