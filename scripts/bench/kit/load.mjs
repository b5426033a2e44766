/** The load generator, from the side of a benchmark. It is a process of its own, so that sending costs the server nothing. */
import { startChild } from "./rpc.mjs";

export async function startLoad() {
  const child = await startChild("load-worker.mjs");
  return {
    /**
     * Sends `requests` (bytes) over `connections` kept-alive connections, again and again for `seconds`, or each once
     * when `once`. Gives requests per second, p50 and p99 in ms; with `keepBodies` also the bodies of the answers.
     * Throws when an answer is not 2xx, unless `allowErrors`, which counts them.
     */
    run: (options) => child.call("run", options),
    stop: () => child.stop(),
  };
}
