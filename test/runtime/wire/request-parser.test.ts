import { createServer, type IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { MAX_HEAD_BYTES, RequestParser } from "../../../src/runtime/wire/request-parser.js";
import { fuzzCase } from "./fuzz.js";
import { readWithNodes, readWithOurs } from "./readings.js";
import { seededRandom, pieces, validStream } from "./request-grammar.js";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const HEAD = "GET / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("the parser of the Runtime API", () => {
  test("gives Node's verdict on some thousand generated and broken requests", () => {
    for (let seed = 1; seed <= 4000; seed++) expect(fuzzCase(seed)).toBeUndefined();
  });

  test("reads what node:http itself hands to a server", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const bytes = validStream(seededRandom(seed));
      const ours = readWithOurs(pieces(seededRandom(seed), bytes));
      expect(await readWithServer(bytes)).toEqual(
        ours.requests.map(({ method, target, body }) => ({ method, target, body })),
      );
    }
  });

  test.each([
    ["a request line of two words", "GET /\r\n\r\n", "400 bad version"],
    ["a request line of four words", "GET / HTTP/1.1 x\r\n\r\n", "400 bad request line"],
    ["two spaces in the request line", "GET  / HTTP/1.1\r\n\r\n", "400 bad request line"],
    ["a method that is no token", "G(T / HTTP/1.1\r\n\r\n", "400 bad request line"],
    ["a target with bytes beyond ASCII", "GET /\xe4 HTTP/1.1\r\n\r\n", "400 bad request line"],
    ["a target with a control character", "GET /\x01 HTTP/1.1\r\n\r\n", "400 bad request line"],
    ["a target that is a whole URL", "GET http://a/ HTTP/1.1\r\n\r\n", "400 bad request line"],
    ["a target without its slash", "GET a HTTP/1.1\r\n\r\n", "400 bad request line"],
    ["HTTP/2.0", "GET / HTTP/2.0\r\n\r\n", "505 bad version"],
    ["a version that is none", "GET / HTTP/x\r\n\r\n", "400 bad version"],
    ["a version in small letters", "GET / http/1.1\r\n\r\n", "400 bad version"],
    ["line feeds alone", "GET / HTTP/1.1\nHost: a\n\r\n\r\n", "400 bad request line"],
    ["a header without a colon", `${HEAD}nothing\r\n\r\n`, "400 bad header"],
    ["a header without a name", `${HEAD}: x\r\n\r\n`, "400 bad header"],
    ["a space before the colon", `${HEAD}X : x\r\n\r\n`, "400 bad header"],
    ["a folded header", `${HEAD}X: a\r\n b\r\n\r\n`, "400 bad header"],
    ["a NUL in a header", `${HEAD}X: a\0b\r\n\r\n`, "400 bad header"],
    ["a carriage return in a header", `${HEAD}X: a\rb\r\n\r\n`, "400 bad header"],
    ["a line feed in a header", `${HEAD}X: a\nb\r\n\r\n`, "400 bad header"],
    ["a negative length", `${HEAD}Content-Length: -1\r\n\r\n`, "400 bad Content-Length"],
    ["a length with a sign", `${HEAD}Content-Length: +1\r\n\r\n`, "400 bad Content-Length"],
    ["a length in hex", `${HEAD}Content-Length: 0x5\r\n\r\n`, "400 bad Content-Length"],
    ["a length with a fraction", `${HEAD}Content-Length: 1.0\r\n\r\n`, "400 bad Content-Length"],
    ["an empty length", `${HEAD}Content-Length: \r\n\r\n`, "400 bad Content-Length"],
    ["a list of lengths", `${HEAD}Content-Length: 5, 5\r\n\r\n`, "400 bad Content-Length"],
    ["a length beyond all numbers", `${HEAD}Content-Length: 99999999999999999999\r\n\r\n`, "400 bad Content-Length"],
    ["two equal lengths", `${HEAD}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`, "400 bad header"],
    [
      "a length beside a coding",
      `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
      "400 both Content-Length and Transfer-Encoding",
    ],
    ["two codings", `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, "400 bad header"],
    ["a coding before chunked", `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n`, "501 unknown transfer coding"],
    ["identity", `${HEAD}Transfer-Encoding: identity\r\n\r\n`, "501 unknown transfer coding"],
    ["chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 chunked needs HTTP/1.1"],
    ["a chunk without a size", `${CHUNKED}\r\n`, "400 bad chunk size"],
    ["a negative chunk", `${CHUNKED}-1\r\n`, "400 bad chunk size"],
    ["a chunk size with a prefix", `${CHUNKED}0x1\r\n`, "400 bad chunk size"],
    ["a chunk size beyond all numbers", `${CHUNKED}ffffffffffffff\r\n`, "400 bad chunk size"],
    ["a space behind a chunk size", `${CHUNKED}1 \r\n`, "400 bad chunk size"],
    ["a chunk extension that is no token", `${CHUNKED}1;a b\r\n`, "400 bad chunk size"],
    ["a chunk extension with an open quote", `${CHUNKED}1;a="b\r\n`, "400 bad chunk size"],
    ["a chunk longer than its size", `${CHUNKED}1\r\nabc\r\n`, "400 chunk data is longer than its size"],
    ["a chunk line without an end", `${CHUNKED}${"0".repeat(2000)}`, "400 chunk line too long"],
    ["a malformed trailer", `${CHUNKED}0\r\nX\r\n\r\n`, "400 bad trailer"],
    ["a length among the trailers", `${CHUNKED}0\r\nContent-Length: 5\r\n\r\n`, "400 bad trailer"],
    ["a coding among the trailers", `${CHUNKED}0\r\nTransfer-Encoding: chunked\r\n\r\n`, "400 bad trailer"],
    ["a head without an end", `${HEAD}X: ${"x".repeat(MAX_HEAD_BYTES)}`, "431 the head is too large"],
    ["a head that is too long", `${HEAD}X: ${"x".repeat(MAX_HEAD_BYTES)}\r\n\r\n`, "431 the head is too large"],
    ["trailers without an end", `${CHUNKED}0\r\nX: ${"x".repeat(MAX_HEAD_BYTES)}`, "431 trailers too large"],
  ])("refuses %s, at once and byte by byte", (_, input, refusal) => {
    const bytes = latin1(input);
    const follower = latin1("GET /smuggled HTTP/1.1\r\n\r\n");
    // Of the largest heads the last bytes alone: what is there is searched again for each of them.
    const atOnce = Math.max(0, bytes.length - 2000);
    const last = [...bytes.subarray(atOnce)].map((byte) => Buffer.from([byte]));
    const slowly = atOnce === 0 ? last : [bytes.subarray(0, atOnce), ...last];
    for (const arriving of [[bytes, follower], slowly]) {
      const reading = readWithOurs(arriving);
      expect(reading.refused).toBe(refusal);
      expect(reading.requests).toEqual([]);
    }
  });

  test.each([
    ["Connection: close", "GET /first HTTP/1.1\r\nConnection: close\r\n\r\n", ["/first"]],
    ["close among other options", "GET /first HTTP/1.1\r\nConnection: x, Close\r\n\r\n", ["/first"]],
    ["HTTP/1.0", "GET /first HTTP/1.0\r\n\r\n", ["/first"]],
    [
      "HTTP/1.0 with an option that only begins like keep-alive",
      "GET /first HTTP/1.0\r\nConnection: keep-alive-not\r\n\r\n",
      ["/first"],
    ],
    [
      "HTTP/1.0 that keeps the connection",
      "GET /first HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      ["/first", "/second"],
    ],
    ["an option that only contains close", "GET /first HTTP/1.1\r\nConnection: closed\r\n\r\n", ["/first", "/second"]],
  ])("reads on behind a request only when the connection is kept: %s", (_, first, targets) => {
    const bytes = latin1(`${first}GET /second HTTP/1.1\r\n\r\n`);
    expect(readWithOurs([bytes]).requests.map(({ target }) => target)).toEqual(targets);
    expect(readWithNodes([bytes]).requests.map(({ target }) => target)).toEqual(targets);
  });

  test("hands a body over as it comes and keeps none of it", () => {
    let received = 0;
    let ended = 0;
    const parser = new RequestParser({
      head: () => ({ chunk: (data) => void (received += data.length), end: () => void (ended += 1) }),
      refuse: (_, reason) => {
        throw new Error(reason);
      },
    });
    const megabyte = Buffer.alloc(1024 * 1024);
    parser.push(latin1(`POST / HTTP/1.1\r\nContent-Length: ${megabyte.length * 64}\r\n\r\n`));
    for (let i = 0; i < 64; i++) {
      parser.push(megabyte);
      expect(received).toBe((i + 1) * megabyte.length);
    }
    expect(ended).toBe(1);
  });

  test("stops before the next request while it is paused, and goes on where it stopped", () => {
    const targets: string[] = [];
    const parser = new RequestParser({
      head: ({ target }) => {
        targets.push(target);
        parser.pause();
        return { chunk: () => undefined, end: () => undefined };
      },
      refuse: (_, reason) => {
        throw new Error(reason);
      },
    });
    parser.push(latin1("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"));
    expect(targets).toEqual(["/1"]);
    parser.resume();
    expect(targets).toEqual(["/1", "/2"]);
    parser.resume();
    expect(targets).toEqual(["/1", "/2", "/3"]);
  });

  test("tells the reader of a body when the connection ends, or turns to garbage, in the middle of it", () => {
    for (const [head, rest] of [
      ["Content-Length: 5", undefined],
      ["Transfer-Encoding: chunked", "garbage\r\n"],
    ]) {
      const told: string[] = [];
      const parser = new RequestParser({
        head: () => ({ chunk: () => undefined, end: () => told.push("end"), cut: () => told.push("cut") }),
        refuse: () => told.push("refused"),
      });
      parser.push(latin1(`POST / HTTP/1.1\r\n${head}\r\n\r\n`));
      if (rest === undefined) parser.close();
      else parser.push(latin1(rest));
      expect(told).toEqual(rest === undefined ? ["cut"] : ["cut", "refused"]);
    }
  });
});

/** What a server of node:http receives when the bytes come over a connection in memory. */
async function readWithServer(
  bytes: Buffer,
): Promise<{ readonly method: string; readonly target: string; readonly body: string }[]> {
  const requests: { method: string; target: string; body: string }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({
        method: request.method ?? "",
        target: request.url ?? "",
        body: Buffer.concat(chunks).toString("latin1"),
      });
      response.end();
    });
  });
  const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const closed = new Promise((resolve) => connection.once("close", resolve));
  server.emit("connection", connection);
  connection.push(bytes);
  connection.push(null);
  await closed;
  return requests;
}
