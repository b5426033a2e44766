/** How operations change the row of a stream. */
import type { Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { KinesisContext } from "./context.js";
import { requireStream } from "./input.js";
import type { StreamRow } from "./store.js";

/** Changes one stream, inside a transaction. */
export async function change(
  context: KinesisContext,
  input: JsonObject,
  violations: Violations,
  changed: (stream: StreamRow) => StreamRow,
): Promise<JsonObject> {
  await context.store.write(() => context.store.put(changed(requireStream(context, input, violations))));
  return {};
}
