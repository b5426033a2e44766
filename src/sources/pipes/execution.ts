/**
 * One batch through one pipe: enrichment and target, each with its template.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-logs-execution-steps.html
 */
import { randomUUID } from "node:crypto";
import type { KnownPipe } from "../../services/pipes/index.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import { enrich, isEmpty } from "./enrichment.js";
import { idOf, opened, type Members, type PipeEvent } from "./event.js";
import { ExecutionLog } from "./execution-log.js";
import { asFailure, BatchFailed } from "./failures.js";
import { transformed } from "./input-template.js";
import type { PipeServices } from "./services.js";
import { handOver, type Outgoing } from "./targets.js";

export interface ExecutionOptions {
  readonly pipe: KnownPipe;
  readonly services: PipeServices;
  readonly clock: Clock;
  readonly log: Logger;
}

type Stage = "Enrichment" | "Target";

/** What goes into a stage: an event, and the same with its fields opened. */
interface Incoming {
  readonly event: PipeEvent;
  readonly view: PipeEvent;
}

/** "Pipe executions are limited to a maximum of 5 minutes including the enrichment and target processing." */
const MAX_DURATION_MS = 300_000;

/** Rejects with BatchFailed or PipeMustStop, and with anything else when it is to be tried again without being counted. */
export async function runExecution(records: readonly Members[], options: ExecutionOptions): Promise<void> {
  const execution = new Execution(options);
  const late = new BatchFailed(`the execution took more than ${MAX_DURATION_MS / 1000} seconds`);
  const { promise: timeout, reject } = withReject();
  const cancel = options.clock.after(MAX_DURATION_MS, () => reject(late));
  try {
    await Promise.race([execution.run(records), timeout]);
  } catch (error) {
    if (error === late) execution.log.step("ExecutionTimeout", undefined, late);
    throw error;
  } finally {
    cancel();
    await execution.log.end();
  }
}

function withReject(): { readonly promise: Promise<never>; readonly reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, refuse) => (reject = refuse));
  return { promise, reject };
}

class Execution {
  readonly log: ExecutionLog;
  readonly #options: ExecutionOptions;

  constructor(options: ExecutionOptions) {
    this.#options = options;
    this.log = new ExecutionLog({ ...options, executionId: randomUUID() });
  }

  async run(records: readonly Members[]): Promise<void> {
    const { log } = this;
    log.step("ExecutionStarted", () => records);
    try {
      const batch = records.map((event) => ({ event, view: opened(event) }));
      const answer = await this.#enriched(batch);
      if (answer !== undefined && isEmpty(answer)) log.step("TargetStageSkipped");
      else await this.#target(records, batch, answer);
      log.step("ExecutionSucceeded");
    } catch (error) {
      log.step(`Execution${partial(error)}Failed`, undefined, error);
      throw error;
    }
  }

  /** Undefined without an enrichment. */
  async #enriched(batch: readonly Incoming[]): Promise<unknown> {
    const { pipe, services } = this.#options;
    if (pipe.enrichment === undefined) return undefined;
    return this.#stage("Enrichment", batch, async (outgoing) => {
      try {
        return await enrich(pipe, outgoing, services);
      } catch (error) {
        throw asFailure(error);
      }
    });
  }

  async #target(records: readonly Members[], batch: readonly Incoming[], answer: unknown): Promise<void> {
    const { pipe, services, clock } = this.#options;
    const isSingle = answer !== undefined && !Array.isArray(answer);
    const events = answer === undefined ? batch : [answer].flat().map((event) => ({ event, view: event }));
    const ids = new Set(records.flatMap((record) => idOf(record) ?? []));
    await this.#stage("Target", events, (outgoing) =>
      handOver({ pipe, batch: outgoing, isSingle, ids, nowMs: clock.now() }, services),
    );
  }

  async #stage<T>(
    stage: Stage,
    incoming: readonly Incoming[],
    call: (outgoing: readonly Outgoing[]) => Promise<T>,
  ): Promise<T> {
    const { log } = this;
    log.step(`${stage}StageEntered`, () => incoming.map(({ event }) => event));
    try {
      const outgoing = this.#transformed(stage, incoming);
      log.step(`${stage}InvocationStarted`, () => outgoing.map(({ text }) => text));
      try {
        const answer = await call(outgoing);
        log.step(`${stage}InvocationSucceeded`);
        log.step(`${stage}StageSucceeded`, answer === undefined ? undefined : () => answer);
        return answer;
      } catch (error) {
        log.step(`${stage}Invocation${partial(error)}Failed`, undefined, error);
        throw error;
      }
    } catch (error) {
      log.step(`${stage}Stage${partial(error)}Failed`, undefined, error);
      throw error;
    }
  }

  #transformed(stage: Stage, incoming: readonly Incoming[]): readonly Outgoing[] {
    const { pipe, clock } = this.#options;
    const parameters = stage === "Enrichment" ? pipe.enrichmentParameters : pipe.targetParameters;
    const template = parameters?.["InputTemplate"];
    const given = typeof template === "string" ? template : undefined;
    if (given !== undefined) this.log.step(`${stage}TransformationStarted`);
    const outgoing = incoming.map(({ event, view }) => {
      const text = transformed(given, { event, view }, pipe, clock.now());
      return { event, view, text };
    });
    if (given !== undefined) this.log.step(`${stage}TransformationSucceeded`, () => outgoing.map(({ text }) => text));
    return outgoing;
  }
}

const partial = (error: unknown): string => (error instanceof BatchFailed && error.failed !== "all" ? "Partially" : "");
