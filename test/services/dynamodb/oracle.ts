/** dynalite, which recorded the service's validation texts, beside our server: both get the same raw requests. */
import { createRequire } from "node:module";
import type { Server } from "node:http";
import { listen, startServer, type TestServer } from "./server.js";

type Dynalite = (options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }) => Server;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Pair {
  readonly ours: TestServer;
  both(operation: string, body: unknown): Promise<{ ours: Answer; oracle: Answer }>;
  close(): Promise<void>;
}

export async function startPair(): Promise<Pair> {
  const dynalite = createRequire(__filename)("dynalite") as Dynalite;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const oracleUrl = await listen(server);
  const ours = await startServer();
  const ask = async (url: string, operation: string, body: unknown): Promise<Answer> => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "x-amz-date": "20260101T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b",
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  return {
    ours,
    async both(operation, body) {
      return { ours: await ask(ours.endpoint, operation, body), oracle: await ask(oracleUrl, operation, body) };
    },
    async close() {
      await ours.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
