/** An answer on a socket that HTTP has let go of: a handshake that is refused. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpAnswer } from "../http/message.js";

export function writeRefusal(socket: Duplex, { statusCode, headers, body }: HttpAnswer): void {
  if (socket.destroyed) return;
  const lines = [...headers, ["Content-Length", String(body.length)], ["Connection", "close"]] as const;
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  // Not everybody who is told goes away.
  socket.once("finish", () => socket.destroy());
  socket.end(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? "Refused"}\r\n${head}\r\n`),
      body,
    ]),
  );
}
