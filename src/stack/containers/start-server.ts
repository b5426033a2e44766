/**
 * Starts one server with testcontainers and waits until it answers. The library's own waits cost up to a second, and
 * with it a container that dies at once costs ten and ends in "ports to be bound": here its end is awaited beside the
 * start. This file loads testcontainers, which takes a third of a second; it is imported to start a container only.
 */
import { GenericContainer, type WaitStrategy } from "testcontainers";
import { AppError } from "../../shared/errors.js";
import { call, lastLines, publishedHost, removeContainer, type EngineTarget } from "./engine.js";
import { untilHealthy } from "./health.js";
import type { ContainerServer, ContainerSettings } from "./servers.js";

const START_WITHIN_MS = 120_000;
const SHOWN_LINES = 8;

export interface StartServerOptions {
  readonly target: EngineTarget;
  readonly server: ContainerServer;
  readonly settings: ContainerSettings;
  readonly labels: Readonly<Record<string, string>>;
}

/** The address at which the server answers. Throws LR5011 as soon as the container ends, with its last lines. */
export async function startServer(options: StartServerOptions): Promise<string> {
  const stop = new AbortController();
  const container = new ServerContainer(options, stop.signal);
  const starting = container.start();
  // Whichever is second has nobody waiting for it.
  starting.catch(() => undefined);
  try {
    const started = await Promise.race([starting, container.ended]);
    return `http://${publishedHost(options.target)}:${started.getMappedPort(options.server.port)}`;
  } catch (error) {
    const { id } = container;
    if (id !== undefined) await removeContainer(options.target, id);
    throw error;
  } finally {
    stop.abort();
  }
}

class ServerContainer extends GenericContainer {
  /** Rejects when the container ends before it is ready; never resolves. */
  readonly ended: Promise<never>;
  readonly #options: StartServerOptions;
  #fail: (error: unknown) => void = () => undefined;
  #id: string | undefined;

  constructor(options: StartServerOptions, stop: AbortSignal) {
    const { server, settings, target, labels } = options;
    super(server.image);
    this.#options = options;
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

  protected override containerCreated(id: string): Promise<void> {
    this.#id = id;
    void this.#watch(id).catch(() => undefined);
    return Promise.resolve();
  }

  async #watch(id: string): Promise<void> {
    const { target, server } = this.#options;
    const { body } = await call(target, { method: "POST", path: `/containers/${id}/wait?condition=next-exit` });
    const { StatusCode: code = 0 } = JSON.parse(body.toString("utf8")) as { StatusCode?: number };
    const lines = await lastLines(target, id, SHOWN_LINES);
    this.#fail(
      new AppError("LR5011", {
        what: `The container of ${server.name} ended with exit code ${code} before it was ready`,
        where: server.image,
        codeFrame: lines.length === 0 ? "(it wrote nothing)" : lines.map((line) => `  ${line}`).join("\n"),
        fix: server.endFix(code),
      }),
    );
  }
}

/** testcontainers asks at most ten times a second; this asks as often as it costs nothing. */
function readyWait({ server, target }: StartServerOptions, stop: AbortSignal): WaitStrategy {
  const strategy: WaitStrategy = {
    waitUntilReady: (_container, ports) => {
      const url = `http://${publishedHost(target)}:${ports.getBinding(server.port)}`;
      return untilHealthy(url, server, AbortSignal.any([stop, AbortSignal.timeout(START_WITHIN_MS)]));
    },
    withStartupTimeout: () => strategy,
    isStartupTimeoutSet: () => true,
    getStartupTimeout: () => START_WITHIN_MS,
  };
  return strategy;
}
