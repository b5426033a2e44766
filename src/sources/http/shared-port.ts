/**
 * TLS and plain HTTP on one port, told apart by the first byte. Handlers of WebSocket APIs build the address of the management
 * API from their event, and always with `https`; everybody else speaks plain HTTP here.
 */
import type { Server as HttpServer, ServerOptions } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { HttpHandler, UpgradeHandler } from "./handler.js";
import { handUpgrades } from "./upgrades.js";

/** PEM texts. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface SharedPort {
  /** Ends all connections, also those that have not said yet what they speak: a server knows only those that it has taken. */
  close(): void;
}

/** The type of the record that begins a handshake (RFC 8446, 5.1); no HTTP request begins with it. */
const TLS_HANDSHAKE = 0x16;

export function sharePort(
  server: HttpServer,
  options: {
    readonly keyPair: KeyPair;
    readonly bounds: ServerOptions;
    readonly handler: HttpHandler;
    readonly upgrade: UpgradeHandler | undefined;
    readonly firstByteTimeoutMs: number;
  },
): SharedPort {
  const { keyPair, bounds, handler, upgrade, firstByteTimeoutMs } = options;
  const open = new Set<Socket>();
  let secure: Promise<HttpsServer> | undefined;
  // Few stacks ever need it: it is made at the first client that speaks TLS.
  const secureServer = (): Promise<HttpsServer> =>
    (secure ??= import("node:https").then(({ createServer }) => {
      const made = createServer({ ...bounds, ...keyPair, handshakeTimeout: firstByteTimeoutMs });
      made.on("request", handler);
      if (upgrade !== undefined) handUpgrades(made, upgrade, "secureConnection");
      // It has no port of its own: by this word Node begins to look for clients that are too slow.
      made.emit("listening");
      return made;
    }));

  const plain = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    const hangUp = (): unknown => socket.destroy();
    socket.setTimeout(firstByteTimeoutMs, hangUp);
    socket.once("close", () => open.delete(socket));
    // Told again by whoever takes it over.
    socket.on("error", hangUp);
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.setTimeout(0);
      socket.removeListener("timeout", hangUp);
      socket.unshift(first);
      if (first[0] !== TLS_HANDSHAKE) {
        for (const listener of plain) listener.call(server, socket);
        socket.resume();
        return;
      }
      secureServer().then((made) => {
        made.emit("connection", socket);
        socket.resume();
      }, hangUp);
    });
  });
  return {
    close() {
      for (const socket of open) socket.destroy();
      // Whoever asked for one that could not be made was hung up on.
      secure?.then((made) => made.close()).catch(() => undefined);
    },
  };
}
