/** What a parser makes of a stream of bytes: ours, and Node's own, which `node:http` runs on. */
import { RequestParser, type RequestHead } from "../../../src/runtime/wire/request-parser.js";

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  /** Lower-case names; repeated ones joined. */
  readonly fields: string;
  readonly body: string;
  readonly trailers: string;
}

export interface Reading {
  readonly requests: ReadRequest[];
  /** A status of ours, or a code of Node's parser. */
  refused: string | undefined;
  /** Node hands the connection over (CONNECT, Upgrade): it reads no further, and neither can be compared. */
  handedOver: boolean;
}

export function readWithOurs(pieces: readonly Buffer[], pauses = false): Reading {
  const reading: Reading = { requests: [], refused: undefined, handedOver: false };
  const parser = new RequestParser({
    head: (head: RequestHead) => {
      const chunks: Buffer[] = [];
      if (pauses) parser.pause();
      return {
        chunk: (data) => void chunks.push(Buffer.from(data)),
        end: (trailers) => {
          const body = Buffer.concat(chunks).toString("latin1");
          reading.requests.push({
            method: head.method,
            target: head.target,
            fields: listed(head.headers),
            body,
            trailers: listed(trailers),
          });
          if (pauses) parser.resume();
        },
      };
    },
    refuse: (statusCode, reason) => {
      if (reading.refused !== undefined) throw new Error("refused twice");
      reading.refused = `${statusCode} ${reason}`;
    },
  });
  for (const piece of pieces) parser.push(piece);
  return reading;
}

const listed = (fields: Readonly<Record<string, string>>): string =>
  Object.keys(fields)
    .sort()
    .map((name) => `${name}: ${fields[name] ?? ""}`)
    .join("\n");

interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(data: Buffer): number | (Error & { readonly code?: string });
  [event: number]: ((...parameters: never[]) => unknown) | undefined;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser, methods } = require("node:_http_common") as {
  readonly HTTPParser: NodeParserClass;
  readonly methods: readonly string[];
};

/** One for all: each keeps native memory that only closing its connection gives back. */
const parser = new HTTPParser();

export function readWithNodes(pieces: readonly Buffer[]): Reading {
  const reading: Reading = { requests: [], refused: undefined, handedOver: false };
  parser.initialize(HTTPParser.REQUEST, {});
  let loose: string[] = [];
  let head: { method: string; target: string; fields: string } | undefined;
  let target = "";
  let chunks: Buffer[] = [];
  parser[HTTPParser.kOnHeaders] = (fields: string[], url: string) => {
    loose.push(...fields);
    target += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    fields: string[] | undefined,
    method: number,
    url: string | undefined,
    _status: number,
    _message: string,
    upgrade: boolean,
  ) => {
    head = { method: methods[method] ?? "", target: url ?? target, fields: joined(fields ?? loose) };
    loose = [];
    target = "";
    chunks = [];
    if (upgrade) reading.handedOver = true;
    return 0;
  };
  parser[HTTPParser.kOnBody] = (data: Buffer) => void chunks.push(Buffer.from(data));
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (head !== undefined)
      reading.requests.push({ ...head, body: Buffer.concat(chunks).toString("latin1"), trailers: joined(loose) });
    loose = [];
    // Node hands out a target with the trailers too; it belongs to no request.
    target = "";
    head = undefined;
  };
  for (const piece of pieces) {
    const result = parser.execute(piece);
    if (typeof result !== "number") {
      reading.refused = result.code ?? result.message;
      break;
    }
    if (reading.handedOver) break;
  }
  return reading;
}

function joined(flat: readonly string[]): string {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = (flat[i] ?? "").toLowerCase();
    const value = flat[i + 1] ?? "";
    fields[name] = name in fields ? `${fields[name] ?? ""}, ${value}` : value;
  }
  return listed(fields);
}
