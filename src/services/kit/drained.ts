/** For those who write faster than a client reads. */
import type { ServerResponse } from "node:http";

/** Resolves when there is room again, or nobody left to read. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
