/**
 * The execution environments of one function: idle ones are reused (the last used first), one more waits in standby
 * just before INIT, and idle ones end after a while. New code makes a new generation: invocations under way finish on
 * the old one.
 */
import { setMaxListeners } from "node:events";
import type { Cancel, Clock } from "../shared/clock.js";
import type { Environment } from "./environment.js";
import type { Saturation } from "./saturation.js";

export interface PoolOptions {
  /** Makes an environment of the current code, up to the moment before INIT. The signal says that nobody wants it any more. */
  readonly start: (signal: AbortSignal) => Promise<Environment>;
  /** Invocations beyond this many environments wait for one. AWS has no such queue; a machine has only so much memory. */
  readonly maxEnvironments: number;
  /** Keep one environment ready. */
  readonly standby: boolean;
  /** One environment at a time, and none before the last has ended: they share the port of a debugger. */
  readonly alone?: () => boolean;
  /** Ends those of other pools that would be in the way of one that is alone. */
  readonly makeRoom?: () => Promise<void>;
  readonly idleTimeoutMs: number;
  /** Of this process: one for all pools. */
  readonly saturation: Saturation;
  readonly clock: Clock;
  /** Told about environments that ended badly in the background. */
  readonly onError: (error: unknown) => void;
}

/**
 * An environment whose extensions are about to be done is waited for this long. On AWS the way back to the caller and
 * the next request's way take longer; here a caller in a row would start environment after environment.
 */
const LINGER_MS = 50;

/** So long may extensions finish with an event when everything ends: the budget that Lambda's SHUTDOWN phase gives them. */
const FAREWELL_MS = 2000;

interface Waiter {
  readonly patience: NodeJS.Timeout | undefined;
  readonly resolve: (environment: Environment) => void;
  readonly reject: (error: unknown) => void;
}

interface Idle {
  readonly environment: Environment;
  readonly cancelExpiry: Cancel;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: Idle[] = [];
  /** All that live, busy ones included. */
  readonly #environments = new Set<Environment>();
  readonly #generations = new WeakMap<Environment, number>();
  #generation = 0;
  #standby: Promise<Environment> | undefined;
  /** The same, once it is made. */
  #readyStandby: Environment | undefined;
  #count = 0;
  #running = 0;
  readonly #waiting: Waiter[] = [];
  /** Environments whose caller has its answer while they work on, and that work. */
  readonly #lingering = new Map<Environment, Promise<void>>();
  /** What `close` waits for: environments that end, and those that are being made. */
  readonly #ending = new Set<Promise<void>>();
  readonly #closed = new AbortController();

  constructor(options: PoolOptions) {
    this.#options = options;
    // Each start listens to it, and there is no bound for how many there are at a time.
    setMaxListeners(0, this.#closed.signal);
  }

  /** Invocations under way, those that wait for an environment included. */
  get running(): number {
    return this.#running;
  }

  get environments(): number {
    return this.#count;
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Runs `work` on an environment of its own. What the environment still does afterwards keeps it, not the caller. */
  async use<T>(work: (environment: Environment) => Promise<T>): Promise<T> {
    this.#running += 1;
    let environment: Environment;
    try {
      environment = await this.#take();
    } catch (error) {
      this.#running -= 1;
      throw error;
    }
    try {
      return await work(environment);
    } finally {
      const { afterwork } = environment;
      if (afterwork === undefined) this.#giveBack(environment);
      else void this.#linger(environment, afterwork);
    }
  }

  /** Starts the standby now, so that the first invocation finds it. */
  prepare(): void {
    if (this.#standby !== undefined || this.#isClosed) return;
    const standby = this.#create();
    this.#standby = standby;
    standby.then(
      (environment) => {
        if (this.#standby !== standby) return;
        this.#readyStandby = environment;
        environment.initialiseAhead();
      },
      // Nobody waits for it yet: the invocation that takes it sees the error again.
      () => undefined,
    );
  }

  /**
   * From now on new code: idle environments of the old one end, busy ones after their invocation. The standby stays
   * when `adopts` gives it the new code.
   */
  nextGeneration(adopts?: (standby: Environment) => boolean): void {
    this.#generation += 1;
    for (const { environment, cancelExpiry } of this.#idle.splice(0)) {
      cancelExpiry();
      this.#end(environment);
    }
    const ready = this.#readyStandby;
    if (ready?.state === "standby" && adopts?.(ready) === true) {
      this.#generations.set(ready, this.#generation);
      return;
    }
    const standby = this.#standby;
    this.#standby = this.#readyStandby = undefined;
    if (standby !== undefined)
      this.#finish(
        standby.then(
          (environment) => this.#end(environment),
          () => undefined,
        ),
      );
  }

  /** Ends those that wait, and what is under way after its invocation. Resolves when the former have ended. */
  async vacate(): Promise<void> {
    this.nextGeneration();
    await Promise.all(this.#ending);
  }

  /** Ends everything, invocations under way too; extensions that work on behind an answer get a moment and their SHUTDOWN. */
  async close(): Promise<void> {
    this.#closed.abort(new Error("the execution environments of this function have been closed"));
    const { reason } = this.#closed.signal;
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter()) waiter.reject(reason);
    this.nextGeneration();
    for (const environment of this.#environments) {
      const afterwork = this.#lingering.get(environment);
      this.#finish(afterwork === undefined ? environment.destroy() : this.#endAfter(afterwork, environment));
    }
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  async #take(): Promise<Environment> {
    const { saturation } = this.#options;
    const working = this.#running - this.#waiting.length - 1;
    if (this.#idle.length > 0 && !saturation.hasTimeBeside(working)) return this.#wait(saturation.patienceMs);
    const idle = this.#takeIdle();
    if (idle !== undefined) return idle;
    const standby = this.#standby;
    if (standby !== undefined) {
      this.#standby = this.#readyStandby = undefined;
      return standby;
    }
    const full = this.#count >= (this.#options.alone?.() === true ? 1 : this.#options.maxEnvironments);
    if (!full && this.#lingering.size === 0) return this.#create();
    return this.#wait(full ? undefined : LINGER_MS);
  }

  #takeIdle(): Environment | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      idle.cancelExpiry();
      if (idle.environment.state !== "dead") return idle.environment;
      this.#end(idle.environment);
    }
    return undefined;
  }

  /** For the next environment that is given back; after `patienceMs` for any other. */
  #wait(patienceMs: number | undefined): Promise<Environment> {
    return new Promise((resolve, reject) => {
      const patience = patienceMs === undefined ? undefined : setTimeout(() => this.#tireOf(waiter), patienceMs);
      const waiter: Waiter = { patience, resolve, reject };
      this.#waiting.push(waiter);
    });
  }

  async #linger(environment: Environment, afterwork: Promise<void>): Promise<void> {
    this.#lingering.set(environment, afterwork);
    await afterwork.catch(this.#options.onError);
    this.#lingering.delete(environment);
    this.#giveBack(environment);
  }

  /** Nobody came back in time: the one who waits gets one that rests, or a new one. */
  #tireOf(waiter: Waiter): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    const idle = this.#takeIdle();
    if (idle !== undefined) waiter.resolve(idle);
    else this.#create().then(waiter.resolve, waiter.reject);
  }

  async #create(): Promise<Environment> {
    this.#count += 1;
    const generation = this.#generation;
    try {
      if (this.#options.alone?.() === true) await Promise.all([...this.#ending, this.#options.makeRoom?.()]);
      const started = this.#start(generation);
      // Whoever asked for it is told of its failure.
      this.#finish(
        started.then(
          () => undefined,
          () => undefined,
        ),
      );
      return await started;
    } catch (error) {
      this.#count -= 1;
      // Its place is free again: without this whoever waits for one would wait for ever.
      this.#wakeWithNew();
      throw error;
    }
  }

  /** One that is ready when everything has ended is given to nobody. */
  async #start(generation: number): Promise<Environment> {
    const { signal } = this.#closed;
    signal.throwIfAborted();
    const environment = await this.#options.start(signal);
    if (signal.aborted) {
      await environment.destroy();
      throw signal.reason;
    }
    this.#generations.set(environment, generation);
    this.#environments.add(environment);
    return environment;
  }

  #giveBack(environment: Environment): void {
    this.#running -= 1;
    const outdated = this.#generations.get(environment) !== this.#generation;
    if (outdated || this.#isClosed || environment.state === "dead") {
      this.#end(environment);
      this.#wakeWithNew();
      return;
    }
    const next = this.#nextWaiter();
    if (next !== undefined) {
      next.resolve(environment);
      return;
    }
    environment.freeze();
    const idle: Idle = {
      environment,
      cancelExpiry: this.#options.clock.after(this.#options.idleTimeoutMs, () => this.#expire(environment)),
    };
    this.#idle.push(idle);
    if (this.#options.standby && this.#options.alone?.() !== true) this.prepare();
  }

  #nextWaiter(): Waiter | undefined {
    const next = this.#waiting.shift();
    clearTimeout(next?.patience);
    return next;
  }

  /** A place has become free: whoever waits gets an environment of the current code. */
  #wakeWithNew(): void {
    const next = this.#nextWaiter();
    if (next === undefined) return;
    this.#create().then(next.resolve, next.reject);
  }

  /** Whoever gives it back ends it; here it ends when nobody does in time. */
  async #endAfter(afterwork: Promise<void>, environment: Environment): Promise<void> {
    let patience: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (patience = setTimeout(() => resolve(true), FAREWELL_MS)));
    const done = afterwork.then(
      () => false,
      () => false,
    );
    const isLate = await Promise.race([done, late]);
    clearTimeout(patience);
    if (isLate) await environment.destroy();
  }

  #expire(environment: Environment): void {
    const at = this.#idle.findIndex((idle) => idle.environment === environment);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#end(environment);
  }

  #end(environment: Environment): void {
    this.#count -= 1;
    this.#environments.delete(environment);
    this.#finish(environment.shutdown());
  }

  /** Something that `close` waits for. */
  #finish(work: Promise<void>): void {
    const ending: Promise<void> = work.catch(this.#options.onError).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
