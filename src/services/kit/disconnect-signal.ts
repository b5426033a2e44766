/** Long polls: what nobody waits for any more must take nothing. */
import type { ServerResponse } from "node:http";

/** Aborted when the connection closes before the answer is written. */
export function disconnectSignal(response: ServerResponse | undefined): AbortSignal {
  const controller = new AbortController();
  if (response?.closed === true) controller.abort();
  else response?.once("close", () => controller.abort());
  return controller.signal;
}
