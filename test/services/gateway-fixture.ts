/** A gateway on a free port with a service behind it that remembers what reached it, and raw HTTP to talk to both. */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../../src/shared/arn.js";
import { Bus } from "../../src/shared/bus.js";
import { VirtualClock } from "../../src/shared/clock.js";
import type { Logger } from "../../src/shared/logger.js";
import { startGateway, type Gateway, type GatewayOptions } from "../../src/services/gateway.js";
import { AwsError } from "../../src/services/kit/aws-error.js";
import { openPayload } from "../../src/services/kit/payload.js";
import { StateStore } from "../../src/services/kit/state-store.js";
import { sendWireError } from "../../src/services/kit/wire-error.js";
import type { Caller, EmbeddedService, ServiceRequest } from "../../src/services/service.js";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly caller: Caller | undefined;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

/** Takes any request, keeps its body and answers 200 with nothing; a body that is refused is answered as S3 would. */
export class RecordingService implements EmbeddedService {
  readonly received: Received[] = [];
  closed = false;

  get last(): Received {
    const last = this.received.at(-1);
    if (last === undefined) throw new Error("nothing was received");
    return last;
  }

  async handle(request: ServiceRequest, response: ServerResponse): Promise<void> {
    try {
      const payload = openPayload(request);
      const pieces: Buffer[] = [];
      for await (const piece of payload) pieces.push(piece);
      const { method, path, query, caller } = request;
      this.received.push({ method, path, query, caller, body: Buffer.concat(pieces), trailers: payload.trailers() });
      response.writeHead(200, { "Content-Type": "application/xml", "Content-Length": 0 });
      response.end();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      sendWireError(response, "rest-xml", error, request.requestId);
    }
  }

  reset(): Promise<void> {
    this.received.length = 0;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

export interface Fixture {
  readonly gateway: Gateway;
  readonly clock: VirtualClock;
  /** Stands in for S3. */
  readonly s3: RecordingService;
  readonly warnings: string[];
  /** How often the state was opened. */
  readonly opened: () => number;
  readonly store: () => StateStore;
  send(request: RawRequest): Promise<Answer>;
  stop(): Promise<void>;
}

/** Those of tests that failed before they came to their end: an open one would keep jest from ending. */
const running = new Set<Fixture>();
afterAll(async () => {
  for (const fixture of running) await fixture.stop();
});

export async function startFixture(
  options: Partial<GatewayOptions> & { readonly store?: () => StateStore } = {},
): Promise<Fixture> {
  let opened = 0;
  let store: StateStore | undefined;
  const openStore = (): StateStore => {
    opened++;
    return (store ??= StateStore.ephemeral());
  };
  const warnings: string[] = [];
  const note = (fields: object, message?: string): void => void warnings.push(message ?? JSON.stringify(fields));
  const log: Logger = { debug: () => undefined, info: () => undefined, warn: note, error: note };
  const clock = new VirtualClock(Date.now());
  const realm = { region: DEFAULT_REGION, accountId: DEFAULT_ACCOUNT_ID };
  const gateway = await startGateway({ port: 0, store: openStore, clock, bus: new Bus(), realm, log, ...options });
  const s3 = new RecordingService();
  gateway.addService("s3", s3);
  const fixture: Fixture = {
    gateway,
    clock,
    s3,
    warnings,
    opened: () => opened,
    store: openStore,
    send: (request) => send(gateway.port, request),
    async stop() {
      if (!running.delete(fixture)) return;
      await gateway.close();
      await store?.close();
    },
  };
  running.add(fixture);
  return fixture;
}

/** Sends the bytes as given: unlike `fetch` it neither normalises paths nor guards header names. */
export function send(port: number, { method = "GET", path, headers = {}, body }: RawRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces).toString(),
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The text of an element in an XML answer. */
export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

export const sha256Hex = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

type Data = string | ArrayBuffer | ArrayBufferView;
const bytesOf = (data: Data): string | Buffer => {
  if (typeof data === "string") return data;
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
};

/** What AWS's signer asks for: SHA-256, keyed or not. */
export class Sha256 {
  readonly #secret: Data | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: Data) {
    this.#secret = secret;
    this.#hash = this.#make();
  }

  update(data: Data): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#make();
  }

  #make(): Hash | Hmac {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(this.#secret));
  }
}
