/** Requests to other people's servers. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { callHttp, HttpCallError, type HttpCall } from "../../../src/services/kit/http-call.js";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function call(listener: RequestListener, more: Partial<HttpCall> = {}) {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return callHttp({ url, method: "POST", headers: [], body: undefined, timeoutMs: 30_000, maxBytes: 100, ...more });
}

const kindOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "answered",
    (error: unknown) => (error instanceof HttpCallError ? error.kind : String(error)),
  );

test("the last header of a name is the one that is sent", async () => {
  const answer = await call((request, response) => response.end(request.headers["x-one"]), {
    headers: [
      ["X-One", "first"],
      ["x-one", "last"],
    ],
  });
  expect([answer.statusCode, answer.statusText, answer.body.toString()]).toEqual([200, "OK", "last"]);
});

test("a redirect is an answer like any other", async () => {
  const answer = await call((_, response) => response.writeHead(302, { Location: "/other" }).end());
  expect([answer.statusCode, answer.headers]).toEqual([302, expect.arrayContaining([["Location", "/other"]])]);
});

test("what is longer than may be read is cut, and said to be", async () => {
  const { body, truncated } = await call((_, response) => response.end("a".repeat(101)));
  expect([body.length, truncated]).toEqual([100, true]);
  const whole = await call((_, response) => response.end("a".repeat(100)));
  expect([whole.body.length, whole.truncated]).toEqual([100, false]);
});

test("a server that is silent, or trickles, is too slow", async () => {
  expect(await kindOf(call(() => undefined, { timeoutMs: 20 }))).toBe("timeout");
  const trickle: RequestListener = (_, response) => response.writeHead(200).write("a");
  expect(await kindOf(call(trickle, { timeoutMs: 20 }))).toBe("timeout");
});

test("a server that hangs up has not been reached", async () => {
  expect(await kindOf(call((request) => request.socket.destroy()))).toBe("connection");
});

test("what cannot stand in a header is not sent", async () => {
  expect(await kindOf(call((_, response) => response.end(), { headers: [["X-One", "a\nb"]] }))).toBe("invalid");
});
