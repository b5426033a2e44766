/**
 * Functions as Step Functions run them: in this process, through the function directory and runtime/invoke, as a client of
 * the Lambda API would. What Lambda refuses is a ServiceFault; what the function does is in the answer.
 */
import { randomUUID } from "node:crypto";
import type { RuntimeHost } from "../../runtime/host.js";
import { invoke } from "../../runtime/invoke.js";
import type { InvokeResult } from "../../runtime/types.js";
import { AwsError } from "../../services/kit/aws-error.js";
// Not by way of the index, which every start loads: these are for the API alone, and for tasks.
import { functionNotFound } from "../../services/lambda/errors.js";
import { parseFunctionName } from "../../services/lambda/function-name.js";
import { continueTrace, type FunctionDirectory } from "../../services/lambda/index.js";
import { asAwsError, checkInvokeOptions } from "../../services/lambda/invoke-input.js";
import type { AsyncInvoker } from "../../sources/async/async-invoker.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import { ServiceFault } from "./service-call.js";

export interface FunctionsOptions {
  readonly realm: Realm;
  readonly clock: Clock;
  readonly host: RuntimeHost;
  readonly directory: FunctionDirectory;
  readonly invoker: AsyncInvoker;
}

export interface FunctionCall {
  /** Name, partial ARN or ARN. */
  readonly functionName: string;
  readonly qualifier?: string | undefined;
  readonly payload: Buffer;
  /** `RequestResponse` when absent. */
  readonly type?: string | undefined;
  readonly logType?: string | undefined;
  readonly clientContext?: string | undefined;
}

export interface FunctionAnswer extends InvokeResult {
  readonly traceHeader: string;
}

export class Functions {
  readonly #options: FunctionsOptions;

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  run(call: FunctionCall): Promise<FunctionAnswer> {
    return this.#asLambda(async (requestId) => {
      const { host } = this.#options;
      const { name, qualifier, config } = this.#target(call);
      const traceHeader = this.#trace(name);
      const { payload, clientContext } = call;
      const request = { payload, requestId, clientContext, qualifier, traceHeader };
      return { traceHeader, ...(await invoke(host, config, request)) };
    });
  }

  /** Resolves when the event is kept. Answers the trace header. */
  enqueue(call: FunctionCall): Promise<{ readonly requestId: string; readonly traceHeader: string }> {
    return this.#asLambda(async (requestId) => {
      const { name, qualifier } = this.#target(call);
      const traceHeader = this.#trace(name);
      await this.#options.invoker.enqueue(name, call.payload, {
        requestId,
        traceHeader,
        ...(qualifier === undefined ? {} : { qualifier }),
        ...(call.clientContext === undefined ? {} : { clientContext: call.clientContext }),
      });
      return { requestId, traceHeader };
    });
  }

  /** Whether it could be called (DryRun). */
  check(call: FunctionCall): Promise<{ readonly requestId: string }> {
    return this.#asLambda((requestId) => {
      this.#target(call);
      return Promise.resolve({ requestId });
    });
  }

  #target({ functionName, qualifier: asked, type = "RequestResponse", logType, clientContext }: FunctionCall) {
    const { realm, directory } = this.#options;
    checkInvokeOptions({ type, logType, clientContext });
    const { name, qualifier } = parseFunctionName(functionName, asked, realm);
    const config = directory.resolve(name, qualifier);
    if (config === undefined) throw functionNotFound(arnOf.function(realm, name, qualifier));
    return { name, qualifier, config };
  }

  /** A chain of invocations begins anew in a state machine: the Task state has no header to hand on. */
  #trace(name: string): string {
    const { realm, clock } = this.#options;
    return continueTrace(undefined, arnOf.function(realm, name), clock.now()).header;
  }

  async #asLambda<T>(run: (requestId: string) => Promise<T>): Promise<T> {
    const requestId = randomUUID();
    try {
      return await run(requestId);
    } catch (thrown) {
      const error = asAwsError(thrown);
      if (!(error instanceof AwsError)) throw error;
      const { code, message, statusCode } = error;
      throw new ServiceFault({
        code,
        shape: UNMODELED.has(code) ? undefined : code,
        message: message === "" ? undefined : message,
        statusCode,
        requestId,
      });
    }
  }
}

/** What Lambda answers besides the errors that the API model gives Invoke. */
const UNMODELED: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "RequestEntityTooLargeException",
  "ValidationException",
]);
