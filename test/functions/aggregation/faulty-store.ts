/** A proxy before the archive store that can refuse, stay silent, or be gone. */
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request; undefined passes it on. */
export type Fault = "refuse" | "gone" | "silent" | "late";

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
  readonly #late: (() => Promise<void>)[] = [];
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

  /** Carries out what was held back, although nobody waits for an answer any more. */
  async letLateRequestsGo(): Promise<void> {
    for (const go of this.#late.splice(0)) await go();
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
    if (fault === "late") {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => this.#late.push(() => this.#sendLater(incoming, Buffer.concat(chunks))));
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
  #sendLater({ url = "/", method, headers }: IncomingMessage, body: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const onward = request(new URL(url, this.target), { method, headers }, (answer) => {
        answer.resume();
        answer.on("end", resolve);
      });
      onward.on("error", reject);
      onward.end(body);
    });
  }
}
