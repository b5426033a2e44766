/**
 * Makes requests for the fuzz of the parser: valid ones from a grammar, broken ones by mutation, and the ways in which
 * a stream of bytes may arrive. Everything follows from one seed, so that a failure can be had again.
 */

export type Random = () => number;

/** mulberry32: 32 bits of state, good enough to choose with. Numbers from 0 to 1. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Where bodies are cut from. */
const NOISE = noise(65_536);

function noise(size: number): Buffer {
  const random = seededRandom(1);
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = Math.floor(random() * 256);
  return bytes;
}

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const chance = (random: Random, share: number): boolean => random() < share;
const pick = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)] as T;

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const VALUE_CHARACTERS = `${TOKEN_CHARACTERS} \t"(),/:;<=>?@[\\]{}\x80\xa0\xe4\xff`;
const TARGET_CHARACTERS = "abcXYZ0189-._~!$&'()*+,;=:@%/?";
/** These steer the parser; the grammar writes them itself. */
const FRAMING = new Set(["content-length", "transfer-encoding", "connection", "upgrade", "expect", "trailer", "te"]);
const METHODS = ["GET", "POST", "PUT"] as const;

function text(random: Random, characters: string, min: number, max: number): string {
  let made = "";
  for (let left = min + below(random, max - min + 1); left > 0; left--)
    made += characters.charAt(below(random, characters.length));
  return made;
}

function fieldName(random: Random): string {
  if (chance(random, 0.3)) {
    return pick(random, [
      "Host",
      "User-Agent",
      "Lambda-Runtime-Function-Error-Type",
      "X-AMZN-Trace-Id",
      "content-type",
      "Accept",
    ]);
  }
  const name = text(random, TOKEN_CHARACTERS, 1, 20);
  return FRAMING.has(name.toLowerCase()) ? "x-other" : name;
}

function field(random: Random): string {
  const before = pick(random, ["", " ", "  ", "\t", " \t "]);
  const after = pick(random, ["", "", "", " ", "\t"]);
  return `${fieldName(random)}:${before}${text(random, VALUE_CHARACTERS, 0, 30).trim()}${after}\r\n`;
}

function fields(random: Random, max: number): string {
  let made = "";
  for (let left = below(random, max + 1); left > 0; left--) made += field(random);
  return made;
}

function body(random: Random): Buffer {
  const size = pick(random, [0, 1, 2, 10, 100, 1000, 5000]);
  const at = below(random, NOISE.length - size);
  return NOISE.subarray(at, at + size);
}

function chunked(random: Random, content: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    const size = Math.min(content.length - at, 1 + below(random, pick(random, [3, 50, 5000])));
    const hex = chance(random, 0.5) ? size.toString(16) : size.toString(16).toUpperCase();
    const zeros = chance(random, 0.1) ? "00" : "";
    parts.push(
      Buffer.from(`${zeros}${hex}${extension(random)}\r\n`),
      content.subarray(at, at + size),
      Buffer.from("\r\n"),
    );
    at += size;
  }
  const trailers = chance(random, 0.3) ? fields(random, 3) : "";
  parts.push(Buffer.from(`0${extension(random)}\r\n${trailers}\r\n`, "latin1"));
  return Buffer.concat(parts);
}

function extension(random: Random): string {
  if (chance(random, 0.8)) return "";
  return pick(random, [";name", ";name=value", ';name="quoted value"', ";a=1;b=2"]);
}

/** One valid request in the form that both parsers are to take. */
function request(random: Random): Buffer {
  const method = pick(random, METHODS);
  const target = `/${text(random, TARGET_CHARACTERS, 0, 40)}`;
  const version = chance(random, 0.95) ? "HTTP/1.1" : "HTTP/1.0";
  const connection = chance(random, 0.1) ? "Connection: keep-alive\r\n" : "";
  const content = body(random);
  const useChunks = version === "HTTP/1.1" && chance(random, 0.4);
  const bodyless = method === "GET" && chance(random, 0.7);
  const framing = bodyless
    ? ""
    : useChunks
      ? `${pick(random, ["Transfer-Encoding", "transfer-encoding"])}: ${pick(random, ["chunked", "Chunked"])}\r\n`
      : `${pick(random, ["Content-Length", "content-length"])}: ${content.length}\r\n`;
  const head = `${method} ${target} ${version}\r\nHost: localhost\r\n${fields(random, 6)}${framing}${connection}${fields(random, 3)}\r\n`;
  const payload = bodyless ? Buffer.alloc(0) : useChunks ? chunked(random, content) : content;
  return Buffer.concat([Buffer.from(head, "latin1"), payload]);
}

/** One to four requests, one behind the other. HTTP/1.0 without keep-alive ends a connection, so it comes last. */
export function validStream(random: Random): Buffer {
  const requests: Buffer[] = [];
  for (let left = 1 + below(random, 4); left > 0; left--) {
    if (chance(random, 0.05)) requests.push(Buffer.from("\r\n"));
    const made = request(random);
    requests.push(made);
    const head = made.toString("latin1", 0, made.indexOf("\r\n\r\n"));
    if (head.includes(" HTTP/1.0\r\n") && !head.includes("Connection: keep-alive")) break;
  }
  return Buffer.concat(requests);
}

/** What breaks framing rather than text. */
const POISONS = [
  "\r",
  "\n",
  "\r\n",
  "\r\n\r\n",
  "\0",
  " ",
  "\t",
  ":",
  "0\r\n\r\n",
  "fffffffffffffffff\r\n",
  "-1\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity, chunked\r\n",
  "Transfer-Encoding : chunked\r\n",
  " folded\r\n",
  "HTTP/1.1",
  "HTTP/2.0",
  "GET / HTTP/1.1\r\n",
  "\x7f\x80\xff",
] as const;

/** A valid stream with one to four faults in it. */
export function brokenStream(random: Random): Buffer {
  let bytes = validStream(random);
  for (let left = 1 + below(random, 4); left > 0 && bytes.length > 0; left--) {
    const at = below(random, bytes.length);
    const rest = bytes.subarray(at);
    switch (below(random, 5)) {
      case 0: {
        const changed = Buffer.from(bytes);
        changed[at] = below(random, 256);
        bytes = changed;
        break;
      }
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(random, POISONS), "latin1"), rest]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), rest.subarray(1 + below(random, 8))]);
        break;
      case 3:
        bytes = bytes.subarray(0, at);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), rest.subarray(0, 1 + below(random, 40)), rest]);
    }
  }
  return bytes;
}

/** The stream as it may arrive: whole, byte by byte, or in pieces of any size. */
export function pieces(random: Random, bytes: Buffer): Buffer[] {
  const largest = pick(random, [1, 7, 100, 4096, bytes.length + 1]);
  if (largest === 1 && bytes.length > 600) return [bytes];
  const made: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + below(random, largest);
    made.push(bytes.subarray(at, at + size));
    at += size;
  }
  return made;
}
