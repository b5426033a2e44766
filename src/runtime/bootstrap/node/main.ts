/**
 * START HERE for what runs inside an execution environment with a Node runtime: wait in standby, load the handler,
 * then answer events until killed. Speaks the Lambda Runtime API; Node built-ins only.
 */
// First of all: what the others load comes from Node's code cache then.
import { restoreHeapFlags } from "./heap-flags.js";
import { createRequire } from "node:module";
import { awaitVariables } from "./awaited-variables.js";
import { RuntimeClient, type Answer } from "./client.js";
import { logContext, patchConsole } from "./console.js";
import { makeContext, readHeaders, type InvocationHeaders } from "./context.js";
import { declaredModern as modern } from "./declared-runtime.js";
import { RuntimeError } from "./errors.js";
import { loadHandler, STREAMING, type Handler } from "./handler-loader.js";
import {
  errorRequest,
  isThenable,
  logError,
  runLegacy,
  runModern,
  runtimeOf,
  type Completion,
  type LoopDrain,
  type Runtime,
} from "./invocation.js";
import { invokeStore } from "./invoke-store.js";
import { installLeftoverWatch, startWatching, takeLeftovers } from "./leftovers.js";
import { noteSdkLayer } from "./sdk-fallback.js";
import { preloadSdk } from "./sdk.js";
import { highWaterMarkOf, installGlobal, ResponseStream, type StreamingHandler } from "./streaming.js";

const NEXT = "/2018-06-01/runtime/invocation/next";
/** Private to lambda-run: held open until the environment's INIT phase begins. */
const STANDBY = "/lambda-run/standby";
/** Private, answered at once. */
const WARM = "/lambda-run/warm";
/** Node's own code for a top-level await that nothing will ever settle; the older client awaits its handler at top level. */
const EXIT_UNSETTLED_AWAIT = 13;
/** What Node leaves with when nobody catches an error. */
const EXIT_FATAL = 1;
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

const environment = process.env;
awaitVariables(environment);
const client = new RuntimeClient(environment["AWS_LAMBDA_RUNTIME_API"] ?? "");
const drain: LoopDrain = { onEmpty: undefined };
let initialised = false;
let current: { readonly headers: InvocationHeaders; readonly reject: (completion: Completion) => void } | undefined;

async function main(): Promise<void> {
  const taskRoot = environment["LAMBDA_TASK_ROOT"] ?? process.cwd();
  const handlerName = environment["_HANDLER"] ?? "";
  preloadSdk(environment);
  noteSdkLayer(environment);
  forgetOwnVariables();
  // User code sees no difference when these are done ahead, and INIT is 3 ms shorter.
  printAtOnce();
  patchConsole(environment, modern);
  process.setSourceMapsEnabled(true);
  installGlobal(environment, modern);
  installLeftoverWatch();
  warmLoader();
  // Written and read as an answer and an event are: what Node compiles at the first of each takes 2 ms of an INIT.
  await client.respondAndNext(WARM, {}, "", STANDBY);
  restoreHeapFlags();
  // Here INIT begins.
  if (!modern) installSafetyNets();
  // Reported by the supervisor's exit status alone it could not be told from a signal (128 + n).
  process.on("exit", (code) => client.noteExit(code));

  let handler: Handler;
  try {
    // A top-level await that waits for nothing must be able to end the process, as on Lambda.
    client.unref();
    if (!modern) drain.onEmpty = () => process.exit(EXIT_UNSETTLED_AWAIT);
    handler = await loadHandler(taskRoot, handlerName, modern);
    drain.onEmpty = undefined;
    client.ref();
  } catch (error) {
    if (modern) await failInit("Init Error", error, EXIT_FATAL);
    else await failInit("Uncaught Exception", error, EXIT_UNCAUGHT_EXCEPTION);
    return;
  }
  initialised = true;
  let answer = await client.request("GET", NEXT);
  const runtime = runtimeOf(handler, modern);
  for (;;) answer = await serve(runtime, checked(answer));
}

/** Loads a module with a source map and forgets it: the loader's own first time is not the function's either. */
function warmLoader(): void {
  const load = createRequire(__filename);
  const file = load.resolve("./warm.js");
  load(file);
  // eslint-disable-next-line typescript/no-dynamic-delete -- the cache of require is an object, and user code may look into it
  delete load.cache[file];
}

/** Anything but an event means that somebody else has spoken to the Runtime API: going on could only do harm. */
function checked(answer: Answer): Answer {
  if (answer.statusCode === 200) return answer;
  throw new Error(`Failed to get the next invocation: ${answer.statusCode} ${answer.body.toString("utf8")}`);
}

/** One event: run, answer, and fetch the next in the same write. */
async function serve(runtime: Runtime, answer: Answer): Promise<Answer> {
  const headers = readHeaders(answer.headers);
  logContext.requestId = headers.requestId;
  logContext.tenantId = headers.tenantId;
  invokeStore.begin(headers);
  if (headers.traceId === undefined) delete environment["_X_AMZN_TRACE_ID"];
  else environment["_X_AMZN_TRACE_ID"] = headers.traceId;

  const path = `/2018-06-01/runtime/invocation/${headers.requestId}`;
  client.unref();
  startWatching();
  const completion =
    STREAMING in runtime.handler
      ? await runStreaming(runtime, headers, answer.body, path)
      : await run(runtime, headers, answer.body);
  // Node 24 gives the event loop one turn before it posts.
  if (modern) await new Promise((resolve) => setImmediate(resolve));
  client.ref();
  current = undefined;
  if (completion === "streamed") return client.request("GET", NEXT);

  if (completion.ok) {
    const [, next] = await client.respondAndNext(
      `${path}/response`,
      { "Content-Type": "application/json", ...leftoverHeader() },
      completion.body,
      NEXT,
    );
    return next;
  }
  if (completion.exitCode !== undefined) {
    const { headers: errorHeaders, body } = errorRequest(completion.error, modern);
    await client.request("POST", `${path}/error`, errorHeaders, body);
    process.exit(completion.exitCode);
  }
  const { headers: errorHeaders, body } = errorRequest(logFailure(completion.error), modern);
  const [, next] = await client.respondAndNext(`${path}/error`, { ...errorHeaders, ...leftoverHeader() }, body, NEXT);
  return next;
}

/** Logs what the handler failed with. What cannot be logged fails the invocation in its place, and on Node 24 the process. */
function logFailure(error: unknown): unknown {
  try {
    logError("Invoke Error", error, modern);
    return error;
  } catch (fault) {
    if (modern) throw fault;
    return logFailure(fault);
  }
}

function run(runtime: Runtime, headers: InvocationHeaders, payload: Buffer): Promise<Completion> {
  return new Promise((resolve) => {
    current = { headers, reject: resolve };
    let event: unknown;
    try {
      event = JSON.parse(payload.toString("utf8"));
    } catch (error) {
      resolve({ ok: false, error });
      return;
    }
    const running = modern
      ? runModern(runtime, event, makeContext(headers, environment, undefined))
      : runLegacy(runtime, event, (legacy) => makeContext(headers, environment, legacy), drain);
    void running.then(resolve);
  });
}

async function runStreaming(
  runtime: Runtime,
  headers: InvocationHeaders,
  payload: Buffer,
  path: string,
): Promise<Completion | "streamed"> {
  const stream = new ResponseStream(client, `${path}/response`, highWaterMarkOf(runtime.handler));
  // The stream's own error would be an uncaught exception; the handler's promise tells what went wrong.
  stream.on("error", () => undefined);
  try {
    const finished = new Promise<void>((resolve) => stream.once("finish", () => resolve()));
    const returned = await new Promise<unknown>((resolve, reject) => {
      current = { headers, reject: (completion) => reject(completion.ok ? undefined : completion.error) };
      const event: unknown = JSON.parse(payload.toString("utf8"));
      const legacy = modern ? undefined : { callbackWaitsForEmptyEventLoop: true };
      const running = (runtime as unknown as { handler: StreamingHandler }).handler(
        event,
        stream,
        makeContext(headers, environment, legacy),
      );
      if (isThenable(running)) running.then(resolve, reject);
      else reject(streamingFault("Streaming does not support non-async handlers."));
    });
    if (returned !== undefined) console.warn("Streaming handlers ignore return values.");
    if (!stream.writableEnded) throw streamingFault("Response stream is not finished.");
    await finished;
  } catch (error) {
    if (!stream.started) return { ok: false, error };
    logError("Invoke Error", error, modern);
    stream.fail(error, modern);
  }
  // The handler is done: from here on the process lives for the answer alone.
  client.ref();
  await stream.answered();
  return "streamed";
}

/** AWS's older client fails with a text, its newer one with an error. */
function streamingFault(text: string): unknown {
  return modern ? new Error(text) : text;
}

/** Node 22 and older catch what user code lets fall: the invocation fails with it and the process leaves. */
function installSafetyNets(): void {
  process.on("beforeExit", () => drain.onEmpty?.());
  process.on("uncaughtException", (error) => bail("Uncaught Exception", error, EXIT_UNCAUGHT_EXCEPTION));
  process.on("unhandledRejection", (reason, promise) => {
    // `undefined` makes an empty message, and a symbol throws: that is an uncaught exception then.
    const error = new RuntimeError("Runtime.UnhandledPromiseRejection", reason as string);
    Object.assign(error, { reason, promise });
    bail("Unhandled Promise Rejection", error, EXIT_UNHANDLED_REJECTION);
  });
}

function bail(title: string, error: unknown, exitCode: number): void {
  client.ref();
  if (current === undefined && !initialised) {
    void failInit(title, error, exitCode);
    return;
  }
  logError(title, error, modern);
  // Between two invocations there is nobody to tell: the next one starts anew.
  if (current === undefined) process.exit(exitCode);
  current.reject({ ok: false, error, exitCode });
}

async function failInit(title: string, error: unknown, exitCode: number): Promise<void> {
  client.ref();
  logError(title, error, modern);
  const { headers, body } = errorRequest(error, modern);
  await client.request("POST", "/2018-06-01/runtime/init/error", headers, body);
  process.exit(exitCode);
}

/** What is still running when the answer goes out rides along in a header of ours. */
function leftoverHeader(): Record<string, string> {
  const leftovers = takeLeftovers();
  return leftovers.length === 0
    ? {}
    : { "Lambda-Run-Leftovers": Buffer.from(JSON.stringify(leftovers)).toString("base64") };
}

/**
 * Lines are out when `write` returns, as on Lambda: an answer, a freeze or an exit loses none. Node takes the pipe of a
 * parent that is Node itself (a socket pair) for asynchronous.
 */
function printAtOnce(): void {
  for (const stream of [process.stdout, process.stderr]) {
    (stream as unknown as { readonly _handle?: { setBlocking?(on: boolean): void } })._handle?.setBlocking?.(true);
  }
}

/** The function must not see how it is run. */
function forgetOwnVariables(): void {
  // Node has read it, and Lambda sets none.
  if (environment["NODE_EXTRA_CA_CERTS"] === environment["LAMBDA_RUN_CERTIFICATE"])
    delete environment["NODE_EXTRA_CA_CERTS"];
  for (const name of Object.keys(environment)) if (name.startsWith("LAMBDA_RUN_")) delete environment[name];
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error | undefined)?.stack ?? error)}\n`);
  process.exit(EXIT_FATAL);
});
