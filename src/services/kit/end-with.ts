/** The end of an answer. As a text, its head and a small body are one piece for Node, which costs less than writing two. */
import type { ServerResponse } from "node:http";

const MAX_JOINED_BYTES = 16 * 1024;

export function endWith(response: ServerResponse, body: Buffer): void {
  if (body.length > MAX_JOINED_BYTES) response.end(body);
  else response.end(body.toString("latin1"), "latin1");
}
