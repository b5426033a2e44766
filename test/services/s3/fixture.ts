/** S3 behind a real gateway on a virtual clock, an SDK client that talks to it, and raw HTTP signed or not. */
import { createHash, createHmac } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../../src/shared/arn.js";
import { Bus, type ObjectEvent } from "../../../src/shared/bus.js";
import { VirtualClock } from "../../../src/shared/clock.js";
import type { Logger } from "../../../src/shared/logger.js";
import { startGateway, type Gateway } from "../../../src/services/gateway.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import type { S3Service } from "../../../src/services/s3/index.js";
import { send, type Answer, type RawRequest } from "../gateway-fixture.js";

export interface Told extends ObjectEvent {
  readonly kind: "Created" | "Removed" | "Tagged";
}

export interface S3Fixture {
  readonly gateway: Gateway;
  readonly clock: VirtualClock;
  readonly client: S3Client;
  readonly store: StateStore;
  readonly bus: Bus;
  readonly events: Told[];
  service(): Promise<S3Service>;
  makeClient(config?: S3ClientConfig): S3Client;
  /** Signed with SigV4 in the header, `UNSIGNED-PAYLOAD` unless a header says otherwise. */
  signed(request: RawRequest): Promise<Answer>;
  anonymous(request: RawRequest): Promise<Answer>;
  /** Files of object bodies on the disk. */
  blobs(): string[];
  stop(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

export async function startS3(options: { readonly store?: StateStore } = {}): Promise<S3Fixture> {
  const store = options.store ?? StateStore.ephemeral();
  const clock = new VirtualClock(Math.floor(Date.now() / 1000) * 1000);
  const bus = new Bus();
  const events: Told[] = [];
  bus.on("ObjectCreated", (event) => events.push({ ...event, kind: "Created" }));
  bus.on("ObjectRemoved", (event) => events.push({ ...event, kind: "Removed" }));
  bus.on("ObjectTagged", (event) => events.push({ ...event, kind: "Tagged" }));
  const faults: unknown[] = [];
  const none = (): void => undefined;
  const log: Logger = { debug: none, info: none, warn: none, error: (fields) => faults.push(fields) };
  const gateway = await startGateway({
    port: 0,
    store: () => store,
    clock,
    bus,
    realm: { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID },
    log,
  });
  const clients: S3Client[] = [];
  const makeClient = (config: S3ClientConfig = {}): S3Client => {
    const client = new S3Client({
      endpoint: gateway.endpoint,
      region: DEFAULT_REGION,
      credentials: CREDENTIALS,
      forcePathStyle: true,
      maxAttempts: 1,
      ...config,
    });
    clients.push(client);
    return client;
  };
  return {
    gateway,
    clock,
    client: makeClient(),
    store,
    bus,
    events,
    makeClient,
    service: async () => (await gateway.service("s3")) as S3Service,
    signed: (request) => send(gateway.port, sign(request, gateway.port, clock.now())),
    anonymous: (request) => send(gateway.port, request),
    blobs: () =>
      readdirSync(store.blobFolder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    async stop() {
      for (const client of clients) client.destroy();
      await gateway.close();
      if (options.store === undefined) await store.close();
      // Nothing that a client sends may come to an internal error.
      expect(faults).toEqual([]);
    },
  };
}

/** Signs as S3 wants it: the path as it is sent. */
export function sign(request: RawRequest, port: number, nowMs: number): RawRequest {
  const amzDate = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const date = amzDate.slice(0, 8);
  const headers: Record<string, string> = {
    host: `127.0.0.1:${port}`,
    "x-amz-date": amzDate,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
  };
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = String(value);
  const names = Object.keys(headers).sort();
  const [path = "", query = ""] = request.path.split("?");
  const canonicalQuery = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .sort((a, b) => (a.split("=")[0] ?? "").localeCompare(b.split("=")[0] ?? "", "en"))
    .join("&");
  const canonical = [
    request.method ?? "GET",
    path,
    canonicalQuery,
    ...names.map((name) => `${name}:${headers[name]?.trim()}`),
    "",
    names.join(";"),
    headers["x-amz-content-sha256"],
  ].join("\n");
  const scope = `${date}/${DEFAULT_REGION}/s3/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const key = hmac(hmac(hmac(hmac("AWS4test", date), DEFAULT_REGION), "s3"), "aws4_request");
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${hash}`).toString("hex");
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { ...request, headers };
}

/** Name and status of what an SDK call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode ?? "-"} ${name}`;
  }
  return "no refusal";
}

export function bytes(size: number, seed = 1): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < size; i++) {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    buffer[i] = state >>> 24;
  }
  return buffer;
}

export const byText = (a: string | undefined, b: string | undefined): number => ((a ?? "") < (b ?? "") ? -1 : 1);
