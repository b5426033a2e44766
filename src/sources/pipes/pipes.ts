/**
 * Moves the events of pipes: each that runs has a poller on its source, of the same kind as an event source mapping.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
 */
import type { KnownPipe, PipeRunner } from "../../services/pipes/index.js";
import { parseArn } from "../../shared/arn.js";
import type { Poller } from "../mappings/poller.js";
import { runExecution } from "./execution.js";
import type { PolledOptions } from "./polled-batch.js";
import { queuePoller, type QueuePipeOptions } from "./queue-pipe.js";
import { positionOf, streamPoller, type StreamPipeOptions } from "./stream-pipe.js";

export interface PipesOptions extends QueuePipeOptions, StreamPipeOptions {
  /** A pipe has to stop. Never rejects. */
  readonly stopped: (name: string, reason: string) => Promise<void>;
}

export class Pipes implements PipeRunner {
  readonly #options: PipesOptions;
  readonly #pollers = new Map<string, Poller>();
  #closed = false;

  constructor(options: PipesOptions) {
    this.#options = options;
  }

  async start(pipe: KnownPipe): Promise<string | undefined> {
    await this.stop(pipe.name);
    const open = parseArn(pipe.source)?.service === "sqs" ? queuePoller : streamPoller;
    const isCurrent = (): boolean => this.#pollers.get(pipe.name) === poller;
    const poller = await open(pipe, this.#polled(pipe, isCurrent), this.#options);
    if (typeof poller === "string") return poller;
    // The next process goes on with it.
    if (this.#closed) return undefined;
    this.#pollers.set(pipe.name, poller);
    poller.start();
    return undefined;
  }

  async stop(name: string): Promise<void> {
    const poller = this.#pollers.get(name);
    this.#pollers.delete(name);
    await poller?.close();
  }

  async remove(name: string): Promise<void> {
    await this.stop(name);
    await this.#options.positions.drop(positionOf(name));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#pollers.keys()].map((name) => this.stop(name)));
  }

  #polled(pipe: KnownPipe, isCurrent: () => boolean): Pick<PolledOptions, "name" | "log" | "run" | "mustStop"> {
    const { services, clock, log, stopped } = this.#options;
    return {
      name: pipe.name,
      log,
      run: (events) => runExecution(events, { pipe, services, clock, log }),
      mustStop: (reason) => {
        // What has taken its place may do without what this one stops for. Not waited for: stopping waits for this batch.
        if (isCurrent()) void stopped(pipe.name, reason);
      },
    };
  }
}
