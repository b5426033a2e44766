/**
 * Starts one server with testcontainers and waits until it answers. The library's own waits cost up to a second, and
 * with it a container that dies at once costs ten and ends in "ports to be bound": here its end is awaited beside the
 * start. This file loads testcontainers, which takes a third of a second; it is imported to start a container only.
 */
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { GenericContainer, type WaitStrategy } from "testcontainers";
import { AppError } from "../../shared/errors.js";
import { lastLines, openCall, publishedHost, wholeAnswer, type EngineTarget } from "./engine.js";
import { untilHealthy } from "./health.js";
import type { ContainerServer, ContainerSettings } from "./servers.js";

/** Making and starting a container takes an engine less than a second; the server in it may take its time. */
const ENGINE_WITHIN_MS = 30_000;
const END_IS_TOLD_WITHIN_MS = 500;
const SHOWN_LINES = 8;

export interface StartServerOptions {
  readonly target: EngineTarget;
  readonly server: ContainerServer;
  readonly settings: ContainerSettings;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The address at which the server answers. Throws LR5011 as soon as the container ends, with its last lines, or when it
 * takes too long, and LR5012 for an engine that hangs. A container that was made may be left: it carries the labels.
 */
export async function startServer(options: StartServerOptions): Promise<string> {
  const stop = new AbortController();
  const container = new ServerContainer(options, stop.signal);
  const starting = container.start().catch(async (error: unknown) => {
    // It failed because the container is gone, perhaps: then that is what to tell.
    await Promise.race([container.ended, delay(END_IS_TOLD_WITHIN_MS)]);
    throw error;
  });
  // Whichever is later has nobody waiting for it.
  starting.catch(() => undefined);
  try {
    const started = await Promise.race([starting, container.ended, tooLate(container, options, stop.signal)]);
    return `http://${publishedHost(options.target)}:${started.getMappedPort(options.server.port)}`;
  } finally {
    stop.abort();
  }
}

/** Real time: it guards a real engine and a real server. */
async function tooLate(
  container: ServerContainer,
  { server, settings, target }: StartServerOptions,
  signal: AbortSignal,
): Promise<never> {
  const startMs = settings.startSeconds * 1000;
  // Ryuk's image may have to be pulled first.
  const engineMs = settings.reaper === "ryuk" ? startMs : Math.min(ENGINE_WITHIN_MS, startMs);
  await delay(engineMs, undefined, { signal });
  const { id, started } = container;
  if (!started || id === undefined)
    throw new AppError("LR5012", {
      what: `The Docker engine did not start a container of ${server.name} within ${engineMs / 1000} s`,
      where: server.image,
    });
  await delay(startMs - engineMs, undefined, { signal });
  throw new AppError("LR5011", {
    what: `The container of ${server.name} runs, but does not answer after ${settings.startSeconds} s`,
    where: server.image,
    codeFrame: await framed(target, id),
    fix: "Its last lines above may say why; a slow machine wants a larger containers.startSeconds.",
  });
}

async function framed(target: EngineTarget, id: string): Promise<string> {
  const lines = await lastLines(target, id, SHOWN_LINES);
  return lines.length === 0 ? "(it wrote nothing)" : lines.map((line) => `  ${line}`).join("\n");
}

class ServerContainer extends GenericContainer {
  /** Rejects when the container ends before it is ready; never resolves. */
  readonly ended: Promise<never>;
  /** The engine has started it: what takes time now is the server. */
  started = false;
  readonly #options: StartServerOptions;
  readonly #stop: AbortSignal;
  #fail: (error: unknown) => void = () => undefined;
  #id: string | undefined;

  constructor(options: StartServerOptions, stop: AbortSignal) {
    const { server, settings, target, labels } = options;
    super(server.image);
    this.#options = options;
    this.#stop = stop;
    this.ended = new Promise((_, reject) => (this.#fail = reject));
    this.ended.catch(() => undefined);
    this.withExposedPorts(server.port);
    // The library opens ports to the network; on this machine only this machine may call.
    if (target.host === undefined)
      this.hostConfig.PortBindings = { [`${server.port}/tcp`]: [{ HostIp: "127.0.0.1", HostPort: "0" }] };
    if (server.command.length > 0) this.withCommand([...server.command]);
    this.withEnvironment({ ...server.environment });
    this.withLabels({ ...labels });
    this.withAutoCleanup(settings.reaper === "ryuk" && !settings.reuse);
    this.withWaitStrategy(readyWait(options, stop));
    const { tmpfsMb = 0, memoryMb } = settings;
    if (tmpfsMb > 0) this.withTmpFs({ [server.dataFolder]: `rw,size=${tmpfsMb}m` });
    if (memoryMb !== undefined) {
      // What lies on a tmpfs is charged to the container's memory; swap counts with it.
      this.hostConfig.Memory = (memoryMb + tmpfsMb) * 1024 ** 2;
      this.hostConfig.MemorySwap = this.hostConfig.Memory;
    }
  }

  get id(): string | undefined {
    return this.#id;
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#id = id;
    const { target, settings } = this.#options;
    const path = `/containers/${id}/wait?condition=next-exit`;
    const timeoutMs = settings.startSeconds * 1000 + ENGINE_WITHIN_MS;
    // The head comes when the engine watches: only then is the container started, so no end is too early to be seen.
    const ending = await openCall(target, { method: "POST", path, timeoutMs, signal: this.#stop });
    void this.#watch(id, ending).catch(() => undefined);
  }

  protected override containerStarting(): Promise<void> {
    this.started = true;
    return Promise.resolve();
  }

  async #watch(id: string, ending: IncomingMessage): Promise<void> {
    const { target, server } = this.#options;
    const { body } = await wholeAnswer(ending);
    const { StatusCode: code = 0 } = JSON.parse(body.toString("utf8")) as { StatusCode?: number };
    this.#fail(
      new AppError("LR5011", {
        what: `The container of ${server.name} ended with exit code ${code} before it was ready`,
        where: server.image,
        codeFrame: await framed(target, id),
        fix: server.endFix(code),
      }),
    );
  }
}

/** testcontainers asks at most ten times a second; this asks as often as it costs nothing. Its end is ours to tell. */
function readyWait({ server, target, settings }: StartServerOptions, stop: AbortSignal): WaitStrategy {
  const strategy: WaitStrategy = {
    waitUntilReady: (_container, ports) =>
      untilHealthy(`http://${publishedHost(target)}:${ports.getBinding(server.port)}`, server, stop),
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => settings.startSeconds * 1000,
  };
  return strategy;
}
