/** The service behind a bare HTTP server, with a clock that the test moves and the official clients in front. */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, type CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import {
  createDynamoDbService,
  type DynamoDbAdmin,
  type DynamoDbOptions,
} from "../../../src/services/dynamodb/index.js";
import { createCredentials } from "../../../src/services/kit/credentials.js";
import { StateStore, type Durability } from "../../../src/services/kit/state-store.js";
import type { EmbeddedService } from "../../../src/services/service.js";
import { Bus, type BusEvents } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";

export interface TestServer {
  readonly service: EmbeddedService & DynamoDbAdmin;
  readonly clock: VirtualClock;
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  readonly streams: DynamoDBStreamsClient;
  readonly changes: BusEvents["ItemChanged"][];
  /** A raw call: what the client libraries would not send. */
  call(
    operation: string,
    body: unknown,
    target?: string,
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>;
  close(): Promise<void>;
}

export interface TestServerOptions extends DynamoDbOptions {
  readonly folder?: string;
  readonly durability?: Durability;
}

export async function startServer({ folder, durability, ...options }: TestServerOptions = {}): Promise<TestServer> {
  const store = folder === undefined ? StateStore.ephemeral(durability) : StateStore.open({ folder });
  const clock = new VirtualClock();
  const bus = new Bus();
  const changes: BusEvents["ItemChanged"][] = [];
  bus.on("ItemChanged", (event) => changes.push(event));
  const realm = { region: "us-east-1", accountId: "000000000000" };
  const context = {
    store,
    clock,
    bus,
    realm,
    credentials: createCredentials({ realm, clock, secret: () => store.secret }),
    log: silentLogger,
    endpoint: () => endpoint,
  };
  const service = createDynamoDbService(context, options);
  const server = createServer((request, response) => {
    const caller = {
      accessKeyId: "test",
      accountId: "000000000000",
      arn: "arn:aws:iam::000000000000:root",
      userId: "root",
    };
    void service.handle(
      {
        method: request.method ?? "",
        path: "/",
        query: "",
        headers: request.headers,
        body: request,
        caller,
        requestId: randomUUID(),
        endpoint,
        remoteAddress: "127.0.0.1",
        payload: { kind: "unsigned" },
      },
      response,
    );
  });
  const endpoint = await listen(server);
  const config = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
  const client = new DynamoDBClient(config);
  const streams = new DynamoDBStreamsClient(config);
  return {
    service,
    clock,
    endpoint,
    client,
    streams,
    changes,
    async call(operation, body, target = "DynamoDB_20120810") {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `${target}.${operation}` },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as Record<string, unknown>,
      };
    },
    async close() {
      client.destroy();
      streams.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.close();
      await store.close();
    },
  };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A CreateTable input on demand; attributes as `name:type`. */
export function tableInput(
  name: string,
  hash: string,
  range?: string,
  more: Partial<CreateTableCommandInput> = {},
): CreateTableCommandInput {
  const keys = [hash, ...(range === undefined ? [] : [range])].map(
    (key) => key.split(":") as [string, "S" | "N" | "B"],
  );
  return {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: keys.map(([AttributeName], i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
    ...more,
    AttributeDefinitions: [
      ...keys.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
      ...(more.AttributeDefinitions ?? []),
    ],
  };
}

/** What a call was refused with. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ name: string; message: string } & Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return error as { name: string; message: string } & Record<string, unknown>;
  }
  throw new Error("the call was not refused");
}
