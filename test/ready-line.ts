/** What `start --json` says when it is ready; notices may come before. Rejects when the output ends without it. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface Ready {
  readonly endpoint: string;
}

export function readyOf(stdout: Readable): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdout });
    lines.on("line", (line) => {
      const said = JSON.parse(line) as { readonly event: string } & Ready;
      if (said.event === "ready") resolve(said);
    });
    lines.on("close", () => reject(new Error("the stack ended before it was ready")));
  });
}
