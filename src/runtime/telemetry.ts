/**
 * The Telemetry API (and its older sister, the Logs API): extensions subscribe to platform events, function logs and
 * extension logs, and get them in batches over HTTP or TCP.
 * AWS Lambda developer guide, "Telemetry API reference"; schema versions 2022-12-13 and 2025-01-29.
 */
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import type { LogRecord } from "./log-capture.js";
import { collect, type Call } from "./runtime-api.js";
import type { BodySink } from "./wire/request-parser.js";

type TelemetryType = "platform" | "function" | "extension";

interface Buffering {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

interface Subscription {
  readonly name: string;
  readonly types: readonly TelemetryType[];
  readonly deliver: (records: readonly object[]) => Promise<void>;
  readonly buffering: Buffering;
  readonly close: () => void;
  pending: object[];
  pendingBytes: number;
  timer: NodeJS.Timeout | undefined;
  sending: Promise<void>;
  droppedRecords: number;
  droppedBytes: number;
}

const DEFAULTS: Buffering = { maxItems: 10_000, maxBytes: 262_144, timeoutMs: 1000 };
const BOUNDS: Readonly<Record<keyof Buffering, readonly [number, number]>> = {
  maxItems: [1000, 10_000],
  maxBytes: [262_144, 1_048_576],
  timeoutMs: [25, 30_000],
};
/** An extension that does not take its records loses them beyond this, and is told how many. */
const MAX_BACKLOG_BYTES = 4 * 1_048_576;
/** A batch that is not taken within this is lost: nothing may hold an environment up. */
const DELIVERY_TIMEOUT_MS = 1000;
const MAX_BODY_BYTES = 64 * 1024;

export class Telemetry {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #subscribed: (name: string, types: readonly string[]) => void;
  readonly #extensionName: (call: Call) => string | undefined;
  readonly #subscriptionOpen: () => boolean;
  readonly #host: () => string;

  constructor(options: {
    /** Told after a subscription was accepted. */
    readonly subscribed: (name: string, types: readonly string[]) => void;
    /** Names the calling extension, or answers the refusal. */
    readonly extensionName: (call: Call) => string | undefined;
    readonly subscriptionOpen: () => boolean;
    /** Where the extension's listener is found; this machine's loopback unless something else is said. */
    readonly host: () => string | undefined;
  }) {
    this.#subscribed = options.subscribed;
    this.#extensionName = options.extensionName;
    this.#subscriptionOpen = options.subscriptionOpen;
    this.#host = () => options.host() ?? "127.0.0.1";
  }

  get hasSubscribers(): boolean {
    return this.#subscriptions.size > 0;
  }

  readonly subscribe = (call: Call): BodySink =>
    collect(
      MAX_BODY_BYTES,
      (body) => this.#subscribe(call, body),
      () => call.reply.json(400, { errorMessage: "The request body is too large", errorType: "ValidationError" }),
    );

  /** Passes a log record on to those who asked for its kind. */
  record({ source, text, timeMs, event }: LogRecord): void {
    if (this.#subscriptions.size === 0) return;
    // Platform notes without an event (the timeout line) are log text, not telemetry.
    if (source === "platform" && event === undefined) return;
    const time = new Date(timeMs).toISOString();
    const entry =
      event === undefined
        ? { time, type: source, record: asJson(text) }
        : { time, type: event.type, record: event.record };
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.types.includes(source)) this.#add(subscription, entry);
    }
  }

  /** Sends what is pending now; before the freeze and at shutdown. */
  async flush(): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((subscription) => this.#send(subscription)));
  }

  close(): void {
    for (const subscription of this.#subscriptions.values()) {
      clearTimeout(subscription.timer);
      subscription.close();
    }
    this.#subscriptions.clear();
  }

  #subscribe(call: Call, body: Buffer): void {
    const name = this.#extensionName(call);
    if (name === undefined) return;
    const refuse = (errorMessage: string): void => call.reply.json(400, { errorMessage, errorType: "ValidationError" });
    if (!this.#subscriptionOpen()) {
      call.reply.json(403, {
        errorMessage: "Telemetry API subscription is closed already",
        errorType: "Telemetry.SubscriptionClosed",
      });
      return;
    }
    let input: SubscriptionRequest;
    try {
      input = JSON.parse(body.toString("utf8")) as SubscriptionRequest;
    } catch {
      refuse("The request body is not valid JSON");
      return;
    }
    const parsed = parseSubscription(input, this.#host());
    if (typeof parsed === "string") {
      refuse(parsed);
      return;
    }
    const earlier = this.#subscriptions.get(name);
    if (earlier !== undefined) {
      clearTimeout(earlier.timer);
      earlier.close();
    }
    this.#subscriptions.set(name, {
      name,
      ...parsed,
      pending: [],
      pendingBytes: 0,
      timer: undefined,
      sending: Promise.resolve(),
      droppedRecords: 0,
      droppedBytes: 0,
    });
    call.reply.send(200, '"OK"', { "Content-Type": "application/json" });
    this.#subscribed(name, parsed.types);
  }

  #add(subscription: Subscription, entry: object): void {
    const sizeBytes = JSON.stringify(entry).length;
    if (subscription.pendingBytes + sizeBytes > MAX_BACKLOG_BYTES) {
      subscription.droppedRecords += 1;
      subscription.droppedBytes += sizeBytes;
      return;
    }
    subscription.pending.push(entry);
    subscription.pendingBytes += sizeBytes;
    const { maxItems, maxBytes, timeoutMs } = subscription.buffering;
    if (subscription.pending.length >= maxItems || subscription.pendingBytes >= maxBytes) void this.#send(subscription);
    else subscription.timer ??= setTimeout(() => void this.#send(subscription), timeoutMs).unref();
  }

  #send(subscription: Subscription): Promise<void> {
    clearTimeout(subscription.timer);
    subscription.timer = undefined;
    subscription.sending = subscription.sending.then(async () => {
      if (subscription.pending.length === 0) return;
      const batch = subscription.pending;
      subscription.pending = [];
      subscription.pendingBytes = 0;
      if (subscription.droppedRecords > 0) {
        const { droppedBytes, droppedRecords } = subscription;
        batch.push({
          time: new Date().toISOString(),
          type: "platform.logsDropped",
          record: {
            droppedBytes,
            droppedRecords,
            reason: "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.",
          },
        });
        subscription.droppedRecords = 0;
        subscription.droppedBytes = 0;
      }
      await subscription.deliver(batch);
    });
    return subscription.sending;
  }
}

interface SubscriptionRequest {
  readonly schemaVersion?: unknown;
  readonly types?: unknown;
  readonly destination?: { readonly protocol?: unknown; readonly URI?: unknown; readonly port?: unknown };
  readonly buffering?: Partial<Record<keyof Buffering, unknown>>;
}

type ParsedSubscription = Pick<Subscription, "types" | "deliver" | "buffering" | "close">;

/** The subscription, or what is wrong with it. */
function parseSubscription(input: SubscriptionRequest, host: string): ParsedSubscription | string {
  const { types } = input;
  if (
    !Array.isArray(types) ||
    types.length === 0 ||
    !types.every((type) => ["platform", "function", "extension"].includes(String(type)))
  ) {
    return "types must be a non-empty list of platform, function and extension";
  }
  const buffering: Record<keyof Buffering, number> = { ...DEFAULTS };
  for (const key of Object.keys(BOUNDS) as (keyof Buffering)[]) {
    const value = input.buffering?.[key];
    if (value === undefined) continue;
    const [least, most] = BOUNDS[key];
    if (typeof value !== "number" || value < least || value > most)
      return `buffering.${key} must be from ${least} to ${most}`;
    buffering[key] = value;
  }
  const { protocol, URI, port } = input.destination ?? {};
  if (protocol === "HTTP" && typeof URI === "string") {
    const url = parseLocalUrl(URI, host);
    return url === undefined
      ? "destination.URI must be http://sandbox.localdomain:PORT/"
      : { types: types as TelemetryType[], buffering, ...overHttp(url) };
  }
  if (protocol === "TCP" && typeof port === "number")
    return { types: types as TelemetryType[], buffering, ...overTcp(port, host) };
  return "destination needs protocol HTTP with a URI, or TCP with a port";
}

/** `sandbox.localdomain` is the environment itself. */
function parseLocalUrl(uri: string, host: string): URL | undefined {
  if (!URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  if (url.protocol !== "http:" || !["sandbox.localdomain", "sandbox", "localhost", "127.0.0.1"].includes(url.hostname))
    return undefined;
  url.hostname = host;
  return url;
}

/** Records that could not be delivered are gone, as on AWS: the extension is not listening. */
function overHttp(url: URL): Pick<Subscription, "deliver" | "close"> {
  return {
    deliver: (records) =>
      new Promise((resolve) => {
        const body = Buffer.from(JSON.stringify(records));
        const request = httpRequest(
          url,
          { method: "POST", headers: { "Content-Type": "application/json", "Content-Length": body.length } },
          (response) => {
            response.resume();
            response.on("close", () => resolve());
          },
        );
        request.setTimeout(DELIVERY_TIMEOUT_MS, () => request.destroy());
        request.on("error", () => resolve());
        request.end(body);
      }),
    close: () => undefined,
  };
}

function overTcp(port: number, host: string): Pick<Subscription, "deliver" | "close"> {
  let socket: Socket | undefined;
  return {
    deliver: (records) =>
      new Promise((resolve) => {
        if (socket === undefined || socket.destroyed) {
          socket = connect({ host, port });
          socket.unref();
          socket.on("error", () => socket?.destroy());
        }
        const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
        const timer = setTimeout(() => socket?.destroy(), DELIVERY_TIMEOUT_MS);
        socket.write(text, () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    close: () => socket?.destroy(),
  };
}

/** JSON logs travel as objects, plain text as a string. */
function asJson(text: string): unknown {
  if (!text.startsWith("{")) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
