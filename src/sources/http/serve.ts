/** The HTTP port: bounds on what clients send and how long they take, and TLS and upgrades where WebSocket APIs need them. */
import { createServer, type ServerOptions } from "node:http";
import { listen } from "../../shared/listen.js";
import type { HttpHandler, UpgradeHandler } from "./handler.js";
import { sharePort, type KeyPair, type SharedPort } from "./shared-port.js";
import { handUpgrades, UPGRADE_OPTIONS } from "./upgrades.js";

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** When the port is taken, try the next ones. */
  readonly fallbackPorts?: boolean;
  /** A request that takes longer to arrive gets 408 and its connection is closed. */
  readonly requestTimeoutMs?: number;
  /** Without one, requests for an upgrade are requests as any other. */
  readonly upgrade?: UpgradeHandler;
  /** With one, clients may speak TLS on the same port. */
  readonly keyPair?: KeyPair;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** "Total combined size of request line and header values: 10,240 bytes" */
const MAX_HEADER_BYTES = 10_240;
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_FALLBACK_PORTS = 10;

/** Throws LR5001 when no port can be had. */
export async function serveHttp(handler: HttpHandler, options: HttpServerOptions): Promise<HttpServer> {
  const { keyPair, requestTimeoutMs = REQUEST_TIMEOUT_MS, upgrade } = options;
  const bounds: ServerOptions = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    ...(upgrade === undefined ? {} : UPGRADE_OPTIONS),
  };
  const server = createServer(bounds);
  server.on("request", handler);
  if (upgrade !== undefined) handUpgrades(server, upgrade, "connection");
  const shared: SharedPort | undefined =
    keyPair === undefined
      ? undefined
      : sharePort(server, { keyPair, bounds, handler, upgrade, firstByteTimeoutMs: bounds.headersTimeout ?? 0 });
  const bound = await listen(server, {
    name: "APIs and function URLs",
    flag: "--http-port",
    host: options.host,
    port: options.port,
    fallbackPorts: options.fallbackPorts === true ? MAX_FALLBACK_PORTS : 0,
  });
  return {
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      shared?.close();
      await closed;
    },
  };
}
