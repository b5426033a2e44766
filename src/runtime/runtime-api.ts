/**
 * The Lambda Runtime, Extensions and Telemetry APIs of one execution environment, on one loopback port. This file is
 * the table of routes; what they do is in runtime-session, extensions and telemetry.
 * AWS Lambda developer guide, "Using the Lambda runtime API", "Extensions API", "Telemetry API".
 */
import { createServer, type AddressInfo, type Server } from "node:net";
import type { BodySink, RequestHead } from "./wire/request-parser.js";
import { Connection, type Reply } from "./wire/connection.js";

/** What a route gets. `match` holds the path parameters. */
export interface Call {
  readonly head: RequestHead;
  readonly reply: Reply;
  readonly connection: Connection;
  readonly match: readonly string[];
}

/** A route returns the sink of the request's body. */
export type Route = (call: Call) => BodySink;

/** The three APIs, as the environment serves them. */
export interface ApiRoutes {
  readonly runtimeNext: Route;
  readonly runtimeResponse: Route;
  readonly runtimeError: Route;
  readonly initError: Route;
  readonly restoreNext: Route;
  readonly extensionRegister: Route;
  readonly extensionNext: Route;
  readonly extensionInitError: Route;
  readonly extensionExitError: Route;
  readonly telemetrySubscribe: Route;
  readonly logsSubscribe: Route;
  /** Private: held until INIT may begin. */
  readonly standby: Route;
  /** Private: answered at once, so that a client has sent and received before INIT begins. */
  readonly warm: Route;
  /** Private: the exit code of a process that leaves in order. */
  readonly noteExit: Route;
}

const TABLE: readonly (readonly [method: string, path: RegExp, route: keyof ApiRoutes])[] = [
  ["GET", /^\/2018-06-01\/runtime\/invocation\/next$/, "runtimeNext"],
  ["POST", /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/response$/, "runtimeResponse"],
  ["POST", /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/error$/, "runtimeError"],
  ["POST", /^\/2018-06-01\/runtime\/init\/error$/, "initError"],
  ["GET", /^\/2018-06-01\/runtime\/restore\/next$/, "restoreNext"],
  ["POST", /^\/2020-01-01\/extension\/register$/, "extensionRegister"],
  ["GET", /^\/2020-01-01\/extension\/event\/next$/, "extensionNext"],
  ["POST", /^\/2020-01-01\/extension\/init\/error$/, "extensionInitError"],
  ["POST", /^\/2020-01-01\/extension\/exit\/error$/, "extensionExitError"],
  ["PUT", /^\/2022-07-01\/telemetry$/, "telemetrySubscribe"],
  ["PUT", /^\/2020-08-15\/logs$/, "logsSubscribe"],
  ["GET", /^\/lambda-run\/standby$/, "standby"],
  ["POST", /^\/lambda-run\/warm$/, "warm"],
  ["POST", /^\/lambda-run\/exit\/(\d+)$/, "noteExit"],
];

export interface RuntimeApi {
  /** `127.0.0.1:port`, the value of AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Ends every connection and the listener. */
  close(): void;
}

/** Opens the port and serves `routes` on it. */
export function startRuntimeApi(routes: ApiRoutes, host = "127.0.0.1"): Promise<RuntimeApi> {
  const connections = new Set<Connection>();
  const server: Server = createServer((socket) => {
    const connection: Connection = new Connection(socket, (head, reply) => dispatch(routes, head, reply, connection));
    connections.add(connection);
    socket.on("close", () => connections.delete(connection));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        address: `${host}:${port}`,
        close() {
          server.close();
          for (const connection of connections) connection.destroy();
        },
      });
    });
  });
}

function dispatch(routes: ApiRoutes, head: RequestHead, reply: Reply, connection: Connection): BodySink {
  const query = head.target.indexOf("?");
  const path = query < 0 ? head.target : head.target.slice(0, query);
  let pathKnown = false;
  for (const [method, pattern, route] of TABLE) {
    const match = pattern.exec(path);
    if (match === null) continue;
    pathKnown = true;
    if (method === head.method) return routes[route]({ head, reply, connection, match: match.slice(1) });
  }
  return answerAfterBody(reply, pathKnown ? 405 : 404, pathKnown ? "method not allowed" : "404 page not found");
}

/** Reads the body to its end, throws it away, and answers plain text. */
function answerAfterBody(reply: Reply, statusCode: number, text: string): BodySink {
  return {
    chunk: () => undefined,
    end: () => reply.send(statusCode, text, { "Content-Type": "text/plain; charset=utf-8" }),
  };
}

/** Collects a body of at most `maxBytes`; `tooLarge` is called instead of `whole` when it is exceeded. */
export function collect(
  maxBytes: number,
  whole: (body: Buffer) => void,
  tooLarge: () => void,
  cut?: () => void,
): BodySink {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  return {
    chunk(data) {
      sizeBytes += data.length;
      if (sizeBytes <= maxBytes) chunks.push(data);
      else chunks.length = 0;
    },
    end() {
      if (sizeBytes > maxBytes) tooLarge();
      else whole(chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks));
    },
    cut,
  };
}

/** A route without a body of interest. */
export function onEnd(action: () => void): BodySink {
  return { chunk: () => undefined, end: action };
}
