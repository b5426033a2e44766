/**
 * What an embedded AWS service is to the gateway, and what it may lean on. A service is a folder under
 * services/ with the same file names in each: index (the API and its fidelity card), operations, store, errors.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Realm } from "../shared/arn.js";
import type { Caller, Credentials } from "./kit/credentials.js";
import type { StateStore } from "./kit/state-store.js";
import type { Logger } from "../shared/logger.js";

export type { Caller } from "./kit/credentials.js";

/** One HTTP request, signature already checked (or absent, where a service allows anonymous calls). */
export interface ServiceRequest {
  readonly method: string;
  /** Raw path as sent, still percent-encoded, without the query. Virtual-host style S3 is rewritten to path style. */
  readonly path: string;
  /** Raw query string without `?`. */
  readonly query: string;
  readonly headers: IncomingMessage["headers"];
  /** Undecoded body, spent when `buffered` is there; read it with kit/body.ts, which bounds it, or kit/payload.ts. */
  readonly body: Readable;
  /** Present when the gateway had to read the whole body to check the signature; its hash is then verified already. */
  readonly buffered?: Buffer | undefined;
  /** Undefined for an anonymous request. */
  readonly caller: Caller | undefined;
  readonly requestId: string;
  /** `http://host:port` by which the client reached us; answers that carry URLs use it. */
  readonly endpoint: string;
  readonly remoteAddress: string;
  /** How the body was signed; streamed bodies are verified while they are read (kit/aws-chunked.ts). */
  readonly payload: PayloadSignature;
}

/** `x-amz-content-sha256`, and what is needed to go on verifying a chunk-signed body. */
export type PayloadSignature =
  | { readonly kind: "unsigned" }
  | { readonly kind: "sha256"; readonly hex: string }
  | {
      readonly kind: "chunked";
      readonly signed: boolean;
      readonly trailer: boolean;
      /** Present when `signed`. */
      readonly seedSignature: string;
      readonly signingKey: Buffer | undefined;
      readonly amzDate: string;
      readonly scope: string;
    };

/** How a service runs a function by itself, as Secrets Manager does to rotate a secret. */
export interface FunctionCaller {
  /** Of an ARN with or without a qualifier. */
  exists(functionArn: string): boolean;
  /** Waits for the end; rejects when the function failed or could not be run. */
  call(functionArn: string, event: unknown): Promise<void>;
}

/** Secrets that a service has in Secrets Manager in its own name. All but the reading inside a write transaction of the state. */
export interface SecretKeeper {
  /** Makes it, or gives the one of this ARN another value. Answers its ARN. */
  putOwned(secret: {
    readonly name: string;
    readonly arn: string | undefined;
    /** As DescribeSecret shows it: `events`. */
    readonly owner: string;
    readonly text: string;
  }): string;
  /** Undefined when there is none. */
  ownedText(arn: string): string | undefined;
  removeOwned(arn: string): void;
}

export interface ServiceContext {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly realm: Realm;
  readonly log: Logger;
  /** Issues session credentials (STS, execution environments); the gateway checks them. */
  readonly credentials: Credentials;
  /** The gateway's own base URL (`http://127.0.0.1:4566`), for URLs made outside a request. */
  readonly endpoint: () => string;
  /** Absent where there is nothing that runs functions. */
  readonly functions?: FunctionCaller | undefined;
  /** Secrets Manager of the same services; absent where a service stands alone. */
  readonly secrets?: (() => Promise<SecretKeeper>) | undefined;
  /** Where the URL of an API of the stack is on this machine; any other URL is itself, and all are without it. */
  readonly localUrl?: ((url: string) => string) | undefined;
  /** Whether there is such a queue or function to send to; every one is believed without it. */
  readonly targetExists?: ((arn: string) => Promise<boolean>) | undefined;
}

export interface EmbeddedService {
  handle(request: ServiceRequest, response: ServerResponse): Promise<void>;
  /** Forgets everything it stores. */
  reset(): Promise<void>;
  /** Stops timers and pending polls; the store is closed by its owner. */
  close(): Promise<void>;
}
