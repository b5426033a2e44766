/** What usually helps when an invocation failed: one line under the log, for the failures that have one usual cause. */
import type { FunctionConfig } from "../../config/function-config.js";
import type { InvokeResult } from "../../runtime/types.js";

interface Explained {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

type Advice = (fn: FunctionConfig, message: string) => string;

const ADVICE: Readonly<Record<string, Advice>> = {
  "Runtime.HandlerNotFound": (fn) =>
    `Export \`${fn.handler.split(".").at(-1)}\` from ${sourceOf(fn)}, or change Handler (${fn.handler}).`,
  "Runtime.MalformedHandlerName": (fn) =>
    `Write Handler as file.export, such as index.handler (it is "${fn.handler}").`,
  "Runtime.ImportModuleError": (fn, message) =>
    `Ship the module with ${fn.name}'s code: ${/Cannot find module '([^']+)'/.exec(message)?.[1] ?? "see the message"}.`,
  "Runtime.UserCodeSyntaxError": (fn) => `Mend the syntax of ${sourceOf(fn)}; the log above names the line.`,
  "Runtime.CallbackHandlerDeprecated": (fn) =>
    `Make the handler async (two parameters), or declare a runtime older than ${fn.runtime}.`,
  "Runtime.OutOfMemory": (fn) => `Raise MemorySize (${fn.memoryMb} MB), or hold less at a time.`,
  "Sandbox.Timedout": (fn) =>
    `Raise Timeout (${fn.timeoutSeconds} s), or look for what never ends; \`--inspect\` stops the clock at breakpoints.`,
  "Function.ResponseSizeTooLarge": () => "Store the result in S3 and return its key; a response holds 6 MB.",
};

/** Undefined when the error is the handler's own affair. */
export function adviceFor(result: InvokeResult, fn: FunctionConfig): string | undefined {
  if (result.functionError === undefined) return undefined;
  const { errorType, errorMessage: message = "" } = parse(result.payload);
  if (/\bENOSPC\b/.test(message)) return `Write less to /tmp, or raise EphemeralStorage (${fn.ephemeralStorageMb} MB).`;
  if (/\bEROFS\b/.test(message)) return "Write below /tmp: the rest of Lambda's file system is read-only.";
  return errorType === undefined ? undefined : ADVICE[errorType]?.(fn, message);
}

function sourceOf({ code, handler }: FunctionConfig): string {
  return code.kind === "bundle" ? code.handlerFile : handler.replace(/\.[^./]*$/, "");
}

function parse(payload: Buffer): Explained {
  try {
    const value = JSON.parse(payload.toString("utf8")) as Explained | null;
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // Not JSON: nothing that we know a remedy for.
    return {};
  }
}
