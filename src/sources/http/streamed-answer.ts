/**
 * Turns what a streaming handler writes into an HTTP response: a prelude (status and headers as JSON, then eight zero
 * bytes) to its head, the rest as it comes. Function URLs and REST APIs share the form.
 * https://docs.aws.amazon.com/lambda/latest/dg/config-rs-invoke-furls.html
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
 */
import type { ServerResponse } from "node:http";
import { drained } from "../../services/kit/drained.js";
import type { ResponseStreamHead, ResponseStreamSink } from "../../runtime/types.js";
import type { HeaderLine } from "./message.js";
import { objectIn } from "./result-v1.js";
import { writeHead } from "./send.js";

const INTEGRATION_TYPE = "application/vnd.awslambda.http-integration-response";
const PRELUDE_END = Buffer.alloc(8);
const MAX_PRELUDE_BYTES = 64 * 1024;

export interface StreamHead {
  readonly statusCode: number;
  readonly headers: readonly HeaderLine[];
}

export interface StreamedAnswerOptions {
  readonly response: ServerResponse;
  /** Head of a stream without a prelude, where there may be such. */
  readonly bare?: (contentType: string) => StreamHead;
  /** Undefined when the prelude is malformed. */
  readonly read: (prelude: Readonly<Record<string, unknown>>) => StreamHead | undefined;
}

export class StreamedAnswer implements ResponseStreamSink {
  opened = false;
  /** Of the head, once it went out. */
  statusCode: number | undefined;
  bodyBytes = 0;
  readonly #options: StreamedAnswerOptions;
  #prelude: Buffer | undefined;
  #failed = false;

  constructor(options: StreamedAnswerOptions) {
    this.#options = options;
  }

  open({ contentType }: ResponseStreamHead): ResponseStreamSink {
    this.opened = true;
    const { bare } = this.#options;
    if (bare === undefined || contentType === INTEGRATION_TYPE) this.#prelude = Buffer.alloc(0);
    else this.#head(bare(contentType));
    return this;
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#failed || this.#options.response.destroyed) return undefined;
    if (this.#prelude === undefined) return this.#send(chunk);
    this.#prelude = Buffer.concat([this.#prelude, chunk]);
    const end = this.#prelude.indexOf(PRELUDE_END);
    if (end === -1) {
      if (this.#prelude.length > MAX_PRELUDE_BYTES) this.#failed = true;
      return undefined;
    }
    const prelude = objectIn(this.#prelude.subarray(0, end));
    const rest = this.#prelude.subarray(end + PRELUDE_END.length);
    this.#prelude = undefined;
    const head = prelude && this.#options.read(prelude);
    if (head === undefined) {
      this.#failed = true;
      return undefined;
    }
    this.#head(head);
    return rest.length === 0 ? undefined : this.#send(rest);
  }

  /** An error after the first byte can only cut the connection: the client must not take the rest for the whole. */
  end(error?: { readonly errorType: string }): void {
    if (error !== undefined) this.cut();
  }

  /** Takes nothing more; what has begun to go out is cut off. */
  cut(): void {
    this.#failed = true;
    // What has been written reaches the client first: it may still stand in the socket of this turn.
    if (this.statusCode !== undefined) this.#options.response.socket?.destroySoon();
  }

  finish(): void {
    const { response } = this.#options;
    if (this.statusCode !== undefined && !this.#failed && !response.destroyed) response.end();
  }

  #head({ statusCode, headers }: StreamHead): void {
    this.statusCode = statusCode;
    writeHead(this.#options.response, statusCode, headers);
  }

  /** Waits when the client reads slower than the handler writes. */
  #send(chunk: Buffer): void | Promise<void> {
    const { response } = this.#options;
    this.bodyBytes += chunk.length;
    if (response.write(chunk)) return undefined;
    return drained(response);
  }
}
