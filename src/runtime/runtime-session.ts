/**
 * The state of one runtime process towards the Runtime API: Started, Ready, Running, ResponseSent. A reset of the
 * environment makes a new session. Wrong calls get AWS's own refusals (state names and texts as the open platform code
 * gives them) and change nothing.
 */
import { LAMBDA } from "../shared/aws-limits.js";
import { responseTooLarge, truncatedResponse, type Failure } from "./failures.js";
import { ResponseClock, type Span } from "./response-clock.js";
import { collect, onEnd, type Call } from "./runtime-api.js";
import type { Reply } from "./wire/connection.js";
import type { BodySink } from "./wire/request-parser.js";
import type { InvokeRequest, ResponseStreamSink } from "./types.js";

/** Spelled as the platform spells them in its refusals. */
type State =
  | "Started"
  | "InitError"
  | "Ready"
  | "Running"
  | "InvocationResponse"
  | "InvocationErrorResponse"
  | "RuntimeResponseSentState";

export interface Leftover {
  readonly kind: "timer" | "socket";
  readonly madeAt: string;
}

/** What the runtime posted for an event. */
export type Outcome =
  | { readonly kind: "response"; readonly payload: Buffer; readonly leftovers: readonly Leftover[] }
  | {
      readonly kind: "error";
      readonly errorType: string;
      readonly payload: Buffer;
      readonly leftovers: readonly Leftover[];
    }
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
  /** The invocation whose id the platform takes: from the event until the runtime asks for the next one. */
  #current: Delivery | undefined;
  #stream: ResponseStreamSink | undefined;
  #closed = false;
  readonly #clock = new ResponseClock();

  constructor(events: SessionEvents) {
    this.#events = events;
  }

  /** Hands an event to the waiting runtime. */
  deliver(delivery: Delivery): void {
    const reply = this.#next;
    if (reply === undefined) throw new Error("an event was delivered to a runtime that does not wait for one");
    this.#next = undefined;
    this.#state = "Running";
    this.#current = delivery;
    const { request } = delivery;
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      "Lambda-Runtime-Aws-Request-Id": delivery.requestId,
      "Lambda-Runtime-Deadline-Ms": String(delivery.deadlineMs),
      "Lambda-Runtime-Invoked-Function-Arn": delivery.functionArn,
    };
    if (request.traceHeader !== undefined) headers["Lambda-Runtime-Trace-Id"] = request.traceHeader;
    if (request.clientContext !== undefined)
      headers["Lambda-Runtime-Client-Context"] = asciiJson(
        Buffer.from(request.clientContext, "base64").toString("utf8"),
      );
    if (request.cognitoIdentity !== undefined)
      headers["Lambda-Runtime-Cognito-Identity"] = asciiJson(request.cognitoIdentity);
    if (request.tenantId !== undefined) headers["Lambda-Runtime-Aws-Tenant-Id"] = request.tenantId;
    this.#clock.delivered();
    reply.send(200, request.payload, headers);
  }

  /** The runtime is gone or its time is up: nothing that still arrives counts, and a streamed response ends with `failure`. */
  close(failure: Failure): void {
    this.#closed = true;
    this.#endStream(failure);
  }

  /** Of the response to the last event, up to now. */
  get spans(): readonly Span[] | undefined {
    return this.#clock.spans;
  }

  /** A response was under way and its end has not come. */
  get midResponse(): boolean {
    return this.#state === "InvocationResponse" || this.#state === "InvocationErrorResponse";
  }

  readonly next = ({ reply, connection }: Call): BodySink =>
    onEnd(() => {
      const before = this.#state;
      if (before !== "Started" && before !== "Ready" && before !== "RuntimeResponseSentState") {
        this.#refuse(reply, "Ready");
        return;
      }
      this.#state = "Ready";
      this.#next = reply;
      this.#current = undefined;
      connection.holdUntilReply();
      if (this.#closed) return;
      if (before === "Started") this.#events.ready();
      else if (before === "RuntimeResponseSentState") this.#events.done();
    });

  readonly response = (call: Call): BodySink => {
    const { head, reply, match } = call;
    const refusal = this.#refusal(match[0] ?? "", "InvocationResponse");
    if (refusal !== undefined) return onEnd(() => refusal(reply));
    this.#state = "InvocationResponse";
    this.#clock.started();
    const mode = head.headers[MODE];
    if (mode !== undefined && mode !== "streaming") {
      return onEnd(() => {
        reply.json(400, { errorMessage: "Invalid function response mode", errorType: "InvalidFunctionResponseMode" });
        // The platform answers with an error that has a type and no body.
        this.#finish({
          kind: "failure",
          failure: { errorType: "Runtime.InvalidResponseModeHeader", payload: Buffer.alloc(0) },
        });
      });
    }
    if (mode === "streaming") return this.#streamed(call);
    const leftovers = readLeftovers(head.headers["lambda-run-leftovers"]);
    return this.#whole(reply, (payload) => ({ kind: "response", payload, leftovers }));
  };

  readonly error = ({ head, reply, match }: Call): BodySink => {
    const refusal = this.#refusal(match[0] ?? "", "InvocationErrorResponse");
    if (refusal !== undefined) return onEnd(() => refusal(reply));
    this.#state = "InvocationErrorResponse";
    const leftovers = readLeftovers(head.headers["lambda-run-leftovers"]);
    const errorType = head.headers[ERROR_TYPE] ?? "";
    return this.#whole(reply, (payload) => ({ kind: "error", errorType, payload, leftovers }));
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
        accept(reply);
        if (!this.#closed) this.#events.initError({ errorType: head.headers[ERROR_TYPE] ?? "", payload });
      },
      () => reply.json(413, { errorMessage: "Request entity too large", errorType: "RequestEntityTooLarge" }),
    );

  /** A body that counts only when it is whole. */
  #whole(reply: Reply, outcomeOf: (payload: Buffer) => Outcome): BodySink {
    return collect(
      LAMBDA.responseBytes,
      (payload) => {
        accept(reply);
        this.#finish(outcomeOf(payload));
      },
      () => {
        refuseSize(reply, LAMBDA.responseBytes);
        this.#finish({ kind: "failure", failure: responseTooLarge() });
      },
      () => this.#finish({ kind: "failure", failure: truncatedResponse() }),
    );
  }

  #streamed({ head, reply, connection }: Call): BodySink {
    const contentType = head.headers["content-type"] ?? "application/octet-stream";
    const kept: Buffer[] = [];
    let sizeBytes = 0;
    const sink = this.#current?.request.onStream?.({ contentType });
    this.#stream = sink;
    // A caller that takes no stream gets the whole as one response, and then the limit of such.
    const maxBytes = sink === undefined ? LAMBDA.responseBytes : LAMBDA.streamedResponseBytes;
    return {
      chunk: (data) => {
        sizeBytes += data.length;
        if (sizeBytes > maxBytes) kept.length = 0;
        else if (sink === undefined) kept.push(data);
        else if (!this.#closed) {
          const taken = sink.write(data);
          if (taken !== undefined) connection.slowDown(taken);
        }
      },
      end: (trailers) => {
        if (sizeBytes > maxBytes) {
          refuseSize(reply, maxBytes);
          const failure = responseTooLarge(maxBytes);
          this.#endStream(failure);
          this.#finish({ kind: "failure", failure });
          return;
        }
        accept(reply);
        const errorType = trailers[ERROR_TYPE];
        if (errorType !== undefined) {
          const payload = Buffer.from(trailers[ERROR_BODY] ?? "", "base64");
          this.#endStream({ errorType, payload });
          // Without a streaming caller the error is the whole answer, as for a buffered handler.
          this.#finish({ kind: "error", errorType, payload, leftovers: [] });
          return;
        }
        this.#endStream();
        this.#finish(
          sink === undefined
            ? { kind: "response", payload: Buffer.concat(kept), leftovers: [] }
            : { kind: "streamed", sizeBytes },
        );
      },
      cut: () => {
        const failure = truncatedResponse();
        this.#endStream(failure);
        this.#finish({ kind: "failure", failure });
      },
    };
  }

  #endStream(failure?: Failure): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.end(
      failure === undefined
        ? undefined
        : { errorType: failure.errorType, errorMessage: failure.payload.toString("utf8") },
    );
  }

  #finish(outcome: Outcome): void {
    this.#state = "RuntimeResponseSentState";
    if (outcome.kind === "response" || outcome.kind === "streamed") this.#clock.finished();
    if (!this.#closed) this.#events.outcome(outcome);
  }

  /** The id first, then the state: in this order the platform looks. */
  #refusal(requestId: string, wanted: State): ((reply: Reply) => void) | undefined {
    if (this.#current?.requestId !== requestId) return invalidRequestId;
    return this.#state === "Running" ? undefined : (reply) => this.#refuse(reply, wanted);
  }

  #refuse(reply: Reply, wanted: State): void {
    reply.json(403, {
      errorMessage: `State transition from ${this.#state} to ${wanted} failed for runtime. Error: State transition is not allowed`,
      errorType: "InvalidStateTransition",
    });
  }
}

/** Every answer of a function is answered with this: as a text it need not be made each time. */
function accept(reply: Reply): void {
  reply.send(202, '{"status":"OK"}', { "Content-Type": "application/json" });
}

function refuseSize(reply: Reply, maxBytes: number): void {
  reply.json(413, {
    errorMessage: `Exceeded maximum allowed payload size (${maxBytes} bytes).`,
    errorType: "RequestEntityTooLarge",
  });
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
