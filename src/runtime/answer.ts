/** What the caller of one invocation gets, from what the runtime answered and how the phase ended. */
import { exited, exitErrorType, extensionFailed, timedOut, truncatedResponse, type Failure } from "./failures.js";
import { platformErrorType, type InitFailure, type Leftover, type Outcome } from "./runtime-session.js";
import type { ProcessExit } from "./sandbox/sandbox.js";
import type { InvokeAnswer } from "./types.js";

/** How INIT ended. */
export type InitEnd =
  | { readonly kind: "ready" }
  | { readonly kind: "timeout" }
  | { readonly kind: "error"; readonly failure: InitFailure }
  | { readonly kind: "exit"; readonly exit: ProcessExit }
  | { readonly kind: "extension"; readonly errorType: string; readonly exit: ProcessExit };

/** How INVOKE ended, apart from what the runtime had answered by then. */
export type InvokeEnd =
  | { readonly kind: "done" }
  | { readonly kind: "timeout" }
  | Extract<InitEnd, { kind: "exit" | "extension" }>;

export interface Answer {
  readonly payload: Buffer;
  readonly failed: boolean;
  /** Of the response, streamed or not; an error is none. */
  readonly producedBytes: number;
  /** Set when the platform, not the handler, ended the invocation. */
  readonly platformError: string | undefined;
  readonly leftovers: readonly Leftover[];
}

export interface Ending {
  readonly requestId: string;
  readonly end: InvokeEnd | InitEnd;
  /** What the runtime had posted by then. */
  readonly outcome: Outcome | undefined;
  /** It was in the middle of posting. */
  readonly midResponse: boolean;
  readonly timeoutSeconds: number;
}

/** The runtime's own answer if it gave one, else the platform's. */
export function finalAnswer({ requestId, end, outcome, midResponse, timeoutSeconds }: Ending): Answer {
  if (outcome !== undefined) return answerOf(outcome);
  if (end.kind === "exit" && midResponse) return fromFailure(truncatedResponse(), true);
  return platformAnswer(end, requestId, timeoutSeconds);
}

/** The part of it that the caller gets. */
export function forCaller({ payload, failed }: Answer, requestId: string, executedVersion: string): InvokeAnswer {
  return { requestId, executedVersion, payload, functionError: failed ? "Unhandled" : undefined };
}

/** What the runtime itself answered. */
function answerOf(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case "response":
      return answer(outcome.payload, false, outcome.leftovers, outcome.payload.length);
    case "error":
      return answer(outcome.payload, true, outcome.leftovers);
    case "failure":
      return fromFailure(outcome.failure, true);
    case "streamed":
      return answer(Buffer.alloc(0), false, [], outcome.sizeBytes);
  }
}

/** The platform's answer where the runtime gave none. */
function platformAnswer(end: InvokeEnd | InitEnd, requestId: string, timeoutSeconds: number): Answer {
  switch (end.kind) {
    case "timeout":
      return fromFailure(timedOut(requestId, timeoutSeconds), false);
    case "error":
      return { ...answer(end.failure.payload, true), platformError: platformErrorType(end.failure.errorType) };
    case "exit":
      return fromFailure(exited(requestId, end.exit), true);
    case "extension":
      return fromFailure(extensionFailed(requestId, end.errorType, end.exit), true);
    case "ready":
    case "done":
      throw new Error("the runtime asked for the next event without an answer to this one");
  }
}

function fromFailure(failure: Failure, platform: boolean): Answer {
  return { ...answer(failure.payload, true), platformError: platform ? failure.errorType : undefined };
}

function answer(payload: Buffer, failed: boolean, leftovers: readonly Leftover[] = [], producedBytes = 0): Answer {
  return { payload, failed, producedBytes, platformError: undefined, leftovers };
}

/** Error type of an INIT that failed; a timeout has none. */
export function initErrorType(end: InitEnd): string | undefined {
  switch (end.kind) {
    case "ready":
    case "timeout":
      return undefined;
    case "error":
      return platformErrorType(end.failure.errorType);
    case "exit":
      return exitErrorType(end.exit);
    case "extension":
      return end.errorType;
  }
}
