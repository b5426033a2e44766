/**
 * The pipes of a stack: those of the template are there at the start and follow it, and in a running stack events move
 * through them. In a one-shot command the API answers, and nothing moves.
 */
import type { Application, PipeConfig } from "../config/application.js";
import { objectOf, type Json } from "../config/json.js";
import type { Gateway } from "../services/gateway.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { DeclaredPipe, PipesAdmin } from "../services/pipes/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { SqsAdmin } from "../services/sqs/index.js";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";
import type { Logger } from "../shared/logger.js";
import type { Pipes } from "../sources/pipes/pipes.js";
import type { PipeServices } from "../sources/pipes/services.js";
import type { ForeignQueues } from "./backends/queues.js";

export interface StackPipesOptions {
  readonly kind: "stack" | "command";
  readonly gateway: Gateway;
  readonly application: () => Application;
  readonly store: () => StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notice: (text: string) => void;
  /** Queues on another server; undefined when they are embedded. */
  readonly foreignQueues: ForeignQueues | undefined;
  readonly services: () => Promise<PipeServices>;
}

/** With rows in it an earlier process left pipes. */
const KEPT = "pipes-pipes";

export class StackPipes {
  readonly #options: StackPipesOptions;
  readonly #told = new Set<string>();
  #pipes: Pipes | undefined;
  #beginning: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: StackPipesOptions) {
    this.#options = options;
  }

  /** To be called when the service is there, and when the template has changed. */
  async ready(service: PipesAdmin): Promise<void> {
    const { kind, application, notice } = this.#options;
    if (kind === "stack" && !this.#closed) await service.attach((this.#pipes ??= await this.#make(service)));
    const { pipes } = application();
    (await service.declare(pipes.map(declaredPipe))).forEach(notice);
    standardMachines(application()).forEach((sentence) => this.#tellOnce(sentence));
  }

  /** In a stack: has the service loaded when there are pipes, once `first` has begun. */
  begin(first: Promise<void> = Promise.resolve()): Promise<void> {
    const { gateway, application, store, notice } = this.#options;
    this.#beginning = first
      .then(async () => {
        const some = application().pipes.length > 0 || store().table(KEPT).getCount() > 0;
        if (some && !this.#closed) await gateway.service("pipes");
      })
      .catch((error: unknown) => notice(`pipes could not be started: ${messageOf(error)}`));
    return this.#beginning;
  }

  /** A reload declares everything anew. */
  #tellOnce(sentence: string): void {
    if (this.#told.has(sentence)) return;
    this.#told.add(sentence);
    this.#options.notice(sentence);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#beginning;
    await this.#pipes?.close();
  }

  async #make(service: PipesAdmin): Promise<Pipes> {
    const { store, bus, clock, log, application, gateway, foreignQueues, services } = this.#options;
    const [{ Pipes }, { Positions }, { embeddedQueue }, { embeddedStream }] = await Promise.all([
      import("../sources/pipes/pipes.js"),
      import("../sources/streams/positions.js"),
      import("../sources/sqs/embedded-queue.js"),
      import("./stream-kinds.js"),
    ]);
    const { realm } = application();
    return new Pipes({
      clock,
      log,
      region: realm.region,
      positions: new Positions(store),
      services: await services(),
      filtered: (message) => bus.emit("MessageFiltered", message),
      stopped: (name, reason) => service.stopped(name, reason),
      queue: async (arn) =>
        foreignQueues?.queue(arn) ?? embeddedQueue((await gateway.service("sqs")) as EmbeddedService & SqsAdmin, arn),
      stream: (arn, roleArn) =>
        embeddedStream(arn, { bus, service: (name) => gateway.service(name), realm: () => realm }, () => roleArn),
    });
  }
}

const declaredPipe = ({ name, properties }: PipeConfig): DeclaredPipe => ({
  name,
  input: { Name: name, ...properties },
});

/** What a pipe waits for has to be an Express machine: it stops at its first batch, here as on AWS. */
function standardMachines({ pipes, stateMachines }: Application): string[] {
  const isStandard = (arn: Json | undefined): boolean =>
    stateMachines.some((machine) => machine.arn === arn && machine.type === "STANDARD");
  return pipes.flatMap(({ logicalId, properties: { Target, TargetParameters, Enrichment } }) => {
    const { InvocationType } = objectOf(objectOf(TargetParameters)["StepFunctionStateMachineParameters"]);
    const stops = "stops at its first batch: it would wait for a Standard machine";
    return [
      ...(isStandard(Enrichment) ? [`the pipe ${logicalId} ${stops}. An enrichment has to be EXPRESS.`] : []),
      ...(isStandard(Target) && InvocationType !== "FIRE_AND_FORGET"
        ? [`the pipe ${logicalId} ${stops}. Set InvocationType: FIRE_AND_FORGET, or make the machine EXPRESS.`]
        : []),
    ];
  });
}
