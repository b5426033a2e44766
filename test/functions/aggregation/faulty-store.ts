/** A proxy before the archive store that can refuse, stay silent, or be gone. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request; undefined passes it on. */
export type Fault = "refuse" | "gone" | "silent";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly copySource: string | undefined;
}

export class FaultyStore {
  /** Where requests go on to. */
  target = "";
  fault: ((request: SeenRequest) => Fault | undefined) | undefined;
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FaultyStore> {
    const server = createServer();
    const store = new FaultyStore(server);
    server.on("request", (incoming: IncomingMessage, response: ServerResponse) => store.#pass(incoming, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return store;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const copySource = incoming.headers["x-amz-copy-source"];
    const seen = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      copySource: typeof copySource === "string" ? copySource : undefined,
    };
    this.seen.push(seen);
    const fault = this.fault?.(seen);
    if (fault === "gone") {
      incoming.socket.destroy();
      return;
    }
    if (fault === "silent") {
      incoming.resume();
      return;
    }
    if (fault === "refuse") {
      incoming.resume();
      const body = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
      incoming.on("end", () => response.writeHead(503, { "content-type": "application/xml" }).end(body));
      return;
    }
    const url = new URL(incoming.url ?? "/", this.target);
    // The signature covers the Host header: it goes on as it came.
    const onward = request(url, { method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.on("error", () => onward.destroy());
    incoming.pipe(onward);
  }
}
