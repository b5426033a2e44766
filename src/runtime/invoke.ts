/**
 * THE MAIN PATH: one event through one function.
 *
 *   invoke -> payload limit -> concurrency -> pool (idle | standby | new environment)
 *                                               new: prepared-code (bundle, SDK layer) -> sandbox -> bootstrap in standby
 *          -> environment.invoke -> INIT if cold -> event over the Runtime API -> answer | timeout | exit
 *          -> report and logs -> freeze
 *
 * Rejects only for what is not the function's doing: `RequestTooLarge`, `Throttled`, or an `AppError` when the code
 * cannot be built or the environment cannot be started. Whatever the function does is in the result.
 */
import { randomUUID } from "node:crypto";
import type { FunctionConfig } from "../config/function-config.js";
import type { RuntimeHost } from "./host.js";
import { checkConcurrency } from "./limits/concurrency.js";
import { checkSyncPayload } from "./limits/payload.js";
import type { InvokeAnswer, InvokeRequest, InvokeResult, OnAnswer } from "./types.js";

export async function invoke(
  host: RuntimeHost,
  config: FunctionConfig,
  request: InvokeRequest,
  onAnswer?: OnAnswer,
): Promise<InvokeResult> {
  checkSyncPayload(request.payload.length);
  const pool = host.poolOf(config);
  try {
    checkConcurrency(host.running(config), config.reservedConcurrency);
  } catch (error) {
    host.observer?.throttled?.(config);
    throw error;
  }
  const requestId = request.requestId ?? randomUUID();
  host.observer?.started(config, requestId, request);
  try {
    const result = await pool.use((environment) => environment.invoke(request, requestId, onAnswer));
    host.observer?.ended(config, requestId, request, { result });
    return result;
  } catch (error) {
    host.observer?.ended(config, requestId, request, { error });
    throw error;
  }
}

/**
 * The answer alone, as soon as it is there: report and log come behind the caller's back, as on Lambda. For callers whose
 * next call comes over a socket, since the environment is free again only one turn of the event loop later. Rejects as
 * `run` does; what fails after the answer is told to the host's observer.
 */
export function answerOf(run: (onAnswer: OnAnswer) => Promise<InvokeResult>): Promise<InvokeAnswer> {
  return new Promise((resolve, reject) => {
    run(resolve).then(resolve, reject);
  });
}

/**
 * # Lambda execution environment
 *
 * Mimics: the on-demand execution environment of Lambda with its Runtime API (2018-06-01), Extensions API (2020-01-01),
 * Telemetry API (2022-07-01) and Logs API (2020-08-15). Sources, read in November 2026: AWS's runtime clients
 * (aws-lambda-ric 3.3.0 for Node 22 and older, 4.0.2 for Node 24 and newer, awslambdaric 4.2.2 for Python), the open platform
 * code of aws-lambda-runtime-interface-emulator (state names, refusals, order of the SHUTDOWN phase, texts of exits),
 * the Lambda developer guide, answers recorded on AWS between 2024 and January 2026 (timeout, exit, size limits,
 * environment variables, REPORT), and logs that users have published up to 2026 (`Status` and `Runtime.OutOfMemory` in
 * REPORT, `Runtime.InvalidEntrypoint`, `Extension.LaunchError`). `scripts/ric-compat.mjs` runs aws-lambda-ric 3.3.0
 * unmodified on this Runtime API and compares the answers and log lines of 113 handlers with those of our own client.
 *
 * Gaps:
 * - SnapStart, provisioned concurrency, Managed Instances and durable functions do not exist; `restore/next` answers
 *   403 and `AWS_LAMBDA_INITIALIZATION_TYPE` is always `on-demand`.
 * - Java, .NET and Ruby runtimes are refused by name (LR5004); a `bootstrap` in a custom runtime and a container image run
 *   any language.
 * - Container images: a debugger is refused (LR1004); 10 GB are not counted; extensions see their own processes only, and each
 *   may take as much memory as the function. What is printed in the last milliseconds before an answer may come after its
 *   REPORT.
 * - The machine's own libraries and tools are under /usr, not those of Amazon Linux; the architecture is the machine's.
 * - Network, kernel and other processes of the host are not hidden by more than the namespaces of the tier in use:
 *   this is isolation against accidents, not against attackers. Loopback is the host's.
 * - X-Ray: no daemon listens, no segments are made, REPORT has no `XRAY TraceId` line; the trace header is passed on.
 * - What an internal extension prints counts as the function's output in telemetry: it is the same process.
 * - Head and trailers of a call of the Runtime API hold 128 KB each; an error that is longer there is refused (431).
 * - A response stream that is destroyed, or written to after its end, fails the invocation at most; AWS's clients end the
 *   process over it. What a streaming handler writes to is a Writable here, and an object with its methods there.
 * - A streamed response is not slowed down to 2 MBps after its first 6 MB; 200 MB end it.
 * - Threads are not limited to 1,024; the limit of open files is.
 * - Of a `bootstrap` or extension only mode, first line and kind of program are looked at before it is started
 *   (`Runtime.InvalidEntrypoint`, `Extension.LaunchError`); where its program loader or an interpreter of its own layer
 *   is missing, it is exit status 126 or 127.
 * - A custom runtime that leaves with an exit code from 129 to 159 is reported as killed by that signal, on tiers with
 *   namespaces; the Node and Python clients tell their code.
 * - On the portable tier nothing is read-only, /tmp is measured four times a second instead of bounded, memory is
 *   polled, paths are the host's, and ES modules find the AWS SDK only in the application's own node_modules.
 * - Functions in a folder that is mounted as it is get the SDK clients that lambda-run itself carries (S3, SQS, SNS, DynamoDB,
 *   Lambda, Secrets Manager, SSM), not all of AWS SDK v3.
 *
 * By design:
 * - Nothing is throttled by CPU unless faithful CPU is asked for: a function with 128 MB runs as fast as the machine.
 * - A call beyond the host's most environments waits for one; AWS has no such limit and no such queue.
 * - Where this process itself is the bottleneck, and as many environments are at work as there are processors, a call
 *   waits up to 20 ms for one of them before another is woken; on AWS it would get the other at once.
 * - A call that follows within 50 ms waits for an environment whose extensions are about to be done; on AWS it would get a
 *   new one, but there the way back and forth takes as long.
 * - The standby of a container image has run its INIT and is paused, since an image cannot be held before it; Lambda may
 *   initialise ahead of an event, too. The first invocation reports that INIT.
 * - Container images need a Docker engine on this machine. They share its network, so loopback is the host's there too,
 *   unless the image has extensions or the engine is in a virtual machine.
 * - One environment waits in standby up to the moment before INIT: the Node process is started and the AWS SDK loaded
 *   ahead. Nothing of the function's own runs there; INIT and its duration are those of the function's code.
 * - Another Node than declared runs a function by the rules of the declared one, with a notice, unless the right one has
 *   been fetched (`lambda-run runtimes add`).
 * - `AWS_LAMBDA_RUNTIME_API` names a port on 127.0.0.1, `AWS_ENDPOINT_URL` and its kin lead to the embedded services.
 * - A breakpoint stops the clock of the timeout. Timers and sockets left running at the freeze are named in a notice.
 * - An answer that is given while extensions work on comes with the figures up to then and without REPORT in its log;
 *   the log has the final REPORT.
 * - Leaving the host kills invocations under way; extensions that work on behind an answer have two seconds to finish.
 *
 * Client quirks:
 * - aws-lambda-ric calls `then(...).catch(...)` on what a handler returns: a thenable without a chain fails with its
 *   `result.then(...).catch is not a function`, and so it does here.
 * - Its published bundle 3.3.0 answers `null` for an async handler whose promise never settles; its newer source posts
 *   `Runtime.NodeJsExit`, and so do we.
 * - `HttpResponseStream.from` needs a `write`, an empty one will do: with `end` alone AWS's clients send no status.
 * - Node prints to a pipe of ours asynchronously unless told otherwise; the bootstrap makes it synchronous, as a pipe is on Lambda.
 * - libcurl (in AWS's native clients) asks with `Expect: 100-continue` before large answers and gets it.
 *
 * Unverified:
 * - Billed duration as INIT and duration, summed and rounded up once; the line `Task timed out` beside `Status: timeout`
 *   (logs of 2026 show some without it), its blank line, and that it is left out in the JSON format.
 * - The status of `platform.runtimeDone` and `platform.report` when a handler throws: `success`, as in the open platform code.
 * - Levels of system log events; capital letters in the `TELEMETRY` line; the texts of refused telemetry subscriptions.
 * - An unfinished response stream: here `Response stream is not finished.` at once; AWS's client waits for its end first.
 * - The flags of the Node process (`--expose-gc`, a header size of 80 KB, heap sizes of a tenth and nine tenths of the
 *   memory): from published copies of the bootstrap of AWS's Node images; newer images may differ. What NODE_OPTIONS
 *   name is left out of them.
 * - Node 24: exit status 1 after an uncaught exception and none after a promise that never settles (inferred from the client).
 * - Container images: that INIT_START is not printed, that USER does not count, that there is no /dev/shm, and which
 *   variables Lambda sets beside the image's own.
 * - SIGTERM to the runtime in the SHUTDOWN phase only when an extension is registered, with 300 ms before external ones.
 */
