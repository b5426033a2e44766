/** Splunk's HTTP Event Collector and Dynatrace's ingestion, as far as the forwarders speak to them. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface HecEvent {
  readonly time: number;
  readonly source: string;
  readonly sourcetype?: string;
  readonly index?: string;
  readonly event: Readonly<Record<string, unknown>>;
}

type Fault = { readonly status: number; readonly body: string } | undefined;

export class Sinks {
  readonly hec: HecEvent[] = [];
  readonly metricLines: string[] = [];
  /** Requests, whatever became of them. */
  asked = { splunk: 0, dynatrace: 0 };
  /** What the next requests are answered with; undefined = as it should be. */
  splunkFault: Fault;
  dynatraceFault: Fault;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Sinks> {
    const server = createServer();
    const sinks = new Sinks(server);
    server.on("request", (request, response) => {
      void bodyOf(request).then((body) => {
        const { status, body: text } = sinks.#answer(request, body);
        response.writeHead(status).end(text);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return sinks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ url, headers }: IncomingMessage, body: Buffer): { readonly status: number; readonly body: string } {
    if (url === "/services/collector/event") {
      this.asked.splunk += 1;
      if (this.splunkFault !== undefined) return this.splunkFault;
      if (headers.authorization !== "Splunk local-splunk-token")
        return { status: 403, body: '{"text":"Invalid token","code":4}' };
      const text = (headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
      // Objects one behind the other, no list.
      this.hec.push(...(JSON.parse(`[${text.replaceAll('}{"time"', '},{"time"')}]`) as HecEvent[]));
      return { status: 200, body: '{"text":"Success","code":0}' };
    }
    if (url === "/api/v2/metrics/ingest") {
      this.asked.dynatrace += 1;
      if (this.dynatraceFault !== undefined) return this.dynatraceFault;
      if (headers.authorization !== "Api-Token local-dynatrace-token") return { status: 401, body: "{}" };
      const lines = body.toString().split("\n");
      this.metricLines.push(...lines);
      return { status: 202, body: JSON.stringify({ linesOk: lines.length, linesInvalid: 0, error: null }) };
    }
    return { status: 404, body: "" };
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
