/** A chat behind a WebSocket API, and clients of it: the `ws` library, as most of Node's clients use it. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, type ClientOptions } from "ws";
import { createStack, type CreateStackOptions, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { found } from "../../until.js";

/**
 * A message says what is answered: `answer`, `result` as JSON, `nothing`, `throw`; when `fetch` has an answer, or when `post` is
 * sent back by the management API. On $connect the query says it.
 */
const HANDLER = `
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");
exports.handler = async (event) => {
  const { domainName, stage, connectionId } = event.requestContext;
  const body = event.isBase64Encoded || event.body === undefined || !event.body.startsWith("{") ? {} : JSON.parse(event.body);
  const said = { ...(event.queryStringParameters ?? {}), ...body };
  if (said.fetch !== undefined) await fetch(said.fetch);
  if (said.throw !== undefined) throw new Error(said.throw);
  if (said.post !== undefined) {
    const client = new ApiGatewayManagementApiClient({ endpoint: \`https://\${domainName}/\${stage}\` });
    await client.send(new PostToConnectionCommand({ ConnectionId: said.to ?? connectionId, Data: said.post }));
  }
  if (said.result !== undefined) return JSON.parse(said.result);
  if (said.nothing !== undefined) return;
  return { statusCode: 200, body: said.answer ?? JSON.stringify(event) };
};`;

export const HEAD = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs20.x, CodeUri: code/, Timeout: 10, MemorySize: 256, Handler: chat.handler }
`;

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export type RouteEvent = Readonly<Record<string, unknown>> & {
  readonly requestContext: Readonly<Record<string, unknown>>;
};

/** One client; what it was sent is kept. */
export class Client {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  readonly #received: string[] = [];
  #onText: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#received.push(data.toString("utf8"));
      this.#onText();
    });
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) =>
      socket.on("close", (code: number, reason: Buffer) => resolve({ code, reason: reason.toString("utf8") })),
    );
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** The next one that came and was not taken yet. */
  async next(): Promise<string> {
    for (;;) {
      const text = this.#received.shift();
      if (text !== undefined) return text;
      await new Promise<void>((resolve) => (this.#onText = resolve));
    }
  }

  async ask(message: unknown): Promise<string> {
    this.send(message);
    return this.next();
  }

  close(code?: number, reason?: string): Promise<Closed> {
    this.socket.close(code, reason);
    return this.closed;
  }
}

/** A place that functions `fetch` from, and that lets none of them go on before it is told to. */
export interface Gate {
  readonly url: string;
  /** Waits for somebody to stand before it. */
  readonly arrived: () => Promise<void>;
  /** Lets one go on. */
  readonly open: () => Promise<void>;
}

export async function withGate(use: (gate: Gate) => Promise<void>): Promise<void> {
  const held: ServerResponse[] = [];
  const server = createServer((_request, response) => held.push(response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const arrived = (): Promise<ServerResponse> => found(() => held[0], "a function that fetches");
  try {
    await use({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      arrived: async () => void (await arrived()),
      open: async () => {
        await arrived();
        held.shift()?.end();
      },
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

export interface Refusal {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export class Chat {
  readonly stack: TestStack;
  readonly #project: ProjectFolder;
  readonly #clients = new Set<Client>();

  private constructor(stack: TestStack, project: ProjectFolder) {
    this.stack = stack;
    this.#project = project;
  }

  static async open(
    template: string,
    options: Omit<CreateStackOptions, "folder"> = {},
    files: Readonly<Record<string, string>> = {},
  ): Promise<Chat> {
    const project = new ProjectFolder({ "template.yaml": template, "code/chat.js": HANDLER, ...files });
    return new Chat(await createStack({ folder: project.folder, ...options }), project);
  }

  url(name: string): string {
    return this.stack.url(name);
  }

  connect(name: string, more = "", options: ClientOptions = {}, protocols: string[] = []): Promise<Client> {
    return this.dial(`${this.url(name)}${more}`, options, protocols);
  }

  /** Rejects when the handshake is refused. */
  async dial(url: string, options: ClientOptions = {}, protocols: string[] = []): Promise<Client> {
    const client = new Client(new WebSocket(url, protocols, options));
    await new Promise((resolve, reject) => {
      client.socket.on("open", resolve);
      client.socket.on("error", reject);
    });
    this.#clients.add(client);
    return client;
  }

  /** What a client is told that may not connect. */
  refused(url: string, options: ClientOptions = {}): Promise<Refusal> {
    const socket = new WebSocket(url, options);
    return new Promise((resolve, reject) => {
      socket.on("open", () => {
        socket.terminate();
        reject(new Error("the connection was let in"));
      });
      socket.on("error", reject);
      socket.on("unexpected-response", (_request, response: IncomingMessage) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
    });
  }

  /** Events of a function that have come to their end, oldest first. */
  events(name: string): RouteEvent[] {
    return this.stack.invocations(name).map(({ event }) => event as RouteEvent);
  }

  /** Waits for the event of a route. */
  event(name: string, routeKey: string, which: (event: RouteEvent) => boolean = () => true): Promise<RouteEvent> {
    return this.stack.waitFor(
      () => this.events(name).find((event) => event.requestContext["routeKey"] === routeKey && which(event)),
      { what: `an event of ${routeKey}`, timeoutMs: 20_000 },
    );
  }

  async close(): Promise<void> {
    for (const { socket } of this.#clients) socket.terminate();
    await this.stack.close();
    this.#project.remove();
  }
}
