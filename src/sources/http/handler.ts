/** What a port hands its requests to. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** `buffered` is the body where somebody had to read it before. */
export type HttpHandler = (message: IncomingMessage, response: ServerResponse, buffered?: Buffer) => void;
/** Of requests for a WebSocket; false where it is a request like any other. */
export type UpgradeHandler = (message: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
