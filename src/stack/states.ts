/**
 * Puts Step Functions behind the gateway: the service, what does the work of its tasks, and the machines and activities of
 * the template. Loaded when somebody first asks for it.
 */
import type { Application } from "../config/application.js";
import type { Gateway } from "../services/gateway.js";
import type { LogsService } from "../services/logs/index.js";
import type { EventsAdmin } from "../services/events/index.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { EmbeddedService, ServiceContext } from "../services/service.js";
import { hasLeftRunning } from "../services/states/left-running.js";
import type { StatesAdmin, StatesService } from "../services/states/index.js";
import type { TaskResource, TaskRunner } from "../services/states/interpreter/task-runner.js";
import type { Activity } from "./activity.js";
import { idle, unfinished } from "./awaited-executions.js";

type ClosableRunner = TaskRunner & { close(): Promise<void> };

export interface StackStatesOptions {
  readonly gateway: Gateway;
  readonly activity: Activity;
  readonly application: () => Application;
  readonly store: () => StateStore;
  readonly notice: (text: string) => void;
  /** Made with the service that it does the work for. */
  readonly tasks: (states: StatesAdmin) => Promise<ClosableRunner>;
}

/** Where the events of AWS's own services go. */
const BUS_OF_AWS = "default";

export class StackStates {
  readonly #options: StackStatesOptions;
  /** Names of machines that this process has made from the template. */
  #declared: ReadonlySet<string> = new Set();
  readonly #told = new Set<string>();
  #tasks: ClosableRunner | undefined;

  /** Registers the service; it is made at the first request. */
  constructor(options: StackStatesOptions) {
    this.#options = options;
    options.gateway.offerService("states", (context) => this.#load(context));
  }

  /** Loads the service when it is not there. */
  async service(): Promise<StatesService> {
    return (await this.#options.gateway.service("states")) as StatesService;
  }

  /**
   * Brings the service into line with the template. A machine whose definition is not valid keeps the one it had, and is
   * told by name: the others are of use without it.
   */
  async declare(service: StatesAdmin): Promise<void> {
    const { stateMachines, activities } = this.#options.application();
    const { definitionFault } = await import("./definition-faults.js");
    const { unemulatedTasks } = await import("./deploy-checks/unemulated-tasks.js");
    for (const { name } of activities) await service.declareActivity(name);
    for (const machine of stateMachines) {
      const fault = definitionFault(machine);
      if (fault !== undefined) {
        const kept = service.machine(machine.arn) !== undefined;
        const state = kept ? "goes on with the definition it had" : "cannot be started";
        this.#options.notice(`state machine ${machine.logicalId} ${state}: ${fault.message}`);
        continue;
      }
      await service.declare(machine);
      for (const { stateName, resource } of unemulatedTasks(machine.definition))
        this.#tellOnce(`${machine.logicalId}: the task ${stateName} fails, ${resource} is not emulated`);
    }
    const names = new Set(stateMachines.map(({ name }) => name));
    for (const name of this.#declared) if (!names.has(name)) await service.withdraw(name);
    this.#declared = names;
  }

  /** A reload declares everything anew. */
  #tellOnce(sentence: string): void {
    if (this.#told.has(sentence)) return;
    this.#told.add(sentence);
    this.#options.notice(sentence);
  }

  /** In a stack: goes on with what an earlier process left, once tasks can be done. */
  async begin(): Promise<void> {
    const { application, store } = this.#options;
    const { stateMachines, activities } = application();
    // Machines made through the API may have left executions, too.
    if (stateMachines.length + activities.length > 0 || hasLeftRunning(store())) await (await this.service()).resume();
  }

  /** For a one-shot command: resolves when there is nothing to wait for. True when some have come to their end. */
  idle(): Promise<boolean> {
    return idle(this.#options.activity, () => this.#running());
  }

  unfinished(): string[] {
    return unfinished(this.#running());
  }

  /** Stops the interpreters where they are, before what does their work is gone. */
  async close(): Promise<void> {
    await this.#loaded()?.close();
    await this.#tasks?.close();
  }

  async #load(context: ServiceContext): Promise<StatesService> {
    const { gateway, activity, tasks } = this.#options;
    const { createStatesService } = await import("../services/states/index.js");
    let runner: TaskRunner | undefined;
    const logs = async (): Promise<LogsService> => (await gateway.service("logs")) as LogsService;
    const service = createStatesService(context, {
      tasks: () => {
        if (runner === undefined) throw new Error("tasks cannot be run yet");
        return runner;
      },
      writeLog: async (group, stream, events) => (await logs()).append(group, stream, events),
      logGroupExists: async (group) => (await logs()).groupExists(group),
      putEvent: async (event) =>
        ((await gateway.service("events")) as EmbeddedService & EventsAdmin).putEvent(BUS_OF_AWS, event),
    });
    this.#tasks = await tasks(service);
    runner = counted(this.#tasks, activity);
    return service;
  }

  #loaded(): StatesService | undefined {
    return this.#options.gateway.loadedService("states") as StatesService | undefined;
  }

  #running(): readonly string[] {
    return this.#loaded()?.running() ?? [];
  }
}

/** Calls that may wait for the clock: what waits for them would wait for ever. Their answers, if there are any, come at once. */
const WAITING_ACTIONS: ReadonlySet<string> = new Set(["receiveMessage", "getActivityTask", "startSyncExecution"]);
const AT_ONCE_MS = 50;

/** A durable function waits, too; the invocations of any function are under way by themselves. */
const mayWait = (resource: TaskResource): boolean =>
  resource.kind === "function" ||
  (resource.kind === "service" && (resource.service === "lambda" || WAITING_ACTIONS.has(resource.action)));

/** Tests move a virtual clock on when nothing is under way: tasks are, until they have ended or only an answer is awaited. */
function counted(runner: TaskRunner, activity: Activity): TaskRunner {
  return {
    ...(runner.faults === undefined ? {} : { faults: runner.faults.bind(runner) }),
    async run(call, progress, signal) {
      const { resource } = call;
      const ended = resource.kind === "activity" ? () => undefined : activity.begin();
      if (mayWait(resource)) setTimeout(ended, AT_ONCE_MS).unref();
      try {
        return await runner.run(
          call,
          {
            submitted: (output) => {
              progress.submitted(output);
              ended();
            },
            started: (workerName) => progress.started(workerName),
            heartbeat: () => progress.heartbeat(),
            exchanged: (exchange) => progress.exchanged?.(exchange),
          },
          signal,
        );
      } finally {
        ended();
      }
    },
  };
}
