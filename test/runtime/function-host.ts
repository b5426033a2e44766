/** A RuntimeHost for tests, and functions made of the small real handlers in test/handlers. */
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { cacheFolder } from "../../src/runtime/cache-folder.js";
import { RuntimeHost, type HostOptions } from "../../src/runtime/host.js";
import { invoke } from "../../src/runtime/invoke.js";
import type { LogRecord } from "../../src/runtime/log-capture.js";
import type { SandboxTier } from "../../src/runtime/sandbox/sandbox.js";
import type { InvokeRequest, InvokeResult } from "../../src/runtime/types.js";
import { realClock } from "../../src/shared/clock.js";

export const REALM = { region: "eu-west-1", accountId: "123456789012" } as const;
export const HANDLERS = join(__dirname, "..", "handlers");
/** The SDK layer takes a second to make: it is kept from run to run. */
const CACHE = cacheFolder(join(__dirname, "..", ".."));

/** undefined = the best tier of this machine. */
export const TIERS: readonly (SandboxTier | undefined)[] = [undefined, "portable"];
export const tierName = (tier: SandboxTier | undefined): string => tier ?? "the best";

export class FunctionHost {
  readonly host: RuntimeHost;
  readonly #lines = new Map<string, string[]>();
  readonly #records = new Map<string, LogRecord[]>();
  readonly #notices = new Map<string, string[]>();
  #made = 0;

  constructor(options: Partial<HostOptions> = {}) {
    this.host = new RuntimeHost({
      realm: REALM,
      clock: realClock,
      cache: CACHE,
      credentials: () => ({ accessKeyId: "AKIATEST", secretAccessKey: "secret", sessionToken: "token" }),
      endpoints: () => ({ AWS_ENDPOINT_URL: "http://127.0.0.1:4566" }),
      log: (config, _stream, record) => {
        listOf(this.#lines, config.name).push(record.text);
        listOf(this.#records, config.name).push(record);
      },
      notice: (config, text) => listOf(this.#notices, config.name).push(text),
      ...options,
    });
  }

  /** A function whose code is a folder of test/handlers. */
  function(folder: string, handler: string, config: Partial<FunctionConfig> = {}): FunctionConfig {
    this.#made += 1;
    const name = `fn-${this.#made}`;
    return {
      logicalId: name,
      name,
      arn: `arn:aws:lambda:${REALM.region}:${REALM.accountId}:function:${name}`,
      runtime: "nodejs22.x",
      handler,
      code: { kind: "folder", root: join(HANDLERS, folder) },
      architecture: "x86_64",
      memoryMb: 256,
      timeoutSeconds: 10,
      ephemeralStorageMb: 512,
      environment: {},
      layers: [],
      reservedConcurrency: undefined,
      logging: { format: "Text", applicationLogLevel: "INFO", systemLogLevel: "INFO", logGroup: `/aws/lambda/${name}` },
      description: "",
      role: "arn:aws:iam::123456789012:role/test",
      version: "$LATEST",
      ...config,
    };
  }

  invoke(config: FunctionConfig, event: unknown = {}, request: Partial<InvokeRequest> = {}): Promise<InvokeResult> {
    return invoke(this.host, config, { payload: Buffer.from(JSON.stringify(event)), ...request });
  }

  lines(config: FunctionConfig): readonly string[] {
    return this.#lines.get(config.name) ?? [];
  }

  records(config: FunctionConfig): readonly LogRecord[] {
    return this.#records.get(config.name) ?? [];
  }

  notices(config: FunctionConfig): readonly string[] {
    return this.#notices.get(config.name) ?? [];
  }

  close(): Promise<void> {
    return this.host.close();
  }
}

function listOf<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

export function bodyOf(result: InvokeResult | undefined): unknown {
  if (result === undefined) throw new Error("there was no such invocation");
  return result.payload.length === 0 ? undefined : JSON.parse(result.payload.toString("utf8"));
}

/** Runs `work` over all items, a few at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
