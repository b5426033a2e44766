/**
 * Requests that would like to become something else. Clients ask for HTTP/2 with any request, and a server that does not change
 * over answers as ever (RFC 9110, 7.8). Node lets go of the socket of each of them, and leaves the body unread, unless it may ask
 * before (https://github.com/nodejs/node/pull/59824).
 */
import type { IncomingMessage, Server } from "node:http";
import type { UpgradeHandler } from "./handler.js";

/** For Node from 24.9 on; others do not look at it. */
export const UPGRADE_OPTIONS: object = { shouldUpgradeCallback: isForWebSocket };

/**
 * Who is for a WebSocket is handed over; everybody else, and whom nobody takes, is read once more without the wish. `connection` is
 * the event by which the server takes a socket.
 */
export function handUpgrades(
  server: Server,
  upgrade: UpgradeHandler,
  connection: "connection" | "secureConnection",
): void {
  server.on("upgrade", (message, socket, head) => {
    if (isForWebSocket(message) && upgrade(message, socket, head)) return;
    socket.unshift(Buffer.concat([plainHead(message), head]));
    server.emit(connection, socket);
  });
}

/** It has no body (RFC 6455, 4.1). */
function isForWebSocket({ method, headers }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    headers.upgrade?.toLowerCase() === "websocket" &&
    headers["transfer-encoding"] === undefined &&
    Number(headers["content-length"] ?? 0) === 0
  );
}

const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["connection", "keep-alive", "upgrade"]);

/** The connection ends with it: each time that a server takes a socket anew it listens once more. */
function plainHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`, "Connection: close"];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
