/**
 * `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`: the response goes out while the handler runs.
 * Shapes: aws-lambda-ric 3.3 ResponseStream and HttpResponseStream.
 */
import { Writable } from "node:stream";
import type { RuntimeClient } from "./client.js";
import { STREAM_RESPONSE, STREAMING, type Handler } from "./handler-loader.js";
import { errorBody, RuntimeError } from "./errors.js";
import { invokeStore } from "./invoke-store.js";

const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const DEFAULT_CONTENT_TYPE = "application/octet-stream";
const HTTP_INTEGRATION_CONTENT_TYPE = "application/vnd.awslambda.http-integration-response";
/** Parts the JSON prelude from the body. */
const PRELUDE_END = Buffer.alloc(8);

export type StreamingHandler = (event: unknown, stream: ResponseStream, context: unknown) => unknown;

/** Installs the global `awslambda`, unless the function asked for none. */
export function installGlobal(environment: NodeJS.ProcessEnv, modern: boolean): void {
  const off = environment["AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA"];
  if (off === "1" || off === "true") return;
  (globalThis as Record<string, unknown>)["awslambda"] = {
    streamifyResponse(handler: Handler, options?: { readonly highWaterMark?: unknown }): Handler {
      const marked = handler as unknown as Record<symbol, unknown>;
      marked[STREAMING] = STREAM_RESPONSE;
      if (typeof options?.highWaterMark === "number") marked[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: {
      from(stream: ResponseStream, prelude: unknown): ResponseStream {
        stream.setContentType(HTTP_INTEGRATION_CONTENT_TYPE);
        stream.writeFirst(Buffer.concat([Buffer.from(JSON.stringify(prelude)), PRELUDE_END]));
        return stream;
      },
    },
    ...(modern ? { InvokeStore: invokeStore } : {}),
  };
}

export function highWaterMarkOf(handler: Handler): number | undefined {
  return (handler as unknown as Record<symbol, number | undefined>)[HIGH_WATER_MARK];
}

/** What a streaming handler writes to. The request to the Runtime API is opened by the first byte. */
export class ResponseStream extends Writable {
  readonly #client: RuntimeClient;
  readonly #path: string;
  #contentType = DEFAULT_CONTENT_TYPE;
  #wire: ReturnType<RuntimeClient["stream"]> | undefined;
  #prelude: Buffer | undefined;
  #ended = false;

  constructor(client: RuntimeClient, path: string, highWaterMark: number | undefined) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#client = client;
    this.#path = path;
  }

  get started(): boolean {
    return this.#wire !== undefined;
  }

  setContentType(contentType: string): void {
    if (this.#wire !== undefined)
      throw new RuntimeError("Runtime.InvalidStreamingOperation", "Cannot set content-type, too late.");
    this.#contentType = contentType;
  }

  /**
   * Goes out before the first write, not earlier: a handler that fails before it writes still gets a plain error, and
   * one that only calls `end`, with or without a last piece, sends no prelude. So AWS's clients have it.
   */
  writeFirst(prelude: Buffer): void {
    this.#prelude = prelude;
  }

  /** Whatever is neither text nor bytes goes out as its JSON. */
  override write(chunk: unknown, encoding?: unknown, done?: unknown): boolean {
    // AWS's clients look at the length of what they are given.
    if (chunk === null || chunk === undefined)
      throw new TypeError(`Cannot read properties of ${String(chunk)} (reading 'length')`);
    const isPlain = typeof chunk === "string" || chunk instanceof Uint8Array;
    const prelude = this.#prelude;
    this.#prelude = undefined;
    if (prelude !== undefined) super.write(prelude);
    return super.write(isPlain ? chunk : JSON.stringify(chunk), encoding as BufferEncoding, done as () => void);
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: (error?: Error) => void): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    const wire = this.#open();
    if (bytes.length === 0 || wire.write(bytes)) done();
    else wire.onDrain(() => done());
  }

  override _final(done: (error?: Error) => void): void {
    if (this.#ended) return done();
    this.#ended = true;
    this.#open().end({});
    done();
  }

  /** Ends the wire with the error in trailers, after which the response counts as cut. What has been ended stays as it is. */
  fail(error: unknown, modern: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    const body = errorBody(error, modern);
    this.#open().end({
      "Lambda-Runtime-Function-Error-Type": body.errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(body)).toString("base64"),
    });
  }

  async answered(): Promise<void> {
    await this.#wire?.answer;
  }

  #open(): ReturnType<RuntimeClient["stream"]> {
    if (this.#wire === undefined) {
      this.#wire = this.#client.stream(this.#path, {
        "Content-Type": this.#contentType,
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
      });
    }
    return this.#wire;
  }
}
