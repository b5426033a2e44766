/** A request of the wire as plain data. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../../shared/clock.js";
import type { HeaderLine, HttpRequest } from "./message.js";

export function requestOf(message: IncomingMessage, body: Buffer, clock: Clock): HttpRequest {
  const url = (message.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "");
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  const headers: HeaderLine[] = [];
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2)
    headers.push([message.rawHeaders[index] ?? "", message.rawHeaders[index + 1] ?? ""]);
  return {
    method: message.method ?? "GET",
    path: path.startsWith("/") ? path : `/${path}`,
    query: mark === -1 ? "" : url.slice(mark + 1),
    headers,
    body,
    sourceIp: (message.socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, ""),
    protocol: `HTTP/${message.httpVersion}`,
    receivedAtMs: clock.now(),
    requestId: randomUUID(),
  };
}
