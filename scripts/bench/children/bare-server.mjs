/** The bare limit: `node:http` that reads a body whole and answers, with the body itself or with N bytes. */
import { createServer } from "node:http";
import { serveCalls } from "../kit/rpc.mjs";

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = answer ?? (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
    response.end(body);
  });
});
let answer;

serveCalls({
  listen: () =>
    new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`))),
  /** Undefined: the body comes back. */
  answerWith: (body) => void (answer = body === undefined ? undefined : Buffer.from(body)),
  close: () => undefined,
});
