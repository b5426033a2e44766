/**
 * Decodes `Content-Encoding: aws-chunked`, the framing in which SDKs stream uploads to S3: chunks with or without
 * signatures, with or without trailing headers. Strict, and never holds more than one frame header.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
 */
import { createHash, createHmac, type Hash } from "node:crypto";
import type { PayloadSignature, ServiceRequest } from "../service.js";
import { AwsError } from "./aws-error.js";
import { sameText } from "./same-text.js";

type ChunkedPayload = Extract<PayloadSignature, { kind: "chunked" }>;
export type Trailers = Readonly<Record<string, string>>;

export interface AwsChunkedOptions {
  readonly payload: ChunkedPayload;
  /** `x-amz-decoded-content-length`. */
  readonly decodedLength: number;
  /** Names announced by `x-amz-trailer`, lower case. */
  readonly trailerNames: readonly string[];
}

/** Every chunk but the last must have at least this many bytes (obs: Dec 2025, versitygw#1683). */
const MIN_CHUNK_BYTES = 8192;
/** A hex size, `;chunk-signature=` and 64 digits come to less than 100. */
const MAX_FRAME_HEADER_BYTES = 512;
const MAX_TRAILER_BYTES = 16 * 1024;
const EMPTY_SHA256 = createHash("sha256").digest("hex");
const TRAILER_SIGNATURE = "x-amz-trailer-signature";
const CR = 13;
const LF = 10;

type State = "header" | "data" | "data-end" | "trailer";

/**
 * Takes the body in pieces of any size, gives back the data in them. The bytes of a signed chunk are given out before
 * its signature can be known: who stores them must not commit before `finish()` returned.
 */
export class AwsChunkedParser {
  readonly #options: AwsChunkedOptions;
  #state: State = "header";
  /** Bytes of an unfinished frame header, of the line end after a chunk, or of the trailer. */
  #pending: Buffer = Buffer.alloc(0);
  #chunkLeft = 0;
  #chunkSize = 0;
  #chunkNumber = 0;
  #chunkSignature = "";
  #previousSignature: string;
  #hash: Hash | undefined;
  #decodedLeft: number;

  constructor(options: AwsChunkedOptions) {
    this.#options = options;
    this.#decodedLeft = options.decodedLength;
    this.#previousSignature = options.payload.seedSignature;
  }

  /** Data found in `bytes`, as views into it. Throws `AwsError` at the first fault. */
  push(bytes: Buffer): Buffer[] {
    const data: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const piece = bytes.subarray(at, at + this.#chunkLeft);
        at += piece.length;
        this.#hash?.update(piece);
        data.push(piece);
        this.#chunkLeft -= piece.length;
        if (this.#chunkLeft === 0) this.#state = "data-end";
      } else if (this.#state === "trailer") {
        this.#append(bytes.subarray(at), MAX_TRAILER_BYTES, malformedTrailer);
        at = bytes.length;
      } else {
        const end = bytes.indexOf(LF, at);
        const stop = end === -1 ? bytes.length : end + 1;
        this.#append(bytes.subarray(at, stop), MAX_FRAME_HEADER_BYTES, incompleteBody);
        at = stop;
        if (end !== -1) this.#line();
      }
    }
    return data;
  }

  /** To be called when the body has ended: the trailers, names in lower case. Throws when anything is missing. */
  finish(): Trailers {
    if (this.#state !== "trailer") throw incompleteBody();
    if (this.#decodedLeft !== 0) throw incompleteBody();
    const { payload, trailerNames } = this.#options;
    const text = this.#pending.toString("latin1");
    if (!payload.trailer) {
      if (text !== "\r\n") throw incompleteBody();
      return {};
    }
    const { trailers, signature } = parseTrailers(text);
    if (payload.signed) this.#verifyTrailers(trailers, signature);
    const names = Object.keys(trailers);
    if (names.length !== trailerNames.length || !trailerNames.every((name) => Object.hasOwn(trailers, name)))
      throw malformedTrailer();
    return trailers;
  }

  #append(bytes: Buffer, maxBytes: number, fault: () => AwsError): void {
    if (this.#pending.length + bytes.length > maxBytes) throw fault();
    this.#pending = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
  }

  #line(): void {
    const line = this.#pending;
    this.#pending = Buffer.alloc(0);
    if (line.length < 2 || line[line.length - 2] !== CR) throw incompleteBody();
    if (this.#state === "header") {
      this.#openChunk(line.toString("latin1", 0, line.length - 2));
    } else {
      if (line.length !== 2) throw incompleteBody();
      this.#closeChunk();
      this.#state = "header";
    }
  }

  #openChunk(header: string): void {
    const { signed } = this.#options.payload;
    const match = (
      signed ? /^([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})$/ : /^([0-9a-fA-F]{1,12})(?:;.*)?$/
    ).exec(header);
    if (!match) throw incompleteBody();
    const size = Number.parseInt(match[1] ?? "", 16);
    this.#chunkNumber++;
    if (size > 0 && this.#chunkNumber > 1 && this.#chunkSize < MIN_CHUNK_BYTES)
      throw chunkTooSmall(this.#chunkNumber, this.#chunkSize);
    if (size > this.#decodedLeft) throw incompleteBody();
    this.#decodedLeft -= size;
    this.#chunkSize = size;
    this.#chunkLeft = size;
    this.#chunkSignature = match[2] ?? "";
    this.#hash = signed ? createHash("sha256") : undefined;
    this.#state = "data";
    if (size === 0) {
      this.#closeChunk();
      this.#state = "trailer";
    }
  }

  #closeChunk(): void {
    if (this.#hash === undefined) return;
    this.#verify(["AWS4-HMAC-SHA256-PAYLOAD", EMPTY_SHA256, this.#hash.digest("hex")], this.#chunkSignature);
  }

  #verifyTrailers(trailers: Trailers, signature: string | undefined): void {
    if (signature === undefined) throw malformedTrailer();
    const canonical = Object.entries(trailers)
      .map(([name, value]) => `${name}:${value}\n`)
      .join("");
    this.#verify(
      ["AWS4-HMAC-SHA256-TRAILER", createHash("sha256").update(canonical, "latin1").digest("hex")],
      signature,
    );
  }

  /** Each signature covers the one before it, so chunks can neither be changed nor dropped nor moved. */
  #verify([algorithm = "", ...hashes]: readonly string[], provided: string): void {
    const { amzDate, scope, signingKey } = this.#options.payload;
    const stringToSign = [algorithm, amzDate, scope, this.#previousSignature, ...hashes].join("\n");
    const expected = signingKey && createHmac("sha256", signingKey).update(stringToSign).digest("hex");
    if (expected === undefined || !sameText(provided, expected)) {
      throw new AwsError(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        { statusCode: 403, members: { StringToSign: stringToSign, SignatureProvided: provided } },
      );
    }
    this.#previousSignature = provided;
  }
}

/**
 * Lines `name:value`. Blank lines between them are skipped: minio-go puts one before the signature. The text must end
 * with an empty line, or the body was cut.
 */
function parseTrailers(text: string): { readonly trailers: Trailers; readonly signature: string | undefined } {
  if (text !== "\r\n" && !text.endsWith("\n\r\n")) throw incompleteBody();
  const trailers: Record<string, string> = {};
  let signature: string | undefined;
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "") continue;
    const colon = trimmed.indexOf(":");
    if (colon < 1) throw malformedTrailer();
    const name = trimmed.slice(0, colon).trimEnd().toLowerCase();
    const value = trimmed.slice(colon + 1).trimStart();
    if (name === TRAILER_SIGNATURE) signature = value;
    else if (Object.hasOwn(trailers, name)) throw malformedTrailer();
    else trailers[name] = value;
  }
  return { trailers, signature };
}

/** The decoded body of one request. `trailers` is filled when the iteration has ended without a throw. */
export class AwsChunkedBody implements AsyncIterable<Buffer> {
  readonly decodedLength: number;
  readonly #parser: AwsChunkedParser;
  readonly #request: ServiceRequest;
  #trailers: Trailers = {};

  constructor(request: ServiceRequest) {
    if (request.payload.kind !== "chunked") throw new TypeError("the payload is not aws-chunked");
    const decoded = request.headers["x-amz-decoded-content-length"];
    if (typeof decoded !== "string" || !/^\d{1,15}$/.test(decoded)) throw missingContentLength();
    this.decodedLength = Number(decoded);
    this.#request = request;
    this.#parser = new AwsChunkedParser({
      payload: request.payload,
      decodedLength: this.decodedLength,
      trailerNames: announcedTrailers(request),
    });
  }

  get trailers(): Trailers {
    return this.#trailers;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const bytes of pieces(this.#request)) yield* this.#parser.push(bytes);
    } catch (error) {
      throw error instanceof AwsError ? error : incompleteBody(error);
    }
    this.#trailers = this.#parser.finish();
  }
}

function pieces({ buffered, body }: ServiceRequest): AsyncIterable<Buffer> | [Buffer] {
  // The connection outlives a refused body: the client still has to read why.
  return buffered === undefined ? (body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) : [buffered];
}

function announcedTrailers(request: ServiceRequest): string[] {
  const header = request.headers["x-amz-trailer"];
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return [...new Set(text.toLowerCase().split(","))].map((name) => name.trim()).filter((name) => name !== "");
}

// Codes and texts of S3; which fault gets which was compared in public captures of its answers (2025).
function incompleteBody(cause?: unknown): AwsError {
  return new AwsError("IncompleteBody", "The request body terminated unexpectedly", { cause });
}

function malformedTrailer(): AwsError {
  return new AwsError(
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  );
}

function missingContentLength(): AwsError {
  return new AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", { statusCode: 411 });
}

/** `Chunk` is the number of the chunk at which the fault shows: the one after the short one. */
function chunkTooSmall(chunk: number, badChunkSize: number): AwsError {
  return new AwsError("InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes", {
    statusCode: 403,
    members: { Chunk: chunk, BadChunkSize: badChunkSize },
  });
}
