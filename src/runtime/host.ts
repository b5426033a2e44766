/** All functions of a stack, each with its pool: what the CLI, the sources and the Lambda API invoke through. */
import type { FunctionConfig } from "../config/function-config.js";
import { arnOf, type Realm } from "../shared/arn.js";
import { LAMBDA } from "../shared/aws-limits.js";
import type { Clock } from "../shared/clock.js";
import { untilAborted } from "../shared/until-aborted.js";
import type { SessionCredentials } from "./environment-variables.js";
import { CodeSlot } from "./code-slot.js";
import type { EarlyRoom } from "./early-room.js";
import { Environment } from "./environment.js";
import { noImages, type ImageRunner } from "./images.js";
import type { DebuggerOptions } from "./launch-plans.js";
import type { Running } from "./limits/concurrency.js";
import type { LogRecord } from "./log-capture.js";
import { Pool } from "./pool.js";
import { prepareCode, type PreparedCode } from "./prepared-code.js";
import { newRoom } from "./room.js";
import { probeSandbox } from "./sandbox/probe.js";
import type { LimitTiers, Sandbox, SandboxSpec, SandboxTier } from "./sandbox/sandbox.js";
import { saturationOfProcess, type Saturation } from "./saturation.js";
import type { DurableRunner, InvocationObserver } from "./types.js";

export interface HostOptions {
  readonly realm: Realm;
  readonly clock: Clock;
  /** Folder for builds and SDK layers. */
  readonly cache: string;
  readonly credentials: (config: FunctionConfig) => SessionCredentials;
  readonly endpoints: () => Readonly<Record<string, string>>;
  readonly log: (config: FunctionConfig, logStream: string, record: LogRecord) => void;
  /** Things a person should hear: another Node than declared, timers left running. */
  readonly notice: (config: FunctionConfig, text: string) => void;
  readonly standby?: boolean;
  /** Begun by a command for the function that it runs first. */
  readonly earlyRoom?: EarlyRoom | undefined;
  readonly maxEnvironments?: number;
  readonly idleTimeoutMs?: number;
  readonly saturation?: Saturation;
  /** AWS gives INIT 10 s; tests do not wait so long. */
  readonly initTimeoutMs?: number;
  readonly faithfulCpu?: boolean;
  readonly sandboxTier?: SandboxTier;
  readonly inspect?: (config: FunctionConfig) => DebuggerOptions | undefined;
  readonly paused?: (config: FunctionConfig) => boolean;
  readonly observer?: InvocationObserver;
  /** Where container images run, asked for at the first one. */
  readonly images?: () => Promise<ImageRunner>;
  /** Fills in what is only known when an environment is started (dynamic references). */
  readonly complete?: (config: FunctionConfig) => Promise<FunctionConfig>;
}

const DEFAULT_MAX_ENVIRONMENTS = 50;
const DEFAULT_IDLE_TIMEOUT_MS = 10 * 60_000;

interface Entry {
  config: FunctionConfig;
  code: Promise<PreparedCode> | undefined;
  /** The same, once it is there. */
  prepared: PreparedCode | undefined;
  readonly pool: Pool;
}

/** All versions of a function: they share its reserved concurrency. */
interface Versions {
  readonly entries: Set<Entry>;
  reservedConcurrency: number | undefined;
}

export class RuntimeHost {
  readonly #options: HostOptions;
  readonly #entries = new Map<string, Entry>();
  /** By name. */
  readonly #functions = new Map<string, Versions>();
  readonly #slots = new WeakMap<Environment, CodeSlot>();
  readonly #saturation: Saturation;
  #durable: DurableRunner | undefined;
  /** What was said of a runtime holds for all of its functions. */
  readonly #told = new Set<string>();
  #closed = false;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#saturation = options.saturation ?? saturationOfProcess();
  }

  get observer(): InvocationObserver | undefined {
    return this.#options.observer;
  }

  /** To be set before a durable function is invoked. */
  runDurableWith(runner: DurableRunner): void {
    this.#durable = runner;
  }

  get durable(): DurableRunner {
    if (this.#durable === undefined) throw new Error("nothing runs durable functions here");
    return this.#durable;
  }

  /** What holds each limit on this machine. */
  async tiers(): Promise<LimitTiers> {
    return (await this.#sandboxes()).tiers;
  }

  /** The pool of a function, made at first use. */
  poolOf(config: FunctionConfig): Pool {
    return this.#entry(config).pool;
  }

  /** Invocations under way. The reservation of `config` is the function's from now on. */
  running({ name, reservedConcurrency }: FunctionConfig): Running {
    const own = this.#functions.get(name);
    if (own !== undefined) own.reservedConcurrency = reservedConcurrency;
    let unreserved = 0;
    for (const versions of this.#functions.values())
      if (versions.reservedConcurrency === undefined) unreserved += runningOf(versions);
    return { ofFunction: own === undefined ? 0 : runningOf(own), unreserved };
  }

  /** Builds ahead; a build error surfaces here. */
  build(config: FunctionConfig): Promise<PreparedCode> {
    return this.#codeOf(this.#entry(config));
  }

  /** The same, and starts the standby of what its events call. */
  async prepare(config: FunctionConfig): Promise<PreparedCode> {
    const entry = this.#entry(this.#calledByEvents(config));
    const code = await this.#codeOf(entry);
    entry.pool.prepare();
    return code;
  }

  /** Makes the code anew and takes it when that worked: what does not build changes nothing. */
  async renew(config: FunctionConfig): Promise<void> {
    const { cache, images = noImages, inspect } = this.#options;
    this.updateSource(config, await prepareCode(config, cache, images, inspect?.(config)));
  }

  /** New configuration or code: the next invocation runs on it, those under way finish on the old. */
  update(config: FunctionConfig, code?: PreparedCode): void {
    const entry = this.#entry(config);
    this.#exchange(entry, config, code);
    if (code !== undefined && this.#options.standby === true) entry.pool.prepare();
  }

  /** The same from the template's side: every version of such a function runs the source as it is now. */
  updateSource(config: FunctionConfig, code?: PreparedCode): void {
    const called = this.#entry(this.#calledByEvents(config));
    this.#entry(config);
    const isDebugged = this.#options.inspect?.(config) !== undefined;
    for (const entry of this.#functions.get(config.name)?.entries ?? []) {
      const { arn, version } = entry.config;
      const isUsed = entry.pool.environments > 0 && !isDebugged;
      this.#exchange(entry, { ...config, arn, version }, code);
      if (code !== undefined && this.#options.standby === true && (isUsed || entry === called)) entry.pool.prepare();
    }
  }

  /** The version behind the alias that a template publishes. A debugger waits in the function itself. */
  #calledByEvents(config: FunctionConfig): FunctionConfig {
    const { inspect, realm } = this.#options;
    const version = config.published?.aliases[0]?.version ?? config.version;
    if (version === config.version || config.version !== "$LATEST" || inspect?.(config) !== undefined) return config;
    return { ...config, version, arn: arnOf.function(realm, config.name, version) };
  }

  #exchange(entry: Entry, config: FunctionConfig, code: PreparedCode | undefined): void {
    const before = { config: entry.config, code: entry.prepared };
    entry.config = config;
    entry.code = code === undefined ? undefined : Promise.resolve(code);
    entry.prepared = code;
    entry.pool.nextGeneration((standby) => {
      const slot = this.#slots.get(standby);
      if (slot === undefined || code === undefined || !sameShell(before, { config, code })) return false;
      try {
        slot.fill(code.taskRoot);
        return true;
      } catch {
        // A full disk: half of the code must not run, so this standby goes.
        return false;
      }
    });
  }

  async remove(config: FunctionConfig): Promise<void> {
    const entry = this.#entries.get(config.arn);
    if (entry === undefined) return;
    this.#entries.delete(config.arn);
    const versions = this.#functions.get(config.name);
    versions?.entries.delete(entry);
    if (versions?.entries.size === 0) this.#functions.delete(config.name);
    await entry.pool.close();
  }

  /** Ends every environment; nothing of theirs stays behind. */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#functions.clear();
    await Promise.all(entries.map(({ pool }) => pool.close()));
  }

  #entry(config: FunctionConfig): Entry {
    const known = this.#entries.get(config.arn);
    if (known !== undefined) return known;
    const {
      standby = false,
      maxEnvironments = DEFAULT_MAX_ENVIRONMENTS,
      idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS,
      clock,
    } = this.#options;
    const entry: Entry = {
      config,
      code: undefined,
      prepared: undefined,
      pool: new Pool({
        start: (signal) => this.#startEnvironment(entry, signal),
        maxEnvironments,
        standby,
        alone: () => this.#options.inspect?.(entry.config) !== undefined,
        makeRoom: async () => {
          const versions = [...(this.#functions.get(entry.config.name)?.entries ?? [])];
          await Promise.all(versions.filter((other) => other !== entry).map(({ pool }) => pool.vacate()));
        },
        idleTimeoutMs,
        saturation: this.#saturation,
        clock,
        onError: (error) =>
          this.#options.notice(entry.config, `an execution environment could not be ended in order: ${String(error)}`),
      }),
    };
    this.#entries.set(config.arn, entry);
    const { name, reservedConcurrency } = config;
    const versions = this.#functions.get(name) ?? { entries: new Set(), reservedConcurrency };
    versions.entries.add(entry);
    this.#functions.set(name, versions);
    // Nobody would end what comes too late.
    if (this.#closed) void entry.pool.close();
    return entry;
  }

  #codeOf(entry: Entry): Promise<PreparedCode> {
    if (entry.code === undefined) {
      const { cache, images = noImages, inspect, earlyRoom } = this.#options;
      const { config } = entry;
      const code = earlyRoom?.takeCode(config) ?? prepareCode(config, cache, images, inspect?.(config));
      entry.code = code;
      code.then(
        (prepared) => {
          if (entry.code === code) entry.prepared = prepared;
          const { notice } = prepared;
          if (notice === undefined || this.#told.has(notice)) return;
          this.#told.add(notice);
          this.#options.notice(entry.config, notice);
        },
        () => {
          // The next invocation tries again: the file may have been mended.
          if (entry.code === code) entry.code = undefined;
        },
      );
    }
    return entry.code;
  }

  async #startEnvironment(entry: Entry, signal: AbortSignal): Promise<Environment> {
    // A build, or an image, may take its time, and nothing of it has to be ended.
    const [code, createSandbox] = await untilAborted(
      Promise.all([this.#codeOf(entry), this.#creatorOf(entry)]),
      signal,
    );
    const { plan, taskRoot, layers } = code;
    const { complete, earlyRoom } = this.#options;
    const config = complete === undefined ? entry.config : await untilAborted(complete(entry.config), signal);
    const {
      realm,
      credentials,
      endpoints,
      log,
      notice,
      faithfulCpu = false,
      initTimeoutMs = LAMBDA.initTimeoutMs,
      paused,
    } = this.#options;
    // Only where one waits is there code to exchange.
    const slot =
      this.#options.standby === true && config.code.kind === "bundle"
        ? new CodeSlot(this.#options.cache, taskRoot)
        : undefined;
    const room =
      (await earlyRoom?.takeRoom(code)) ??
      newRoom(createSandbox, { config, plan, layers, taskRoot: slot?.folder ?? taskRoot, faithfulCpu }, slot);
    const environment = await Environment.start({
      config,
      realm,
      plan,
      room,
      credentials: () => credentials(config),
      endpoints,
      log: (record, logStream) => log(config, logStream, record),
      initTimeoutMs,
      onLeftovers: (leftovers, requestId) => {
        // AWS's SDK for durable execution suspends with timers of its own: it minds them.
        if (config.durable !== undefined) return;
        for (const { kind, madeAt } of leftovers) {
          notice(
            config,
            `request ${requestId} left a ${kind} running, made at ${madeAt}; on Lambda it freezes with the environment and goes on in a later invocation`,
          );
        }
      },
      onDestroyed: () => room.slot?.remove(),
      ...(paused === undefined ? {} : { paused: () => paused(config) }),
    });
    if (room.slot !== undefined) this.#slots.set(environment, room.slot);
    return environment;
  }

  /** Images bring their rooms along; all else runs in the best room of this machine. */
  async #creatorOf(entry: Entry): Promise<(spec: SandboxSpec) => Sandbox> {
    const own = entry.config.code.kind === "image" ? (await this.#codeOf(entry)).createSandbox : undefined;
    if (own !== undefined) return own;
    const sandboxes = await this.#sandboxes();
    return (spec) => sandboxes.create(spec);
  }

  #sandboxes(): ReturnType<typeof probeSandbox> {
    this.#probe ??= probeSandbox(this.#options.sandboxTier === undefined ? {} : { tier: this.#options.sandboxTier });
    return this.#probe;
  }

  #probe: ReturnType<typeof probeSandbox> | undefined;
}

function runningOf({ entries }: Versions): number {
  let running = 0;
  for (const { pool } of entries) running += pool.running;
  return running;
}

interface Shell {
  readonly config: FunctionConfig;
  readonly code: PreparedCode | undefined;
}

/** Whether two versions of a function differ in nothing but their code: then a waiting environment suits both. */
function sameShell(a: Shell, b: Shell): boolean {
  const told = ({ config, code }: Shell): string => JSON.stringify([config, code?.plan.mounts, code?.layers]);
  return a.code !== undefined && told(a) === told(b);
}
