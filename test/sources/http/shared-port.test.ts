/** TLS and plain HTTP on one port, with a certificate that is good for this machine alone. */
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { Agent, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { HttpHandler } from "../../../src/sources/http/handler.js";
import { serveHttp, type HttpServer } from "../../../src/sources/http/serve.js";
import { selfSigned } from "../../../src/shared/self-signed.js";

const pair = selfSigned(["localhost", "127.0.0.1", "::1"], "test", 3_600_000, Date.now());

const answerLength: HttpHandler = (message, response) => {
  const chunks: Buffer[] = [];
  message.on("data", (chunk: Buffer) => chunks.push(chunk));
  message.on("end", () => response.end(`${message.url} ${Buffer.concat(chunks).length}`));
};

let server: HttpServer;
/** Only for clients that are slow on purpose: on a busy machine every request of 3 MB is. */
let impatient: HttpServer;
beforeAll(async () => {
  const options = { host: "127.0.0.1", port: 0, keyPair: pair };
  server = await serveHttp(answerLength, options);
  impatient = await serveHttp(answerLength, { ...options, requestTimeoutMs: 1000 });
});
afterAll(async () => {
  await server.close();
  await impatient.close();
});

function ask(
  make: typeof httpRequest,
  options: RequestOptions & { ca?: string; servername?: string },
  body = "",
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = make({ host: "127.0.0.1", port: server.port, method: "POST", ...options }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

test("plain requests are answered, large ones and several on a connection", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await ask(httpRequest, { path: "/a", agent }, "x".repeat(3_000_000))).toBe("/a 3000000");
  expect(await ask(httpRequest, { path: "/b", agent }, "x")).toBe("/b 1");
  agent.destroy();
});

test("clients that trust the certificate speak TLS, large requests included", async () => {
  expect(await ask(httpsRequest, { path: "/a", ca: pair.cert }, "x".repeat(3_000_000))).toBe("/a 3000000");
});

test("nobody else trusts it, and nobody trusts it for another name", async () => {
  await expect(ask(httpsRequest, {})).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  await expect(ask(httpsRequest, { ca: pair.cert, servername: "example.com" })).rejects.toMatchObject({
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
});

test("a client that says nothing is hung up on", async () => {
  const socket = connect(impatient.port, "127.0.0.1");
  await once(socket, "connect");
  await once(socket.resume(), "close");
  expect(socket.destroyed).toBe(true);
});

test("a client that speaks TLS too slowly is told, as every slow one", async () => {
  const socket = tlsConnect({ host: "127.0.0.1", port: impatient.port, ca: pair.cert });
  await once(socket, "secureConnect");
  socket.write("GET /a HTTP/1.1\r\nHost: 127");
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, "close");
  expect(text).toMatch(/^HTTP\/1\.1 408 /);
});

test("a client that has not said anything does not hold up the end", async () => {
  const other = await serveHttp(() => undefined, { host: "127.0.0.1", port: 0, keyPair: pair });
  const socket = connect(other.port, "127.0.0.1");
  await once(socket, "connect");
  const closed = once(socket.resume(), "close");
  await other.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});

test("the certificate names this machine, and may sign nothing", () => {
  const certificate = new X509Certificate(pair.cert);
  expect(certificate.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
});
