/** What small real handlers do and what AWS answers to it. Sources of the expectations: the runtime's fidelity card. */
import type { FunctionConfig } from "../../src/config/function-config.js";
import type { InvokeRequest, InvokeResult } from "../../src/runtime/types.js";
import { bodyOf, REALM } from "./function-host.js";

export interface CaseOutcome {
  readonly config: FunctionConfig;
  readonly results: readonly InvokeResult[];
  readonly last: InvokeResult;
  /** Bodies of all answers, parsed. */
  readonly bodies: readonly unknown[];
  /** Every line that the function's environments logged. */
  readonly lines: readonly string[];
  readonly notices: readonly string[];
}

export interface HandlerCase {
  /** A sentence. */
  readonly that: string;
  readonly handler: string;
  readonly folder?: string;
  readonly config?: Partial<FunctionConfig>;
  readonly events?: readonly unknown[];
  readonly request?: Partial<InvokeRequest>;
  /** INIT is cut earlier than on AWS. */
  readonly shortInit?: true;
  /** Not on the portable tier, which cannot hold it. */
  readonly namespacesOnly?: true;
  /** Body of the last answer when it succeeds. */
  readonly answers?: unknown;
  /** Error object of the last answer; a RegExp is matched, `<id>` stands for the request id. */
  readonly fails?: {
    readonly errorType: string;
    readonly errorMessage: string | RegExp;
    readonly trace?: "some" | "empty" | "none";
  };
  /** Error type on the REPORT line; undefined = none. */
  readonly reportType?: string;
  /** Each must match a line. */
  readonly logs?: readonly RegExp[];
  readonly check?: (outcome: CaseOutcome) => void;
}

export const NODE_24 = { runtime: "nodejs24.x" } as const;
export const ISO = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
const ID = "[0-9a-f-]{36}";
const CALLBACK_REFUSED =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";
const NEVER_SETTLED =
  "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes";

const COMMON_CONTEXT = [
  "functionVersion",
  "functionName",
  "memoryLimitInMB",
  "logGroupName",
  "logStreamName",
  "clientContext",
  "identity",
  "invokedFunctionArn",
  "awsRequestId",
  "tenantId",
  "getRemainingTimeInMillis",
];

export const line = (level: string, message: string): RegExp =>
  new RegExp(`^${ISO}\\t${ID}\\t${level}\\t${message}$`, "s");
export const jsonLines = (lines: readonly string[]): Record<string, unknown>[] =>
  lines.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text) as Record<string, unknown>);

export const RESULT_CASES: readonly HandlerCase[] = [
  {
    that: "an async handler's object is the answer",
    handler: "async-object.handler",
    events: [{ a: [1, "ü", null] }],
    answers: { got: { a: [1, "ü", null] } },
  },
  {
    that: "an event of plain JSON values reaches the handler",
    handler: "async-object.handler",
    events: ["text"],
    answers: { got: "text" },
  },
  { that: "undefined is answered as null", handler: "async-undefined.handler", answers: null },
  { that: "a synchronous return value is ignored on Node 22", handler: "sync-return.handler", answers: null },
  {
    that: "a synchronous return value is the answer on Node 24",
    handler: "plain-value.handler",
    config: NODE_24,
    answers: "a plain value",
  },
  {
    that: "a thenable that can be chained is waited for on Node 22",
    handler: "thenable-chained.handler",
    answers: "from a thenable",
  },
  {
    that: "a thenable that cannot be chained fails on Node 22, as in AWS's own client",
    handler: "thenable.handler",
    fails: { errorType: "TypeError", errorMessage: "result.then(...).catch is not a function", trace: "some" },
  },
  {
    that: "any thenable is waited for on Node 24",
    handler: "thenable.handler",
    config: NODE_24,
    answers: "from a thenable",
  },
  { that: "callback(null, value) answers the value", handler: "callback-result.handler", answers: { by: "callback" } },
  { that: "a callback may come later", handler: "callback-later.handler", answers: "later" },
  {
    that: "callback(error) is a function error",
    handler: "callback-error.handler",
    fails: { errorType: "RangeError", errorMessage: "by callback", trace: "some" },
  },
  {
    that: "a callback's answer waits for the event loop to drain",
    handler: "callback-waits.handler",
    answers: "answered",
    logs: [line("INFO", "the timer ran")],
    check: ({ lines }) =>
      expect(lines.findIndex((text) => text.includes("the timer ran"))).toBeLessThan(
        lines.findIndex((text) => text.startsWith("END")),
      ),
  },
  {
    that: "with callbackWaitsForEmptyEventLoop false timers go on in the next invocation",
    handler: "callback-does-not-wait.handler",
    events: [{}, {}],
    answers: 2,
    check: ({ results }) => {
      expect(results[0]?.logs).not.toContain("the timer of the first round ran");
      expect(results[1]?.logs).toContain(`\t${results[1]?.requestId}\tINFO\tthe timer of the first round ran`);
    },
  },
  {
    that: "the first completion counts and further ones are passed over",
    handler: "callback-twice.handler",
    answers: "first",
    check: ({ lines }) => expect(lines.join()).not.toContain("\tERROR\t"),
  },
  {
    that: "a callback with an error does not wait for the event loop",
    handler: "callback-error-timer.handler",
    config: { timeoutSeconds: 3 },
    fails: { errorType: "Error", errorMessage: "at once", trace: "some" },
  },
  { that: "context.succeed answers", handler: "context-succeed.handler", answers: { by: "succeed" } },
  {
    that: "context.fail fails",
    handler: "context-fail.handler",
    fails: { errorType: "Error", errorMessage: "by fail", trace: "some" },
  },
  { that: "context.done(null, value) answers", handler: "context-done.handler", answers: { by: "done" } },
  {
    that: "context.done(text) fails with the text",
    handler: "context-done.handler",
    events: [{ fails: true }],
    fails: { errorType: "string", errorMessage: "text error", trace: "empty" },
  },
  {
    that: "a handler that never completes is answered null on Node 22 once nothing is left to do",
    handler: "waits-for-nothing.handler",
    answers: null,
  },
  {
    that: "a promise that never settles is told from an answer on Node 22",
    handler: "never-settles.handler",
    fails: { errorType: "Runtime.NodeJsExit", errorMessage: NEVER_SETTLED, trace: "some" },
  },
  {
    that: "Node 24 gives the event loop one turn before it answers",
    handler: "next-turn.handler",
    config: NODE_24,
    answers: "answered",
    logs: [line("INFO", "in the next turn")],
  },
  {
    that: "a promise that never settles ends the process on Node 24",
    handler: "never-settles.handler",
    config: NODE_24,
    fails: {
      errorType: "Runtime.ExitError",
      errorMessage: "RequestId: <id> Error: Runtime exited without providing a reason",
      trace: "none",
    },
    reportType: "Runtime.ExitError",
  },
];

export const CONTEXT_CASES: readonly HandlerCase[] = [
  {
    that: "the context has AWS's members in AWS's order on Node 22",
    handler: "context-shape.handler",
    check: ({ last, config }) => {
      const { keys, json } = bodyOf(last) as { keys: string[]; json: Record<string, unknown> };
      expect(keys).toEqual(["callbackWaitsForEmptyEventLoop", "succeed", "fail", "done", ...COMMON_CONTEXT]);
      expect(json).toEqual({
        callbackWaitsForEmptyEventLoop: true,
        functionVersion: "$LATEST",
        functionName: config.name,
        memoryLimitInMB: "256",
        logGroupName: `/aws/lambda/${config.name}`,
        logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
        invokedFunctionArn: config.arn,
        awsRequestId: last.requestId,
      });
    },
  },
  {
    that: "the context on Node 24 has no callbacks and a trace id",
    handler: "context-shape.handler",
    config: NODE_24,
    request: { traceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0" },
    check: ({ last }) => {
      const { keys, json } = bodyOf(last) as { keys: string[]; json: Record<string, unknown> };
      expect(keys).toEqual([
        "clientContext",
        "identity",
        "invokedFunctionArn",
        "awsRequestId",
        "tenantId",
        "xRayTraceId",
        "getRemainingTimeInMillis",
        "functionName",
        "functionVersion",
        "memoryLimitInMB",
        "logGroupName",
        "logStreamName",
      ]);
      expect(json["xRayTraceId"]).toBe("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
    },
  },
  {
    that: "client context, identity and qualifier reach the handler",
    handler: "client-context.handler",
    request: {
      clientContext: Buffer.from('{"custom":{"schlüssel":"wert"},"client":{"installation_id":"i"},"env":{}}').toString(
        "base64",
      ),
      cognitoIdentity: '{"cognitoIdentityId":"eu-west-1:a","cognitoIdentityPoolId":"eu-west-1:b"}',
      qualifier: "live",
    },
    check: ({ last, config }) =>
      expect(bodyOf(last)).toEqual({
        clientContext: { custom: { schlüssel: "wert" }, client: { installation_id: "i" }, env: {} },
        identity: { cognitoIdentityId: "eu-west-1:a", cognitoIdentityPoolId: "eu-west-1:b" },
        arn: `${config.arn}:live`,
      }),
  },
  {
    that: "the remaining time runs down from the timeout",
    handler: "remaining-time.handler",
    config: { timeoutSeconds: 7 },
    check: ({ last }) => {
      const { before, after } = bodyOf(last) as { before: number; after: number };
      expect(before).toBeGreaterThan(5000);
      expect(before).toBeLessThanOrEqual(7000);
      expect(before - after).toBeGreaterThanOrEqual(59);
    },
  },
  {
    that: "the trace header is in the environment of its invocation",
    handler: "trace-id.handler",
    request: { traceHeader: "Root=1-aa-bb;Sampled=1" },
    answers: { variable: "Root=1-aa-bb;Sampled=1", context: null },
  },
  {
    that: "without a trace header the variable is gone",
    handler: "trace-id.handler",
    answers: { variable: null, context: null },
  },
];

export const ERROR_CASES: readonly HandlerCase[] = [
  {
    that: "a thrown error is the answer, with its trace, and is logged",
    handler: "throws-error.handler",
    fails: { errorType: "Error", errorMessage: "boom", trace: "some" },
    logs: [
      line("ERROR", 'Invoke Error \\t\\{"errorType":"Error","errorMessage":"boom","stack":\\["Error: boom",.*\\]\\}'),
    ],
    check: ({ last }) => {
      const { trace } = bodyOf(last) as { trace: string[] };
      expect(trace[0]).toBe("Error: boom");
      expect(trace[1]).toMatch(/^ {4}at .*throws-error\.js:2:9\)?$/);
    },
  },
  {
    that: "an error thrown at once is the same",
    handler: "throws-sync.handler",
    fails: { errorType: "Error", errorMessage: "boom at once", trace: "some" },
  },
  {
    that: "a TypeError keeps its name",
    handler: "throws-type-error.handler",
    fails: { errorType: "TypeError", errorMessage: /^Cannot read properties of undefined/, trace: "some" },
  },
  {
    that: "a custom error keeps its name, and its members are logged",
    handler: "throws-custom.handler",
    fails: { errorType: "OrderError", errorMessage: "out of stock", trace: "some" },
    logs: [
      line(
        "ERROR",
        'Invoke Error \\t\\{"errorType":"OrderError","errorMessage":"out of stock","code":"E_ORDER","name":"OrderError","orderId":42,"stack":.*',
      ),
    ],
  },
  {
    that: "an object like an error counts as one on Node 22",
    handler: "throws-error-like.handler",
    fails: { errorType: "Lookalike", errorMessage: "almost an error", trace: "some" },
  },
  {
    that: "an object like an error is an object on Node 24",
    handler: "throws-error-like.handler",
    config: NODE_24,
    fails: { errorType: "object", errorMessage: "[object Object]", trace: "empty" },
  },
  {
    that: "a thrown object has its type and text",
    handler: "throws-object.handler",
    fails: { errorType: "object", errorMessage: "[object Object]", trace: "empty" },
  },
  {
    that: "a thrown text has its type and text",
    handler: "throws-string.handler",
    fails: { errorType: "string", errorMessage: "just text", trace: "empty" },
  },
  {
    that: "a thrown number has its type and text",
    handler: "throws-number.handler",
    fails: { errorType: "number", errorMessage: "42", trace: "empty" },
  },
  {
    that: "a rejection with nothing is called handled",
    handler: "null-rejection.handler",
    fails: { errorType: "string", errorMessage: "handled", trace: "empty" },
  },
  {
    that: "a rejection with undefined is called handled",
    handler: "throws-undefined.handler",
    fails: { errorType: "string", errorMessage: "handled", trace: "empty" },
  },
  {
    that: "control characters are escaped and other alphabets are kept",
    handler: "throws-del.handler",
    fails: { errorType: "Error", errorMessage: "a %7F character, a ü and a 😀", trace: "some" },
  },
  {
    that: "a cycle cannot be answered on Node 22",
    handler: "cycle.handler",
    fails: { errorType: "Error", errorMessage: "Unable to stringify response body", trace: "some" },
  },
  {
    that: "a cycle cannot be answered on Node 24",
    handler: "cycle.handler",
    config: NODE_24,
    fails: {
      errorType: "Runtime.JSONStringifyError",
      errorMessage: "Unable to stringify response body",
      trace: "some",
    },
  },
  {
    that: "a BigInt cannot be answered",
    handler: "bigint.handler",
    fails: { errorType: "Error", errorMessage: "Unable to stringify response body", trace: "some" },
  },
  {
    that: "an uncaught exception fails the invocation on Node 22 and the next one starts anew",
    handler: "uncaught.handler",
    events: [{ fine: true }, {}, { fine: true }],
    answers: 1,
    logs: [line("ERROR", 'Uncaught Exception \\t\\{"errorType":"EvalError","errorMessage":"thrown in a timer".*')],
    check: ({ bodies, results }) => {
      expect(bodies[1]).toMatchObject({ errorType: "EvalError", errorMessage: "thrown in a timer" });
      expect(results[1]?.functionError).toBe("Unhandled");
    },
  },
  {
    that: "an unhandled rejection fails the invocation on Node 22 and the next one starts anew",
    handler: "unhandled-rejection.handler",
    events: [{ fine: true }, {}, { fine: true }],
    answers: 1,
    logs: [
      line(
        "ERROR",
        'Unhandled Promise Rejection \\t\\{"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: nobody listens".*',
      ),
    ],
    check: ({ bodies }) =>
      expect(bodies[1]).toMatchObject({
        errorType: "Runtime.UnhandledPromiseRejection",
        errorMessage: "Error: nobody listens",
      }),
  },
  {
    that: "an uncaught exception ends the process on Node 24",
    handler: "uncaught.handler",
    config: NODE_24,
    fails: {
      errorType: "Runtime.ExitError",
      errorMessage: "RequestId: <id> Error: Runtime exited with error: exit status 1",
      trace: "none",
    },
    reportType: "Runtime.ExitError",
  },
  {
    that: "an unhandled rejection ends the process on Node 24",
    handler: "unhandled-rejection.handler",
    config: NODE_24,
    fails: {
      errorType: "Runtime.ExitError",
      errorMessage: "RequestId: <id> Error: Runtime exited with error: exit status 1",
      trace: "none",
    },
    reportType: "Runtime.ExitError",
  },
];

const importError = (errorMessage: RegExp): Pick<HandlerCase, "fails" | "reportType"> => ({
  fails: { errorType: "Runtime.ImportModuleError", errorMessage, trace: "some" },
  reportType: "Runtime.ImportModuleError",
});
const handlerError = (errorType: string, errorMessage: string): Pick<HandlerCase, "fails" | "reportType"> => ({
  fails: { errorType: `Runtime.${errorType}`, errorMessage, trace: "some" },
  reportType: `Runtime.${errorType}`,
});

export const LOADING_CASES: readonly HandlerCase[] = [
  {
    that: "a missing module is an import error",
    handler: "import-failure.handler",
    ...importError(/^Error: Cannot find module 'nowhere'\nRequire stack:\n- .*import-failure\.js\n- .*\/index\.mjs$/),
  },
  {
    that: "a missing handler file is an import error",
    handler: "other.handler",
    ...importError(/^Error: Cannot find module 'other'/),
  },
  {
    that: "a missing export is named",
    handler: "async-object.nope",
    ...handlerError("HandlerNotFound", "async-object.nope is undefined or not exported"),
  },
  {
    that: "an export that is no function is named",
    handler: "no-function.handler",
    ...handlerError("HandlerNotFound", "no-function.handler is not a function"),
  },
  {
    that: "a handler name with .. is malformed",
    handler: "../node/async-object.handler",
    ...handlerError(
      "MalformedHandlerName",
      "'../node/async-object.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names.",
    ),
  },
  {
    that: "a handler name without a dot is malformed",
    handler: "async-object",
    ...handlerError("MalformedHandlerName", "Bad handler"),
  },
  { that: "a nested export is found by its path", handler: "nested-export.deep.er.handler", answers: "deep" },
  {
    that: "the first dot ends the module's name",
    handler: "async-object.js.handler",
    ...handlerError("HandlerNotFound", "async-object.js.handler is undefined or not exported"),
  },
  { that: "a handler may lie in a folder", handler: "folder/inner.handler", answers: "inner" },
  { that: "a handler may be a package", handler: "packaged.handler", answers: "from a package" },
  {
    that: "a file named exactly so comes first",
    handler: "exact-name.handler",
    answers: "from a file without extension",
  },
  {
    that: "an .mjs handler may await at its top level",
    handler: "module-file.handler",
    answers: "awaited at the top of module-file.mjs",
  },
  { that: "a .cjs handler is required", handler: "common-file.handler", answers: "from .cjs" },
  {
    that: "package.json makes .js an ES module",
    folder: "esm",
    handler: "index.handler",
    answers: "ES module by package.json",
  },
  {
    that: "an ES module works on Node 24",
    folder: "esm",
    handler: "index.handler",
    config: NODE_24,
    answers: "ES module by package.json",
  },
  {
    that: "a CommonJS module works on Node 24",
    handler: "async-object.handler",
    config: NODE_24,
    answers: { got: {} },
  },
  {
    that: "a missing import of an ES module is a plain error",
    folder: "esm",
    handler: "missing.handler",
    fails: { errorType: "Error", errorMessage: /^Cannot find package 'nowhere' imported from /, trace: "some" },
    reportType: "Runtime.Unknown",
  },
  {
    that: "a top-level await that never ends ends the process",
    folder: "esm",
    handler: "never.handler",
    fails: {
      errorType: "Runtime.ExitError",
      errorMessage: "RequestId: <id> Error: Runtime exited with error: exit status 13",
      trace: "none",
    },
    reportType: "Runtime.ExitError",
  },
  {
    that: "Node 24 looks into the default export",
    handler: "default-export.handler",
    config: NODE_24,
    answers: "from the default export",
  },
  {
    that: "Node 22 does not look into the default export",
    handler: "default-export.handler",
    ...handlerError("HandlerNotFound", "default-export.handler is undefined or not exported"),
  },
  {
    that: "a syntax error is named",
    handler: "syntax-error.handler",
    fails: { errorType: "Runtime.UserCodeSyntaxError", errorMessage: /^SyntaxError: /, trace: "some" },
    reportType: "Runtime.UserCodeSyntaxError",
  },
  {
    that: "an error at load is titled Init Error on Node 24",
    handler: "throws-at-load.handler",
    config: NODE_24,
    fails: { errorType: "Error", errorMessage: "at load", trace: "some" },
    reportType: "Runtime.Unknown",
    logs: [/\t-\tERROR\tInit Error \t\{"errorType":"Error","errorMessage":"at load"/],
  },
  {
    that: "a callback handler is refused on Node 24",
    handler: "three-parameters.handler",
    config: NODE_24,
    ...handlerError("CallbackHandlerDeprecated", CALLBACK_REFUSED),
  },
  {
    that: "an error at load is tried twice and reported twice before START",
    handler: "throws-at-load.handler",
    fails: { errorType: "Error", errorMessage: "at load", trace: "some" },
    reportType: "Runtime.Unknown",
    logs: [
      /^\d{4}.*Z\tundefined\tERROR\tUncaught Exception \t\{"errorType":"Error","errorMessage":"at load"/,
      /^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error\tError Type: Runtime\.Unknown$/,
      /^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: error\tError Type: Runtime\.Unknown$/,
    ],
    check: ({ lines, last }) => {
      expect(lines.filter((text) => text.endsWith("\tINFO\tloading"))).toHaveLength(2);
      const order = ["INIT_START", "INIT_REPORT", "INIT_START", "INIT_REPORT", "START", "END", "REPORT"];
      expect(lines.map((text) => text.split(" ")[0]).filter((word) => order.includes(word ?? ""))).toEqual(order);
      expect(last.report.initDurationMs).toBeUndefined();
    },
  },
  {
    that: "a process that leaves while it loads is reported",
    handler: "exits-at-load.handler",
    fails: {
      errorType: "Runtime.ExitError",
      errorMessage: "RequestId: <id> Error: Runtime exited with error: exit status 7",
      trace: "none",
    },
    reportType: "Runtime.ExitError",
  },
  {
    that: "an INIT that takes too long is cut and tried again inside the invocation",
    handler: "slow-load.handler",
    shortInit: true,
    answers: "loaded in the second try",
    logs: [/^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: timeout$/],
    check: ({ last, lines }) => {
      expect(last.report.initDurationMs).toBeUndefined();
      expect(lines.filter((text) => text.startsWith("INIT_REPORT"))).toHaveLength(1);
    },
  },
  {
    that: "an INIT that never ends is the function's timeout",
    handler: "hangs-at-load.handler",
    shortInit: true,
    config: { timeoutSeconds: 1 },
    fails: {
      errorType: "Sandbox.Timedout",
      errorMessage: "RequestId: <id> Error: Task timed out after 1.00 seconds",
      trace: "none",
    },
    logs: [/Phase: init\tStatus: timeout$/, /Phase: invoke\tStatus: timeout$/, /\tStatus: timeout$/],
  },
];

const exitError = (text: string): Pick<HandlerCase, "fails" | "reportType"> => ({
  fails: {
    errorType: "Runtime.ExitError",
    errorMessage: `RequestId: <id> Error: Runtime exited ${text}`,
    trace: "none",
  },
  reportType: "Runtime.ExitError",
});

export const END_CASES: readonly HandlerCase[] = [
  {
    that: "process.exit(0) gives no reason",
    handler: "exits.handler",
    events: [{ code: 0 }],
    ...exitError("without providing a reason"),
  },
  {
    that: "process.exit(3) is exit status 3",
    handler: "exits.handler",
    events: [{ code: 3 }],
    ...exitError("with error: exit status 3"),
  },
  {
    that: "process.exit(137) is a status and no signal",
    handler: "exits.handler",
    events: [{ code: 137 }],
    ...exitError("with error: exit status 137"),
  },
  {
    that: "SIGKILL is named killed",
    handler: "exits.handler",
    events: [{ signal: "SIGKILL" }],
    ...exitError("with error: signal: killed"),
  },
  {
    that: "SIGSEGV is named segmentation fault",
    handler: "exits.handler",
    events: [{ signal: "SIGSEGV" }],
    ...exitError("with error: signal: segmentation fault"),
  },
  {
    that: "SIGTERM is named terminated",
    handler: "exits.handler",
    events: [{ signal: "SIGTERM" }],
    ...exitError("with error: signal: terminated"),
  },
  {
    that: "abort() is named aborted",
    handler: "exits.handler",
    events: [{ abort: true }],
    ...exitError("with error: signal: aborted"),
  },
  {
    that: "after an exit the next invocation starts anew without an init duration",
    handler: "exits.handler",
    events: [{}, {}, { code: 1 }, {}, {}],
    answers: 2,
    check: ({ bodies, results }) => {
      expect(bodies.map((body) => (typeof body === "number" ? body : "failed"))).toEqual([1, 2, "failed", 1, 2]);
      expect(results.map(({ report }) => report.initDurationMs !== undefined)).toEqual([
        true,
        false,
        false,
        false,
        false,
      ]);
    },
  },
  {
    that: "a function that outgrows its memory is killed, reported with all of it, and works again",
    handler: "eats-memory.handler",
    config: { memoryMb: 192 },
    events: [{}, { fine: true }],
    answers: "fine",
    check: ({ results, bodies }) => {
      expect(bodies[0]).toEqual({
        errorType: "Runtime.OutOfMemory",
        errorMessage: `RequestId: ${results[0]?.requestId} Error: Runtime exited with error: signal: killed`,
      });
      expect(results[0]?.report).toMatchObject({
        memorySizeMb: 192,
        maxMemoryUsedMb: 192,
        errorType: "Runtime.OutOfMemory",
      });
      expect(results[0]?.logs).toMatch(
        /Max Memory Used: 192 MB\tInit Duration: \d+\.\d\d ms\tStatus: error\tError Type: Runtime\.OutOfMemory\n$/,
      );
    },
  },
  {
    that: "a timeout while waiting is answered, /tmp and the log stream are kept, globals are lost",
    handler: "sleeps.handler",
    // INIT runs again inside the third: on a busy machine that takes its time.
    config: { timeoutSeconds: 2 },
    events: [{}, { ms: 20_000 }, {}],
    logs: [new RegExp(`^${ISO} ${ID} Task timed out after 2\\.00 seconds\\n$`), line("INFO", "sleeping")],
    check: ({ results, bodies }) => {
      const [first, , third] = bodies as { rounds: number; seen: string | null; logStream: string }[];
      expect(bodies[1]).toEqual({
        errorType: "Sandbox.Timedout",
        errorMessage: `RequestId: ${results[1]?.requestId} Error: Task timed out after 2.00 seconds`,
      });
      expect(results[1]?.report.status).toBe("timeout");
      expect(results[1]?.logs).toMatch(/^REPORT RequestId: .*\tStatus: timeout$/m);
      expect(third).toEqual({ rounds: 1, seen: "round 2", logStream: first?.logStream });
    },
  },
  {
    that: "a busy loop is cut too",
    handler: "sleeps.handler",
    config: { timeoutSeconds: 1 },
    events: [{ busy: true }],
    fails: {
      errorType: "Sandbox.Timedout",
      errorMessage: "RequestId: <id> Error: Task timed out after 1.00 seconds",
      trace: "none",
    },
  },
  {
    that: "an INIT that fails after a crash is answered with its own failure, not with an older answer",
    handler: "fails-second-load.handler",
    events: [{}, { crash: true }, {}],
    fails: { errorType: "Error", errorMessage: "the second load fails", trace: "some" },
    reportType: "Runtime.Unknown",
    check: ({ bodies }) => expect(bodies[0]).toBe("fine"),
  },
  {
    that: "globals are kept from one invocation to the next",
    handler: "counts.handler",
    events: [{}, {}, {}],
    answers: 3,
  },
  {
    that: "a response at the limit passes",
    handler: "large-response.handler",
    events: [{ size: 6_291_556 }],
    check: ({ last }) => {
      expect(last.functionError).toBeUndefined();
      expect(last.payload).toHaveLength(6_291_556);
    },
  },
  {
    that: "a response of one byte more is refused and the next invocation works",
    handler: "large-response.handler",
    events: [{ size: 6_291_557 }, { size: 3 }],
    answers: "a",
    check: ({ bodies, results }) => {
      expect(bodies[0]).toEqual({
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
      });
      expect(results[0]?.functionError).toBe("Unhandled");
    },
  },
];

export const ENVIRONMENT_CASES: readonly HandlerCase[] = [
  {
    that: "the environment is Lambda's and nothing of ours or of the host",
    handler: "variables.handler",
    namespacesOnly: true,
    config: { environment: { OWN: "value", LANG: "de_DE.UTF-8", AWS_REGION: "refused" } },
    check: ({ last, config }) => {
      const { PATH, AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_LOG_STREAM_NAME, ...rest } = bodyOf(last) as Record<
        string,
        string
      >;
      expect(PATH).toBe("/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin");
      expect(AWS_LAMBDA_RUNTIME_API).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(AWS_LAMBDA_LOG_STREAM_NAME).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
      expect(rest).toEqual({
        AWS_ACCESS_KEY_ID: "AKIATEST",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_SESSION_TOKEN: "token",
        AWS_REGION: REALM.region,
        AWS_DEFAULT_REGION: REALM.region,
        AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
        AWS_LAMBDA_FUNCTION_NAME: config.name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${config.name}`,
        AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
        AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1:2000",
        _AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1",
        _AWS_XRAY_DAEMON_PORT: "2000",
        LAMBDA_RUNTIME_DIR: "/var/runtime",
        LAMBDA_TASK_ROOT: "/var/task",
        LANG: "de_DE.UTF-8",
        TZ: ":UTC",
        PWD: "/var/task",
        SHLVL: "0",
        LD_LIBRARY_PATH:
          "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        NODE_PATH:
          "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task",
        _HANDLER: "variables.handler",
        OWN: "value",
        cwd: "/var/task",
        umask: 0o022,
      });
    },
  },
  {
    that: "the time zone is UTC unless the function sets one",
    handler: "time-zone.handler",
    check: ({ last }) => expect(bodyOf(last)).toMatchObject({ offset: 0, flags: null }),
  },
  {
    that: "V8 sizes its heap by the function's memory, not by the host's",
    handler: "time-zone.handler",
    config: { memoryMb: 256 },
    check: ({ last }) => {
      const body = bodyOf(last) as { heap: string[]; limit: number };
      expect(body.heap).toEqual(
        expect.arrayContaining(["--expose-gc", "--max-semi-space-size=12", "--max-old-space-size=231"]),
      );
      expect(body.limit).toBeLessThan(300 * 1024 * 1024);
    },
  },
  {
    that: "a worker thread sizes its heap by the function's memory too",
    handler: "worker-heap.handler",
    config: { memoryMb: 256 },
    check: ({ last }) => {
      const body = bodyOf(last) as { limit: number; gc: string };
      expect(body.gc).toBe("function");
      expect(body.limit).toBeLessThan(300 * 1024 * 1024);
    },
  },
  {
    that: "TZ and NODE_OPTIONS of the function are in force from the start",
    handler: "time-zone.handler",
    config: { environment: { TZ: "Asia/Tokyo", NODE_OPTIONS: "--max-old-space-size=96" } },
    check: ({ last }) => {
      const body = bodyOf(last) as { zone: string; offset: number; flags: string; limit: number };
      expect(body).toMatchObject({ zone: "Asia/Tokyo", offset: -540, flags: "--max-old-space-size=96" });
      expect(body.limit).toBeLessThan(160 * 1024 * 1024);
    },
  },
  {
    that: "text logs carry time, request id and level, and keep a call on one line",
    handler: "logs-text.handler",
    answers: null,
    logs: [
      new RegExp(`^${ISO}\\tundefined\\tINFO\\tat load$`),
      line("INFO", "one line"),
      line("INFO", "\\{ a: 1 \\}"),
      line("WARN", "two\\rlines"),
      line("ERROR", "Error: logged\\r {4}at .*"),
      line("DEBUG", "debug"),
      line("TRACE", "trace"),
      line("FATAL", "fatal"),
      /^raw out$/,
      /^raw err$/,
    ],
    check: ({ last, lines }) => {
      expect(last.logs).toBe(`${lines.join("\n")}\n`);
      expect(lines[0]).toMatch(
        /^INIT_START Runtime Version: nodejs:22\.v\d+\.\d+\.\d+\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:/,
      );
      expect(lines).toContain(`START RequestId: ${last.requestId} Version: $LATEST`);
      expect(lines).toContain(`END RequestId: ${last.requestId}`);
      expect(lines.at(-1)).toMatch(
        new RegExp(
          `^REPORT RequestId: ${last.requestId}\\tDuration: \\d+\\.\\d\\d ms\\tBilled Duration: \\d+ ms\\tMemory Size: 256 MB\\tMax Memory Used: \\d+ MB\\tInit Duration: \\d+\\.\\d\\d ms\\t$`,
        ),
      );
    },
  },
  {
    that: "JSON logs carry values, errors and only what the level lets through",
    handler: "logs-json.handler",
    config: { logging: { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "INFO", logGroup: "/custom" } },
    answers: null,
    check: ({ lines, last }) => {
      const own = jsonLines(lines).filter((entry) => entry["level"] !== undefined);
      const at = { timestamp: expect.stringMatching(new RegExp(`^${ISO}$`)), requestId: last.requestId };
      const stackTrace = expect.any(Array) as unknown;
      expect(own).toEqual([
        { ...at, level: "INFO", message: "plain" },
        { ...at, level: "INFO", message: { an: "object", deep: [1, 2] } },
        { ...at, level: "INFO", message: "two { args: true }" },
        { ...at, level: "INFO", message: 7 },
        { ...at, level: "WARN", message: { errorType: "TypeError", errorMessage: "alone", stackTrace } },
        {
          ...at,
          level: "ERROR",
          message: expect.stringMatching(/^with RangeError: an error\n/),
          errorType: "RangeError",
          errorMessage: "an error",
          stackTrace,
        },
        { ...at, level: "FATAL", message: "fatal" },
        { ...at, level: "INFO", message: expect.stringContaining("[Circular *1]") },
      ]);
      expect(lines).toContain("raw");
      const system = jsonLines(lines).filter((entry) => entry["type"] !== undefined);
      expect(system.map((entry) => entry["type"])).toEqual([
        "platform.initStart",
        "platform.initReport",
        "platform.start",
        "platform.runtimeDone",
        "platform.report",
      ]);
      expect(system.at(-1)).toMatchObject({
        record: { requestId: last.requestId, status: "success", metrics: { memorySizeMB: 256 } },
      });
    },
  },
  {
    that: "a timer left running is named with the line that made it",
    handler: "leaves-timer.handler",
    config: NODE_24,
    answers: "answered",
    check: ({ notices }) =>
      expect(notices.join()).toMatch(/left a timer running, made at leaveTimer \(.*leaves-timer\.js:6:3\)/),
  },
  {
    that: "a socket left open is named with the line that made it",
    handler: "leaves-socket.handler",
    answers: "answered",
    check: ({ notices }) =>
      expect(notices.join()).toMatch(/left a socket running, made at openSocket \(.*leaves-socket\.js:9:14\)/),
  },
  {
    that: "what is cleared, unreferenced or over is not named",
    handler: "leaves-nothing.handler",
    answers: null,
    check: ({ notices }) => expect(notices.join()).not.toContain("running"),
  },
  {
    that: "require finds the AWS SDK of the runtime",
    handler: "sdk-common.handler",
    check: ({ last }) => expect(bodyOf(last)).toMatchObject({ client: "function" }),
  },
  {
    that: "import finds the AWS SDK of the runtime",
    handler: "sdk-module.handler",
    namespacesOnly: true,
    answers: { client: "function", command: "SendMessageCommand" },
  },
  { that: "a child process finds the AWS SDK of the runtime", handler: "sdk-child.handler", answers: "function" },
];
