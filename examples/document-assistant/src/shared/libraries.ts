/**
 * Calls library functions: synchronously, by bare name, within a budget and through the breaker. Every way in which such a
 * call can fail has a name of its own (errors.ts).
 */
import { InvokeCommand, LambdaServiceException, type InvokeCommandOutput } from "@aws-sdk/client-lambda";
import type { Budget } from "./budget.js";
import { CircuitBreaker } from "./circuit-breaker.js";
import { lambdaClient } from "./clients.js";
import { LibraryError, messageOf, nameOf } from "./errors.js";
import { isFields, type Fields } from "./json.js";
import { required, wholeNumber } from "./settings.js";

/** Of a payload of more than 6 MB. Lambda's code for it (RequestEntityTooLargeException) is not the one that its API names. */
const TOO_LARGE_STATUS = 413;

export class Libraries {
  readonly #breaker: CircuitBreaker;

  private constructor(breaker: CircuitBreaker) {
    this.#breaker = breaker;
  }

  static fromEnvironment(): Libraries {
    return new Libraries(
      new CircuitBreaker({
        table: required("CIRCUITS_TABLE"),
        failures: wholeNumber("CIRCUIT_FAILURES", 5, 1),
        openSeconds: wholeNumber("CIRCUIT_OPEN_SECONDS", 30, 1),
      }),
    );
  }

  /** The library's answer, which says `success: true`. Throws a LibraryError. */
  async call(library: string, payload: Fields, budget: Budget): Promise<Fields> {
    const { hasFailed } = await this.#breaker.admit(library);
    try {
      const answer = await invoke(library, payload, budget);
      if (hasFailed) await this.#breaker.succeeded(library);
      return answer;
    } catch (error) {
      // What is wrong with the payload is not the library's fault.
      if (!(error instanceof LibraryError) || !error.isFinal) {
        await this.#breaker.failed(library, error instanceof LibraryError ? error.failure : nameOf(error));
      } else if (hasFailed) await this.#breaker.succeeded(library);
      throw error;
    }
  }
}

async function invoke(library: string, payload: Fields, budget: Budget): Promise<Fields> {
  const { remainingMs } = budget;
  const signal = budget.signal();
  let output: InvokeCommandOutput;
  try {
    output = await lambdaClient().send(
      new InvokeCommand({
        FunctionName: library,
        InvocationType: "RequestResponse",
        LogType: "Tail",
        Payload: JSON.stringify({ ...payload, budget_ms: Math.floor(remainingMs) }),
      }),
      { abortSignal: signal },
    );
  } catch (cause) {
    if (signal.aborted) {
      throw new LibraryError(library, "late", `no answer within ${Math.round(remainingMs)} ms`, { cause });
    }
    const failure = statusOf(cause) === TOO_LARGE_STATUS ? "too-large" : "unreachable";
    throw new LibraryError(library, failure, messageOf(cause), { cause });
  }
  return readAnswer(library, output);
}

function readAnswer(library: string, { FunctionError, Payload, LogResult }: InvokeCommandOutput): Fields {
  const text = Buffer.from(Payload ?? []).toString("utf8");
  const logTail = LogResult === undefined ? undefined : Buffer.from(LogResult, "base64").toString("utf8");
  if (FunctionError !== undefined) {
    const { errorType, errorMessage } = fieldsIn(text) ?? {};
    throw new LibraryError(library, "function-error", `${String(errorType)}: ${String(errorMessage)}`, { logTail });
  }
  const envelope = fieldsIn(text);
  if (typeof envelope?.["statusCode"] !== "number") {
    throw new LibraryError(library, "unreadable", "the answer has no statusCode", { logTail });
  }
  const { statusCode, body } = envelope;
  const answer = typeof body === "string" ? fieldsIn(body) : undefined;
  if (statusCode !== 200) {
    const reason = typeof answer?.["error"] === "string" ? answer["error"] : "it gave no reason";
    throw new LibraryError(library, "status", `${reason} (status ${statusCode})`, {
      libraryStatus: statusCode,
      logTail,
    });
  }
  if (answer === undefined) {
    throw new LibraryError(library, "unreadable", "the body of the answer is no JSON object", { logTail });
  }
  if (answer["success"] !== true) {
    const reason = typeof answer["error"] === "string" ? answer["error"] : "it gave no reason";
    throw new LibraryError(library, "refused", reason, { logTail });
  }
  return answer;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof LambdaServiceException ? error.$metadata.httpStatusCode : undefined;
}

function fieldsIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
