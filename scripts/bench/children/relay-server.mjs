/**
 * The floor under every design that has functions in processes of their own: `node:http` hands each body to one child
 * process over a socket and answers with what comes back. One body at a time; no signature, no limit, no log.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createServer as createSocketServer } from "node:net";
import { fileURLToPath } from "node:url";
import { framed, unframed } from "../kit/frames.mjs";
import { serveCalls } from "../kit/rpc.mjs";

const ECHO = fileURLToPath(new URL("relay-echo.mjs", import.meta.url));

const waiting = [];
let current;
let socket;

function next() {
  current = waiting.shift();
  if (current !== undefined) socket.write(framed(current.body));
}

function answered(body) {
  const { response } = current;
  next();
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length });
  response.end(body);
}

const front = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    waiting.push({ body: Buffer.concat(chunks), response });
    if (current === undefined) next();
  });
});

const inner = createSocketServer({ noDelay: true }, (connected) => {
  socket = connected;
  socket.on("data", unframed(answered));
  front.listen(0, "127.0.0.1");
});
inner.listen(0, "127.0.0.1", () =>
  spawn(process.execPath, [ECHO, String(inner.address().port)], { stdio: ["ignore", "ignore", "inherit"] }),
);

serveCalls({
  listen: () =>
    new Promise((resolve) => {
      const tell = () => resolve(`http://127.0.0.1:${front.address().port}`);
      if (front.listening) tell();
      else front.once("listening", tell);
    }),
  close: () => socket.destroy(),
});
