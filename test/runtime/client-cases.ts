/**
 * What AWS's two Node clients make of unusual results, errors and log calls: aws-lambda-ric 3.3 (Node 22 and older) and
 * 4.0 (Node 24 and newer). `scripts/ric-compat.mjs` holds the cases of Node 22 against the client itself.
 */
import { bodyOf } from "./function-host.js";
import { ISO, jsonLines, line, NODE_24, type HandlerCase } from "./handler-cases.js";

const JSON_LOGS = {
  logging: { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "INFO", logGroup: "/custom" },
} as const;
const STUMBLED =
  "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack";
const WRONG_ARGUMENTS = { errorType: "TypeError", errorMessage: "Wrong arguments", trace: "some" } as const;
const NO_JSON = { errorType: "Error", errorMessage: "Unable to stringify response body", trace: "some" } as const;
const NO_SYMBOL_TEXT = "Cannot convert a Symbol value to a string";
const NO_PRIMITIVE = "Cannot convert object to primitive value";

export const CLIENT_CASES: readonly HandlerCase[] = [
  { that: "a function is no answer on Node 22", handler: "unusual-results.answersFunction", fails: WRONG_ARGUMENTS },
  {
    that: "a function is no answer on Node 24",
    handler: "unusual-results.answersFunction",
    config: NODE_24,
    fails: WRONG_ARGUMENTS,
  },
  { that: "a symbol is no answer", handler: "unusual-results.answersSymbol", fails: WRONG_ARGUMENTS },
  { that: "toJSON decides on the answer", handler: "unusual-results.answersByToJson", answers: { shown: 2 } },
  {
    that: "what has no JSON inside an answer is null, and half a surrogate pair is escaped",
    handler: "unusual-results.answersNested",
    answers: [null, null, null, "1970-01-01T00:00:00.000Z", {}, "\ud800"],
  },
  { that: "a toJSON that throws cannot be answered", handler: "unusual-results.answersThrowingJson", fails: NO_JSON },
  {
    that: "a function given to the callback is an uncaught exception once the loop has drained",
    handler: "unusual-results.callsBackFunction",
    fails: WRONG_ARGUMENTS,
    logs: [line("ERROR", "Uncaught Exception .*")],
  },
  {
    that: "a cycle given to a callback that does not wait is thrown in the handler",
    handler: "unusual-results.callsBackCycle",
    events: [{ waits: false }],
    fails: NO_JSON,
    logs: [line("ERROR", "Invoke Error .*")],
  },
  {
    that: "a cycle given to a callback that waits ends the process",
    handler: "unusual-results.callsBackCycle",
    events: [{ waits: true }],
    fails: NO_JSON,
    logs: [line("ERROR", "Uncaught Exception .*")],
  },
  {
    that: "of an async handler that calls back, too, the callback counts",
    handler: "unusual-results.promisesAndCallsBack",
    answers: "by callback",
  },
  {
    that: "an async handler that throws after its callback has answered",
    handler: "unusual-results.promisesAndCallsBack",
    events: [{ throws: true }],
    answers: "by callback",
  },
  {
    that: "a function with a then is awaited on Node 22",
    handler: "unusual-results.thenableFunction",
    answers: "of a function",
  },
  { that: "a static method is a handler on Node 22", handler: "unusual-results.Nested.handler", answers: "static" },
  {
    that: "Node 24 looks for handlers in objects only",
    handler: "unusual-results.Nested.handler",
    config: NODE_24,
    fails: {
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "unusual-results.Nested.handler is undefined or not exported",
      trace: "some",
    },
    reportType: "Runtime.HandlerNotFound",
  },
  {
    that: "a thrown symbol fails with the attempt to log it on Node 22",
    handler: "unusual-errors.symbol",
    fails: { errorType: "TypeError", errorMessage: NO_SYMBOL_TEXT, trace: "some" },
  },
  {
    that: "a thrown symbol has its type and text on Node 24",
    handler: "unusual-errors.symbol",
    config: NODE_24,
    fails: { errorType: "symbol", errorMessage: "Symbol(why)", trace: "empty" },
  },
  {
    that: "an object without a prototype fails with the attempt to log it on Node 22",
    handler: "unusual-errors.bare",
    fails: { errorType: "TypeError", errorMessage: NO_PRIMITIVE, trace: "some" },
  },
  {
    that: "an object without a prototype ends the process on Node 24",
    handler: "unusual-errors.bare",
    config: NODE_24,
    fails: {
      errorType: "Runtime.ExitError",
      errorMessage: "RequestId: <id> Error: Runtime exited with error: exit status 1",
    },
    reportType: "Runtime.ExitError",
  },
  {
    that: "an error that has lost its stack makes Node 22's client stumble",
    handler: "unusual-errors.withoutStack",
    fails: { errorType: "handled", errorMessage: STUMBLED },
  },
  {
    that: "an error that has lost its stack has no trace on Node 24",
    handler: "unusual-errors.withoutStack",
    config: NODE_24,
    fails: { errorType: "Error", errorMessage: "no stack", trace: "empty" },
  },
  {
    that: "something like an error with an empty message is an object",
    handler: "unusual-errors.emptyLikeness",
    fails: { errorType: "object", errorMessage: "[object Object]", trace: "empty" },
  },
  {
    that: "an AggregateError answers its own message",
    handler: "unusual-errors.aggregate",
    fails: { errorType: "AggregateError", errorMessage: "all failed", trace: "some" },
    logs: [line("ERROR", 'Invoke Error \\t\\{"errorType":"AggregateError","errorMessage":"all failed","stack":.*')],
  },
  {
    that: "an error's own members are logged and not answered",
    handler: "unusual-errors.withMembers",
    fails: { errorType: "Error", errorMessage: "coded", trace: "some" },
    logs: [line("ERROR", '.*"code":"E_CODE","details":\\{"a":\\[1\\]\\},"status":418,"stack":.*')],
  },
  {
    that: "null that nobody catches makes Node 22's client stumble",
    handler: "unusual-errors.uncaughtNull",
    fails: { errorType: "handled", errorMessage: STUMBLED },
    logs: [line("ERROR", 'Uncaught Exception \\t\\{"errorType":"Error","errorMessage":"null".*')],
  },
  {
    that: "a rejection with nothing that nobody listens to has an empty message",
    handler: "unusual-errors.silentRejection",
    fails: { errorType: "Runtime.UnhandledPromiseRejection", errorMessage: "", trace: "some" },
  },
  {
    that: "an object given to the callback answers its own text",
    handler: "unusual-errors.rejectsUnloggable",
    fails: { errorType: "object", errorMessage: "of its own", trace: "empty" },
  },
  {
    that: "null thrown at load fails Node 22's client on its code",
    handler: "throws-null-at-load.handler",
    fails: {
      errorType: "TypeError",
      errorMessage: "Cannot read properties of null (reading 'code')",
      trace: "some",
    },
    reportType: "Runtime.Unknown",
  },
  {
    that: "a call of console has a message, undefined where none is given",
    handler: "logs-unusual.handler",
    answers: null,
    logs: [
      new RegExp(`^${ISO}\\tundefined\\tINFO\\tat load$`),
      line("INFO", "undefined"),
      line("INFO", "undefined 1"),
      line("INFO", 'this is 4 and \\{"a":1\\}'),
      line("INFO", "Error: leads\\r {4}at .*\\[cause\\]: TypeError: its cause\\r.* and more"),
      line("INFO", "\\{ deep: \\{ er: \\{ than: \\[Object\\] \\} \\} \\} 10n"),
      line("INFO", "10n"),
    ],
  },
  {
    that: "errors of Node 24's client are logged with their name",
    handler: "no-function.handler",
    config: NODE_24,
    logs: [
      /\t-\tERROR\tInit Error \t\{"errorType":"Runtime.HandlerNotFound","errorMessage":"[^"]*","name":"Runtime.HandlerNotFound","stack":/,
    ],
  },
  {
    that: "a package.json that cannot be read is passed over with a warning",
    handler: "bad-package/index.handler",
    logs: [
      /\tundefined\tWARN\t\S+bad-package\/package\.json cannot be read, it will be ignored for ES module detection purposes\. SyntaxError: /,
    ],
  },
  {
    that: "before the first invocation Node 24 logs a dash for the request id",
    handler: "logs-unusual.handler",
    config: NODE_24,
    answers: null,
    logs: [new RegExp(`^${ISO}\\t-\\tINFO\\tat load$`)],
  },
  {
    that: "a level in the function's own variables filters text logs too",
    handler: "logs-unusual.handler",
    config: { environment: { AWS_LAMBDA_LOG_LEVEL: "warn" } },
    answers: null,
    check: ({ lines }) =>
      expect(lines.filter((text) => text.includes("\t") && !/^(INIT_START|REPORT)/.test(text))).toEqual([
        expect.stringMatching(line("WARN", "no error .*")),
      ]),
  },
  {
    that: "JSON logs on Node 22 name the first error of all arguments",
    handler: "logs-unusual.handler",
    config: JSON_LOGS,
    answers: null,
    check: ({ lines }) =>
      expect(ownLines(lines)).toEqual([
        { message: "at load" },
        {},
        { message: "undefined 1" },
        { message: 'this is 4 and {"a":1}' },
        {
          message: expect.stringContaining("[cause]: TypeError: its cause"),
          errorType: "Error",
          errorMessage: "leads",
          stackTrace: expect.any(Array),
        },
        { message: "{ deep: { er: { than: [Object] } } } 10n" },
        { message: "10n" },
        { message: expect.stringMatching(/^no error \{\n {2}a: Error: inside/) },
      ]),
  },
  {
    that: "JSON logs on Node 24 name the first error behind the message",
    handler: "logs-unusual.handler",
    config: { ...NODE_24, ...JSON_LOGS },
    answers: null,
    check: ({ lines }) =>
      expect(ownLines(lines)[4]).toEqual({ message: expect.stringContaining("[cause]: TypeError: its cause") }),
  },
  {
    that: "Node 24 has the invocation in a global store, anew for each",
    handler: "invoke-store.handler",
    config: NODE_24,
    events: [1, 2],
    request: { traceHeader: "Root=1-aa-bb;Sampled=1" },
    answers: {
      before: "-",
      left: null,
      now: 2,
      sameId: true,
      trace: "Root=1-aa-bb;Sampled=1",
      has: true,
      refusal: "Cannot modify protected Lambda context field: Symbol(_AWS_LAMBDA_REQUEST_ID)",
    },
  },
  { that: "Node 22 has no such store", handler: "invoke-store.handler", answers: null },
  {
    that: "stack traces name the object of AWS's that calls the handler",
    handler: "unusual-errors.named",
    config: NODE_24,
    check: ({ last }) =>
      expect((bodyOf(last) as { trace: string[] }).trace[1]).toMatch(
        /^ {4}at BufferedInvokeProcessor\.named \[as handler\] \(/,
      ),
  },
];

/** What a function logged as JSON, without what every line has. */
function ownLines(lines: readonly string[]): object[] {
  return jsonLines(lines)
    .filter(({ level }) => level !== undefined)
    .map(({ timestamp: _timestamp, level: _level, requestId: _requestId, ...rest }) => rest);
}
