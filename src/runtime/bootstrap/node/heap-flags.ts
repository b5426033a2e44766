/**
 * V8 refuses a code cache that was made under other flags than are set when it is read: Node's own for its modules, and
 * ours for the SDK. The heap has taken its size from the flags at the start of the process, so they are set back while
 * the bootstrap loads (which saves 3 ms of each start, and one cache of the SDK serves every memory size), and put in
 * force again before the function's code comes: a worker thread takes the size of its heap from them anew.
 */
import { setFlagsFromString } from "node:v8";

/** What stands on our own command line; what NODE_OPTIONS say is the function's affair. */
const HEAP_FLAGS = process.execArgv.filter((flag) =>
  /^--(?:expose-gc|max-semi-space-size|max-old-space-size)\b/.test(flag),
);

export function restoreHeapFlags(): void {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
}

for (const flag of HEAP_FLAGS)
  setFlagsFromString(flag.includes("=") ? flag.replace(/=.*/, "=0") : flag.replace("--", "--no-"));
