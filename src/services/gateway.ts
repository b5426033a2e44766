/**
 * # Gateway
 *
 * The one port of the embedded AWS: takes HTTP in, checks host, origin and signature, finds the service and hands over
 * (front-door.ts). Starting it loads no service and opens no store; both happen at the first request that needs them.
 *
 * Mimics: Signature Version 4 in header and query, Signature Version 2 for S3, session tokens, aws-chunked bodies,
 * refusals in the wire form of the addressed service. Sources: the AWS signing pages, AWS's own signers (2026), and
 * public captures of S3's answers (2025 and 2026).
 *
 * Gaps:
 * - Signature Version 4A (AWS4-ECDSA-P256-SHA256) is refused: 400 InvalidArgument by S3, IncompleteSignature by others
 * - Browser form uploads to S3 with a POST policy are not verified here: they reach S3 as anonymous requests
 * - Only S3 takes Signature Version 2
 *
 * By design:
 * - Any region in a credential scope is good: all regions are one local namespace
 * - A signature's date is fresh when it fits the stack's clock or the wall clock; expiry goes by the stack's clock
 * - `test` is accepted as the session token of the pair `test`/`test`
 * - Clock skew is 15 minutes for every service; AWS gives some of them 5
 * - A body that brings less than 32 KB in 20 seconds is given up: 400 RequestTimeout by S3, 408 by others
 * - Host names that could have been rebound and pages of foreign sites are refused with 403
 *
 * Client quirks:
 * - the Kinesis client of the SDK for JavaScript speaks HTTP/2 and nothing else: so does this port (http2-bridge.ts)
 * - botocore signs the hash of a body without naming it outside S3: such bodies are read before they are verified
 * - Paths and queries may be sent in another spelling than they were signed; either reading is good
 * - minio-go puts a blank line before the signature of its trailer
 *
 * Unverified:
 * - Status 403 of IncompleteSignature in the Query protocol; texts of refused presigned URLs outside S3
 * - `Chunk` of InvalidChunkSizeError: captures disagree whether it names the short chunk or the next one (we: the next)
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { listen } from "../shared/listen.js";
import type { Credentials } from "./kit/credentials.js";
import { BodyWatch } from "./body-watch.js";
import { createFrontDoor } from "./front-door.js";
import { Http2Bridge, isHttp2Preface } from "./http2-bridge.js";
import type { EntryParts } from "./registry.js";
import type { EmbeddedService, ServiceContext } from "./service.js";
import { ServiceSet, type ServiceSetOptions } from "./service-set.js";

export interface GatewayOptions extends ServiceSetOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Address to bind; the loopback unless said otherwise. */
  readonly host?: string;
  /** When the port is taken, try the next ones. `Gateway.port` says which it became. */
  readonly fallbackPorts?: boolean;
  /** Host names by which clients may call us, besides addresses and the names under `localhost`. */
  readonly hosts?: readonly string[];
  /** Origins of web pages that may call us, besides those on this machine. */
  readonly origins?: readonly string[];
  /** Of lambda-run, for the health report. */
  readonly version?: string;
  /** How long a request's body may take for the least that has to come of it; tests do not wait so long. */
  readonly bodyWindowMs?: number;
}

export interface Gateway {
  /** `http://127.0.0.1:4566` */
  readonly endpoint: string;
  readonly port: number;
  readonly credentials: Credentials;
  /** The service, loaded when it was not yet. Rejects when there is none of that name. */
  service(name: string): Promise<EmbeddedService>;
  /** Registers a handler under a name of the registry or a new one; it replaces what was there. */
  addService(name: string, service: EmbeddedService, parts?: Omit<EntryParts, "load">): void;
  /** The same for a service that is loaded at its first request. */
  offerService(name: string, load: (context: ServiceContext) => Promise<EmbeddedService>): void;
  /** Undefined when it has not been loaded. */
  loadedService(name: string): EmbeddedService | undefined;
  /** Makes every loaded service forget what it stores. */
  reset(): Promise<void>;
  /** Lets the stack prepare every loaded service once more. */
  prepare(): Promise<void>;
  /** Ends pending polls, then connections. The store is closed by its owner. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const MAX_FALLBACK_PORTS = 50;
/** Presigned URLs with long keys and session tokens come to some 8 KB; Node's own bound of 16 KB is near. */
const MAX_HEADER_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 60_000;
/** Longer than the SDKs keep an idle connection, so that they close it and never write into a closed one. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Throws LR5001 when no port can be had. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const services = new ServiceSet(options);
  const bodies = new BodyWatch(options.bodyWindowMs);
  const frontDoor = createFrontDoor({ ...options, services, credentials: services.credentials, bodies });
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    // Of a whole request, large uploads too: slow bodies are found otherwise.
    requestTimeout: 0,
    headersTimeout: HEADERS_TIMEOUT_MS,
  });
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  server.maxRequestsPerSocket = 0;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => frontDoor(request, response, false));
  // A client that waits for leave to send learns of a refusal before it has sent gigabytes.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) =>
    frontDoor(request, response, true),
  );
  const bound = options.host ?? LOOPBACK;
  const shown = bound === "0.0.0.0" || bound === "::" ? LOOPBACK : bound;
  const http2 = new Http2Bridge(() => ({ host: shown, port }));
  server.on("clientError", (error: ClientError, socket: Socket) =>
    isHttp2Preface(error) ? http2.take(error, socket) : refuseUnreadable(error, socket),
  );
  const port = await listen(server, {
    name: "AWS services",
    flag: "--port",
    host: bound,
    port: options.port,
    fallbackPorts: options.fallbackPorts === true ? MAX_FALLBACK_PORTS : 0,
  });
  const endpoint = `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
  services.endpoint = endpoint;

  return {
    endpoint,
    port,
    credentials: services.credentials,
    service: (name) => services.get(name),
    addService: (name, service, parts) => services.add(name, service, parts),
    offerService: (name, load) => services.offer(name, load),
    loadedService: (name) => services.loaded(name),
    reset: () => services.reset(),
    prepare: () => services.prepare(),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      bodies.close();
      await services.close();
      // Polls have been answered now; one turn lets the answers out.
      await new Promise((resolve) => setImmediate(resolve));
      http2.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type ClientError = Error & { readonly code?: string };

const UNREADABLE: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** As Node does where nobody listens to these errors. */
function refuseUnreadable(error: ClientError, socket: Socket): void {
  const answered = (socket as { readonly _httpMessage?: { readonly headersSent?: boolean } })._httpMessage?.headersSent;
  if (socket.writable && answered !== true)
    socket.write(`HTTP/1.1 ${UNREADABLE[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\n\r\n`);
  socket.destroy(error);
}
