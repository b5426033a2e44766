/**
 * The state of one runtime process towards the Runtime API: Started, Ready, Running, ResponseSent. A reset of the
 * environment makes a new session. Wrong calls get AWS's own refusals (state names and texts as the open platform code
 * gives them) and change nothing.
 */
import { LAMBDA } from "../shared/aws-limits.js";
import { responseTooLarge, truncatedResponse, type Failure } from "./failures.js";
import { collect, onEnd, type Call } from "./runtime-api.js";
import type { Reply } from "./wire/connection.js";
import type { BodySink } from "./wire/request-parser.js";
import type { InvokeRequest, ResponseStreamSink } from "./types.js";

type State = "Started" | "InitError" | "Ready" | "Running" | "InvocationResponse" | "InvocationErrorResponse" | "RuntimeResponseSent";

export interface Leftover {
  readonly kind: "timer" | "socket";
  readonly madeAt: string;
}

/** What the runtime posted for an event. */
export type Outcome =
  | { readonly kind: "response"; readonly payload: Buffer; readonly leftovers: readonly Leftover[] }
  | { readonly kind: "error"; readonly errorType: string; readonly payload: Buffer; readonly leftovers: readonly Leftover[] }
  | { readonly kind: "failure"; readonly failure: Failure }
  | { readonly kind: "streamed"; readonly sizeBytes: number };

export interface InitFailure {
  readonly errorType: string;
  readonly payload: Buffer;
}

export interface SessionEvents {
  /** The first `next`: the runtime's part of INIT is over. */
  ready(): void;
  initError(failure: InitFailure): void;
  /** The answer to the event under way. */
  outcome(outcome: Outcome): void;
  /** `next` after an answer: the runtime's part of INVOKE is over. */
  done(): void;
}

/** An event on its way to the runtime. */
export interface Delivery {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly request: InvokeRequest;
}

const MODE = "lambda-runtime-function-response-mode";
const ERROR_TYPE = "lambda-runtime-function-error-type";
const ERROR_BODY = "lambda-runtime-function-error-body";
/** Error types of this form reach the platform as they are; all others count as Unknown. */
const PLATFORM_ERROR_TYPE = /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/;

export function platformErrorType(errorType: string): string {
  if (PLATFORM_ERROR_TYPE.test(errorType)) return errorType;
  return errorType.startsWith("Function.") ? "Function.Unknown" : "Runtime.Unknown";
}

export class RuntimeSession {
  readonly #events: SessionEvents;
  #state: State = "Started";
  #next: Reply | undefined;
  #running: Delivery | undefined;
  #answered = false;

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  /** True when the runtime waits for an event. */
  get idle(): boolean {
    return this.#state === "Ready" && this.#next !== undefined;
  }

  /** Hands an event to the waiting runtime. */
  deliver(delivery: Delivery): void {
    const reply = this.#next;
    if (reply === undefined) throw new Error("an event was delivered to a runtime that does not wait for one");
    this.#next = undefined;
    this.#state = "Running";
    this.#running = delivery;
    this.#answered = false;
    const { request } = delivery;
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": delivery.requestId,
      "Lambda-Runtime-Deadline-Ms": String(delivery.deadlineMs),
      "Lambda-Runtime-Invoked-Function-Arn": delivery.functionArn,
    };
    if (request.traceHeader !== undefined) headers["Lambda-Runtime-Trace-Id"] = request.traceHeader;
    if (request.clientContext !== undefined) headers["Lambda-Runtime-Client-Context"] = asciiJson(Buffer.from(request.clientContext, "base64").toString("utf8"));
    if (request.cognitoIdentity !== undefined) headers["Lambda-Runtime-Cognito-Identity"] = asciiJson(request.cognitoIdentity);
    if (request.tenantId !== undefined) headers["Lambda-Runtime-Aws-Tenant-Id"] = request.tenantId;
    reply.send(200, request.payload, headers);
  }

  readonly next = ({ reply, connection }: Call): BodySink =>
    onEnd(() => {
      const before = this.#state;
      if (before !== "Started" && before !== "Ready" && before !== "RuntimeResponseSent") {
        this.#refuse(reply, "Ready");
        return;
      }
      this.#state = "Ready";
      this.#next = reply;
      connection.holdUntilReply();
      if (before === "Started") this.#events.ready();
      else if (before === "RuntimeResponseSent") this.#events.done();
    });

  readonly response = (call: Call): BodySink => {
    const { head, reply, match } = call;
    const refusal = this.#refusal(match[0] ?? "", "InvocationResponse");
    if (refusal !== undefined) return onEnd(() => refusal(reply));
    this.#state = "InvocationResponse";
    const mode = head.headers[MODE];
    if (mode !== undefined && mode !== "streaming") {
      return onEnd(() => {
        reply.json(400, { errorMessage: "Invalid function response mode", errorType: "InvalidFunctionResponseMode" });
        this.#finish({ kind: "error", errorType: "Runtime.InvalidResponseModeHeader", payload: Buffer.alloc(0), leftovers: [] });
      });
    }
    if (mode === "streaming") return this.#stream(call);
    const leftovers = readLeftovers(head.headers["lambda-run-leftovers"]);
    return collect(
      LAMBDA.responseBytes,
      (payload) => {
        reply.json(202, { status: "OK" });
        this.#finish({ kind: "response", payload, leftovers });
      },
      () => {
        reply.json(413, { errorMessage: `Exceeded maximum allowed payload size (${LAMBDA.responseBytes} bytes).`, errorType: "RequestEntityTooLarge" });
        this.#finish({ kind: "failure", failure: responseTooLarge() });
      },
    );
  };

  readonly error = ({ head, reply, match }: Call): BodySink => {
    const refusal = this.#refusal(match[0] ?? "", "InvocationErrorResponse");
    if (refusal !== undefined) return onEnd(() => refusal(reply));
    this.#state = "InvocationErrorResponse";
    const leftovers = readLeftovers(head.headers["lambda-run-leftovers"]);
    const errorType = head.headers[ERROR_TYPE] ?? "";
    return collect(
      LAMBDA.responseBytes,
      (payload) => {
        reply.json(202, { status: "OK" });
        this.#finish({ kind: "error", errorType, payload, leftovers });
      },
      () => {
        reply.json(413, { errorMessage: `Exceeded maximum allowed payload size (${LAMBDA.responseBytes} bytes).`, errorType: "RequestEntityTooLarge" });
        this.#finish({ kind: "failure", failure: responseTooLarge() });
      },
    );
  };

  readonly initError = ({ head, reply }: Call): BodySink =>
    collect(
      LAMBDA.responseBytes,
      (payload) => {
        if (this.#state !== "Started") {
          this.#refuse(reply, "InitError");
          return;
        }
        this.#state = "InitError";
        reply.json(202, { status: "OK" });
        this.#events.initError({ errorType: head.headers[ERROR_TYPE] ?? "", payload });
      },
      () => reply.json(413, { errorMessage: "Request entity too large", errorType: "RequestEntityTooLarge" }),
    );

  /** A connection that ends inside a streamed response leaves it cut. */
  #stream({ head, reply }: Call): BodySink {
    const contentType = head.headers["content-type"] ?? "application/octet-stream";
    const onStream = this.#running?.request.onStream;
    const kept: Buffer[] = [];
    let sizeBytes = 0;
    let tooLarge = false;
    const sink: ResponseStreamSink | undefined = onStream?.({ contentType });
    const maxBytes = sink === undefined ? LAMBDA.responseBytes : LAMBDA.streamedResponseBytes;
    return {
      chunk: (data) => {
        sizeBytes += data.length;
        if (sizeBytes > maxBytes) {
          tooLarge = true;
          return;
        }
        if (sink === undefined) kept.push(data);
        else void sink.write(data);
      },
      end: (trailers) => {
        const errorType = trailers[ERROR_TYPE];
        if (tooLarge) {
          reply.json(413, { errorMessage: `Exceeded maximum allowed payload size (${maxBytes} bytes).`, errorType: "RequestEntityTooLarge" });
          sink?.end({ errorType: "Function.ResponseSizeTooLarge", errorMessage: `Response payload size exceeded maximum allowed payload size (${maxBytes} bytes).` });
          this.#finish({ kind: "failure", failure: responseTooLarge() });
          return;
        }
        reply.json(202, { status: "OK" });
        if (errorType !== undefined) {
          const body = Buffer.from(trailers[ERROR_BODY] ?? "", "base64");
          sink?.end({ errorType, errorMessage: body.toString("utf8") });
          // Without a streaming caller the error is the whole answer, as for a buffered handler.
          this.#finish({ kind: "error", errorType, payload: body, leftovers: [] });
          return;
        }
        sink?.end();
        this.#finish(sink === undefined ? { kind: "response", payload: Buffer.concat(kept), leftovers: [] } : { kind: "streamed", sizeBytes });
      },
    };
  }

  /** The runtime went away while its response was under way. */
  cutShort(): Failure | undefined {
    return this.#state === "InvocationResponse" && !this.#answered ? truncatedResponse() : undefined;
  }

  #finish(outcome: Outcome): void {
    this.#state = "RuntimeResponseSent";
    this.#answered = true;
    this.#running = undefined;
    this.#events.outcome(outcome);
  }

  #refusal(requestId: string, wanted: State): ((reply: Reply) => void) | undefined {
    if (this.#running !== undefined && this.#running.requestId !== requestId) return invalidRequestId;
    if (this.#state !== "Running") {
      return this.#state === "Started" || this.#state === "InitError" ? (reply) => this.#refuse(reply, wanted) : invalidRequestId;
    }
    return undefined;
  }

  #refuse(reply: Reply, wanted: State): void {
    reply.json(403, {
      errorMessage: `State transition from ${this.#state} to ${wanted} failed for runtime. Error: State transition is not allowed`,
      errorType: "InvalidStateTransition",
    });
  }
}

function invalidRequestId(reply: Reply): void {
  reply.json(400, { errorMessage: "Invalid request ID", errorType: "InvalidRequestID" });
}

/** Header values are Latin-1 at best: everything else travels as JSON escapes. */
function asciiJson(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function readLeftovers(header: string | undefined): readonly Leftover[] {
  if (header === undefined) return [];
  try {
    return JSON.parse(Buffer.from(header, "base64").toString("utf8")) as readonly Leftover[];
  } catch {
    // Only our own bootstrap sends this header; a function that forges it loses its own warning.
    return [];
  }
}
