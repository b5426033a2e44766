/** Puts an answer on the wire. */
import type { ServerResponse } from "node:http";
import { endWith } from "../../services/kit/end-with.js";
import type { HeaderLine, HttpAnswer } from "./message.js";

/** One line for each value: cookies must not be joined. */
export function writeHead(response: ServerResponse, statusCode: number, headers: readonly HeaderLine[]): void {
  response.writeHead(statusCode, headers.flat());
}

export function send(response: ServerResponse, { statusCode, headers, body }: HttpAnswer): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // These never have a body, whatever the function says.
  const bodiless = statusCode === 204 || statusCode === 304 || statusCode < 200;
  writeHead(response, statusCode, bodiless ? headers : [...headers, ["Content-Length", String(body.length)]]);
  // For a HEAD request Node sends the head alone.
  if (bodiless) response.end();
  else endWith(response, body);
}
