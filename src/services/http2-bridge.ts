/**
 * HTTP/2 on the gateway's port, for the clients that speak nothing else: the Kinesis client of the SDK for JavaScript and the
 * asynchronous clients for Java begin with the preface of HTTP/2, without asking (RFC 9113 3.3). Node's HTTP/1 parser gives
 * such a connection up; it is taken over here, and each of its requests goes once more to the gateway, as HTTP/1. So there
 * is one front door, and a client of HTTP/1 pays nothing.
 */
import { Agent, request as sendRequest, type OutgoingHttpHeaders } from "node:http";
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Duplex, pipeline } from "node:stream";

/** What the parser says of the preface, with the bytes that it has read. */
interface PrefaceError extends Error {
  readonly code: "HPE_PAUSED_H2_UPGRADE";
  readonly rawPacket: Buffer;
}

export const isHttp2Preface = (error: Error & { readonly code?: unknown }): error is PrefaceError =>
  error.code === "HPE_PAUSED_H2_UPGRADE";

/** Of one connection and not of a message (RFC 9113 8.2.2). */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);
const BAD_GATEWAY = 502;

export class Http2Bridge {
  /** Of the gateway, on this machine. */
  readonly #target: () => { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #agent: Agent | undefined;
  #server: Promise<Http2Server> | undefined;

  constructor(target: () => { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  /** To be called in the same turn in which the parser has given up. */
  take(error: PrefaceError, socket: Socket): void {
    const connection = detached(socket, error.rawPacket);
    this.#sockets.add(socket);
    connection.once("close", () => this.#sockets.delete(socket));
    // It may break before `node:http2` is there to hear of it.
    connection.on("error", ignore);
    // `node:http2` is loaded for those who use it.
    this.#server ??= import("node:http2").then(({ createServer }) =>
      createServer().on("stream", (stream, headers) => this.#forward(stream, headers)),
    );
    this.#server.then(
      (server) => connection.destroyed || server.emit("connection", connection),
      () => socket.destroy(),
    );
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#agent?.destroy();
  }

  #forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    this.#agent ??= new Agent({ keepAlive: true });
    const { host, port } = this.#target();
    const request = sendRequest({
      agent: this.#agent,
      host,
      port,
      method: headers[":method"],
      path: headers[":path"],
      headers: { ...messageHeaders(headers), host: headers[":authority"] ?? headers.host },
    });
    request.on("response", (response) => {
      if (stream.destroyed) return void response.destroy();
      stream.respond({ ":status": response.statusCode, ...messageHeaders(response.headers) });
      // An answer that breaks off resets the stream.
      pipeline(response, stream, ignore);
    });
    request.on("error", () => {
      if (stream.destroyed || stream.headersSent) stream.destroy();
      else stream.respond({ ":status": BAD_GATEWAY }, { endStream: true });
    });
    stream.on("close", () => request.destroy());
    stream.on("error", () => request.destroy());
    stream.pipe(request);
  }
}

/** Those whom it concerns are told by their own events. */
const ignore = (): void => undefined;

function messageHeaders(headers: IncomingHttpHeaders | NodeJS.Dict<string | string[]>): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(":") && !CONNECTION_HEADERS.has(name)),
  );
}

/** The connection as a stream that begins with `head`, without the HTTP/1 server that had it. */
function detached(socket: Socket, head: Buffer): Duplex {
  const connection = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  // The parser reads past the socket until somebody wants its data; and its memory is the parser's, which uses it again.
  socket.on("data", ignore);
  const bytes = Buffer.from(head);
  // For the HTTP/1 server the connection is over: it forgets it, its time limits with it.
  for (const listener of socket.listeners("close")) listener.call(socket);
  socket.removeAllListeners();
  connection.push(bytes);
  socket.on("data", (chunk) => {
    if (!connection.push(chunk)) socket.pause();
  });
  socket.on("end", () => connection.push(null));
  socket.on("error", (error) => connection.destroy(error));
  socket.on("close", () => connection.destroy());
  return connection;
}
