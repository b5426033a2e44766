/**
 * What runs inside one environment: the runtime, held just before INIT while it waits in standby, and the external
 * extensions. Freezes and thaws them, learns how they end, and takes them down in the order of the SHUTDOWN phase.
 */
import type { LaunchPlan } from "./launch-plans.js";
import type { BodySink } from "./wire/request-parser.js";
import type { Reply } from "./wire/connection.js";
import { onEnd, type Call } from "./runtime-api.js";
import type { Room } from "./room.js";
import type { ProcessExit, Sandbox, SandboxProcess, Variables } from "./sandbox/sandbox.js";

export interface ProcessEvents {
  runtimeExited(exit: ProcessExit): void;
  extensionExited(name: string, exit: ProcessExit): void;
}

/** Between the end of an invocation and the freeze. */
const FREEZE_AFTER_MS = 2;

export class Processes {
  readonly #sandbox: Sandbox;
  readonly #events: ProcessEvents;
  readonly #whyUnstartable: LaunchPlan["whyUnstartable"];
  readonly #spawnRuntime: NonNullable<Room["startRuntime"]>;
  #runtime: SandboxProcess | undefined;
  readonly #extensions = new Map<string, SandboxProcess>();
  #standby: Reply | undefined;
  #released = false;
  #noted: number | undefined;
  #frozen = false;
  #freezing: NodeJS.Timeout | undefined;

  constructor({ sandbox, startRuntime }: Room, plan: Pick<LaunchPlan, "whyUnstartable">, events: ProcessEvents) {
    this.#sandbox = sandbox;
    this.#spawnRuntime = startRuntime ?? ((command, env) => sandbox.spawn({ name: "runtime", command, env }));
    this.#whyUnstartable = plan.whyUnstartable;
    this.#events = events;
  }

  get hasRuntime(): boolean {
    return this.#runtime !== undefined;
  }

  startRuntime(command: readonly string[], env: Variables): void {
    const reason = this.#whyUnstartable?.();
    if (reason !== undefined) return this.#events.runtimeExited({ kind: "unstartable", reason });
    const runtime = this.#spawnRuntime(command, env);
    this.#runtime = runtime;
    this.#noted = undefined;
    void runtime.exited.then(async (exit) => {
      // The process's own word may be in the same pass of the event loop as the news of its end.
      if (exit.kind === "signal") await new Promise((resolve) => setImmediate(resolve));
      if (this.#runtime !== runtime) return;
      this.#runtime = undefined;
      // A shell's 128 + n may be a signal or a plain exit code: whoever leaves in order has said so.
      const known: ProcessExit =
        exit.kind === "signal" && this.#noted !== undefined ? { kind: "exit", code: this.#noted } : exit;
      this.#events.runtimeExited(known);
    });
  }

  startExtension(name: string, env: Variables): void {
    const reason = this.#whyUnstartable?.(name);
    if (reason !== undefined) return this.#events.extensionExited(name, { kind: "unstartable", reason });
    const extension = this.#sandbox.spawn({
      name: `extension:${name}`,
      isExtension: true,
      command: [`${this.#sandbox.paths.opt}/extensions/${name}`],
      env,
    });
    this.#extensions.set(name, extension);
    void extension.exited.then((exit) => {
      if (this.#extensions.get(name) === extension) this.#events.extensionExited(name, exit);
    });
  }

  /** INIT begins: a runtime that waits in standby goes on, one that still comes is not held. */
  release(): void {
    this.#released = true;
    this.#standby?.send(200, "");
    this.#standby = undefined;
  }

  /** The private route that our own clients ask before they load any code of the user. */
  readonly standby = ({ reply, connection }: Call): BodySink =>
    onEnd(() => {
      if (this.#released) {
        reply.send(200, "");
        return;
      }
      this.#standby = reply;
      connection.holdUntilReply();
    });

  /** The private route by which a process that leaves in order tells its exit code. */
  readonly noteExit = ({ reply, match }: Call): BodySink =>
    onEnd(() => {
      this.#noted = Number(match[0]);
      reply.send(200, "");
    });

  /**
   * Not at once: who calls in a row comes within a millisecond, and to stop and wake a tree of threads costs more than a
   * small handler.
   */
  freezeSoon(): void {
    this.cancelFreeze();
    this.#freezing = setTimeout(() => {
      this.#frozen = true;
      this.#sandbox.freeze();
    }, FREEZE_AFTER_MS);
    this.#freezing.unref();
  }

  cancelFreeze(): void {
    clearTimeout(this.#freezing);
  }

  thaw(): void {
    this.cancelFreeze();
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#sandbox.thaw();
  }

  /** SIGTERM, then time to leave. */
  async terminateRuntime(withinMs: number): Promise<void> {
    if (this.#runtime === undefined) return;
    this.#runtime.terminate();
    await within(withinMs, this.#runtime.exited);
  }

  /** Waits for these extensions to end by themselves. */
  async extensionsEnded(names: readonly string[], withinMs: number): Promise<void> {
    const ends = names.map(async (name) => this.#extensions.get(name)?.exited);
    await within(withinMs, Promise.all(ends));
  }

  /** Nothing is left when it resolves, and nothing that ends thereby is told. */
  async killAll(): Promise<void> {
    this.cancelFreeze();
    this.#runtime = undefined;
    this.#extensions.clear();
    this.#standby = undefined;
    this.#released = false;
    await this.#sandbox.killAll();
    this.#frozen = false;
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
