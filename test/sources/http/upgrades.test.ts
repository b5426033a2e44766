/** Requests that would like to become something else, on a port that takes upgrades: plain and by TLS. */
import { Agent, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as TlsAgent, request as httpsRequest } from "node:https";
import { serveHttp, type HttpServer } from "../../../src/sources/http/serve.js";
import { selfSigned } from "../../../src/shared/self-signed.js";

const pair = selfSigned(["127.0.0.1"], "test", 3_600_000, Date.now());
/** As Java's HttpClient sends its first request. */
const WISH = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" };

let server: HttpServer;
/** How many listen to the socket of a request. */
const listeners = new Set<number>();
beforeAll(async () => {
  server = await serveHttp(
    (message, response) => {
      const chunks: Buffer[] = [];
      listeners.add(message.socket.listenerCount("close"));
      message.on("data", (chunk: Buffer) => chunks.push(chunk));
      message.on("end", () =>
        response.end(
          `${message.method} ${message.url} ${String(message.headers["x-own"])} ${Buffer.concat(chunks).length}`,
        ),
      );
    },
    {
      host: "127.0.0.1",
      port: 0,
      keyPair: pair,
      upgrade: ({ url }, socket) => {
        if (url !== "/socket") return false;
        socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        return true;
      },
    },
  );
});
afterAll(() => server.close());

describe.each([
  ["plain", httpRequest, Agent],
  ["by TLS", httpsRequest, TlsAgent],
])("%s", (_how, make, KeptAlive) => {
  function ask(body: string, options: RequestOptions = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const whole = { host: "127.0.0.1", port: server.port, method: "POST", path: "/a?b=1", ca: pair.cert, ...options };
      const asked = make(whole, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve(text));
      });
      asked.on("error", reject);
      asked.on("upgrade", ({ statusCode }, socket) => {
        socket.destroy();
        resolve(String(statusCode));
      });
      asked.end(body);
    });
  }

  test.each([0, 10, 3_000_000])(
    "what nobody takes is a request as any other, with its body of %d bytes",
    async (size) => {
      const headers = { ...WISH, "X-Own": "mine" };
      expect(await ask("a".repeat(size), { headers })).toBe(`POST /a?b=1 mine ${size}`);
      expect(await ask("a".repeat(size), { headers: { ...headers, "Transfer-Encoding": "chunked" } })).toBe(
        `POST /a?b=1 mine ${size}`,
      );
    },
  );

  test("a client that asks for it with each request of a connection leaves nothing behind on it", async () => {
    const agent = new KeptAlive({ keepAlive: true, maxSockets: 1 });
    listeners.clear();
    for (let asked = 0; asked < 3; asked++) expect(await ask("abc", { headers: WISH, agent })).toMatch(/ 3$/);
    agent.destroy();
    expect(listeners.size).toBe(1);
  });

  test("a WebSocket is his who takes it, and asks for it without a body", async () => {
    const headers = { connection: "Upgrade", upgrade: "websocket" };
    expect(await ask("", { method: "GET", path: "/socket", headers })).toBe("101");
    expect(await ask("", { method: "GET", path: "/other", headers })).toBe("GET /other undefined 0");
    expect(await ask("abc", { path: "/socket", headers })).toBe("POST /socket undefined 3");
    const withLength = { ...headers, "content-length": 3 };
    expect(await ask("abc", { method: "GET", path: "/socket", headers: withLength })).toBe("GET /socket undefined 3");
  });
});
