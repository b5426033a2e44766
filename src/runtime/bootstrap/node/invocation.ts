/**
 * One invocation inside the environment: calls the handler by the rules of the declared runtime and says how it ended.
 * Node 22 and older know callbacks, `context.done` and the wait for an empty event loop; Node 24 knows none of them.
 */
import { types } from "node:util";
import { errorBody, formattedError, RuntimeError } from "./errors.js";
import { logsJson } from "./console.js";
import { STREAMING, type Handler } from "./handler-loader.js";
import type { LegacyContext } from "./context.js";

/** How an invocation ended. `exitCode` = the process must leave after the answer. */
export type Completion =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly error: unknown; readonly exitCode?: number };

/** JSON text of a handler's result, as the runtime sends it. */
function stringifyResult(result: unknown, modern: boolean): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch {
    throw new RuntimeError(modern ? "Runtime.JSONStringifyError" : "Error", "Unable to stringify response body");
  }
  // A function or a symbol has no JSON; the native part of AWS's clients takes nothing but a string.
  if (text === undefined) throw new TypeError("Wrong arguments");
  return text;
}

/** The object that a handler is called on; its name stands in stack traces (`at Runtime.handler (...)`), as on Lambda. */
export class Runtime {
  readonly handler: Handler;

  constructor(handler: Handler) {
    this.handler = handler;
  }
}

/** The same for Node 24 and newer. */
class BufferedInvokeProcessor extends Runtime {}
class StreamingInvokeProcessor extends Runtime {}

export function runtimeOf(handler: Handler, modern: boolean): Runtime {
  if (!modern) return new Runtime(handler);
  return STREAMING in handler ? new StreamingInvokeProcessor(handler) : new BufferedInvokeProcessor(handler);
}

/** Node 24 and newer: whatever the handler returns or resolves to is the response. */
export async function runModern(runtime: Runtime, event: unknown, context: object): Promise<Completion> {
  try {
    return { ok: true, body: stringifyResult(await runtime.handler(event, context), true) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** What `beforeExit` (the event loop has drained) means for the invocation under way. */
export interface LoopDrain {
  /** Called by the process's `beforeExit`. */
  onEmpty: (() => void) | undefined;
}

/**
 * Node 22 and older. Of the callback, `context.succeed`, `fail` and `done` the first call counts, all further ones are
 * passed over; a value given to the callback waits for the event loop to drain unless the context says otherwise.
 * A synchronous handler that never completes is answered `null` when the loop drains; an async one whose promise never
 * settles is answered `Runtime.NodeJsExit` (source of the client, Aug 2025; its 3.3.0 bundle answers null instead).
 * A result that has no JSON is thrown where it was given: inside a promise or the handler that fails the invocation,
 * in a timer of the user's it is an uncaught exception.
 */
export function runLegacy(
  runtime: Runtime,
  event: unknown,
  makeContext: (legacy: LegacyContext) => object,
  drain: LoopDrain,
): Promise<Completion> {
  return new Promise((resolve) => {
    let answered = false;
    let called = false;
    const settle = (completion: Completion): void => {
      drain.onEmpty = undefined;
      if (answered) {
        console.error(
          "Invocation has already been reported as done. Cannot call complete more than once per invocation.",
        );
        return;
      }
      answered = true;
      resolve(completion);
    };
    const once =
      <A extends unknown[]>(work: (...args: A) => void) =>
      (...args: A): void => {
        if (called) return;
        work(...args);
        called = true;
      };
    const finish = (error: unknown, result: unknown): void => {
      const failed = error !== undefined && error !== null;
      settle(failed ? { ok: false, error } : { ok: true, body: stringifyResult(result, false) });
    };

    const completion = {
      succeed: once((result: unknown) => finish(null, result)),
      fail: once((error: unknown) => finish(error ?? "handled", null)),
      done: once(finish),
    };
    const legacy: LegacyContext = { callbackWaitsForEmptyEventLoop: true, completion };
    const callback = once((error: unknown, result?: unknown) => {
      const failed = error !== undefined && error !== null;
      if (failed || answered || !legacy.callbackWaitsForEmptyEventLoop) finish(error, result);
      else drain.onEmpty = () => finish(error, result);
    });

    drain.onEmpty = types.isAsyncFunction(runtime.handler)
      ? () => settle({ ok: false, error: neverSettled() })
      : () => finish(null, null);
    try {
      const result = runtime.handler(event, makeContext(legacy), callback) as PromiseLike<unknown> &
        Pick<Promise<unknown>, "catch">;
      if (!isThenable(result)) return;
      // Word for word AWS's chain: a thenable whose `then` returns nothing fails there with this very text.
      void (result.then(completion.succeed, completion.fail) as Promise<void>).catch(completion.fail);
    } catch (error) {
      callback(error);
    }
  });
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

function neverSettled(): Error {
  return new RuntimeError(
    "Runtime.NodeJsExit",
    "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes",
  );
}

/** Headers and body of a POST to `/error`. */
export function errorRequest(
  error: unknown,
  modern: boolean,
): { readonly headers: Record<string, string>; readonly body: string } {
  const body = errorBody(error, modern);
  const errorType = /^[\x20-\x7e]*$/.test(body.errorType) ? body.errorType : "Unknown";
  return {
    headers: { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": errorType },
    body: JSON.stringify(body),
  };
}

/**
 * What is thrown without being an error is logged as one. The JSON format has no title: the error is the message.
 * Throws for what cannot become a message: an object without a prototype and, in the older client, a symbol.
 */
export function logError(title: string, thrown: unknown, modern: boolean): void {
  const error = thrown instanceof Error ? thrown : new Error(modern ? String(thrown) : (thrown as string));
  if (logsJson(process.env)) console.error(error);
  else console.error(title, formattedError(error, modern));
}
