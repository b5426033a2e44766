/**
 * The event source mappings of a stack: those of the template, which begin anew with every start, and those that the
 * Lambda API made, which are kept. Each has its poller while it is enabled.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
 */
import { createHash, randomUUID } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Database } from "lmdb";
import type { SqsSource } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import type { InvokeResult } from "../../runtime/types.js";
import { AwsError } from "../../services/kit/aws-error.js";
import type { StateStore } from "../../services/kit/state-store.js";
import type { Mapping, MappingManager, MappingSettings } from "../../services/lambda/index.js";
import { parseArn } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import { AppError } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { messageFilter, type MessageFilter } from "./filter.js";
import { SqsPoller } from "./poller.js";
import type { QueueClient } from "./queue-client.js";

export interface FilteredMessage {
  readonly id: string;
  readonly queueArn: string;
  readonly functionName: string;
  readonly patterns: readonly string[];
  readonly body: string;
}

export interface MappingsOptions {
  readonly store: () => StateStore;
  /** The queue of an ARN, wherever it is. */
  readonly queue: (queueArn: string) => Promise<QueueClient>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of messages that the filters let pass by, before they are deleted. */
  readonly filtered?: (message: FilteredMessage) => void;
  readonly region: string;
  readonly notice: (text: string) => void;
  readonly resolve: (functionName: string, qualifier: string | undefined) => FunctionConfig | undefined;
  readonly invoke: (
    config: FunctionConfig,
    payload: Buffer,
    qualifier: string | undefined,
    traceHeaders: readonly string[],
  ) => Promise<InvokeResult>;
  /** The function ran too often in the chain that this trace header tells of. */
  readonly endless: (functionName: string, traceHeader: string) => boolean;
}

/**
 * Batches that one mapping runs at once on this machine, whatever AWS's growth allows: beyond a few environments for
 * each processor a burst is spent on cold starts (1,000 small batches took twice as long with 50 as with 16 on four).
 */
const MAX_BATCHES = Math.max(10, 4 * availableParallelism());

interface Entry {
  readonly mapping: Mapping;
  readonly poller: SqsPoller;
  readonly declared: boolean;
}

export class SqsMappings implements MappingManager {
  readonly #options: MappingsOptions;
  readonly #entries = new Map<string, Entry>();
  #rows: Database<Mapping, string> | undefined;
  #closed = false;

  constructor(options: MappingsOptions) {
    this.#options = options;
  }

  /** Goes on with the mappings that the API made in an earlier run. */
  async resume(): Promise<void> {
    for (const { value } of this.#table().getRange()) {
      try {
        await this.#open(value, false);
      } catch (error) {
        this.#options.notice(`event source mapping ${value.uuid} could not be started: ${String(error)}`);
      }
    }
  }

  /** A mapping of the template; `where` names it for a person. */
  async declare(source: SqsSource, functionName: string): Promise<void> {
    const where = `${source.functionId}.${source.eventId}`;
    const { notice, resolve } = this.#options;
    const mapping: Mapping = {
      uuid: uuidOf(where),
      lastModifiedMs: this.#options.clock.now(),
      eventSourceArn: source.queueArn,
      functionName,
      qualifier: source.qualifier,
      enabled: source.enabled,
      batchSize: source.batchSize,
      maximumBatchingWindowSeconds: source.maximumBatchingWindowSeconds,
      reportBatchItemFailures: source.reportBatchItemFailures,
      filterPatterns: source.filterPatterns,
      maximumConcurrency: source.maximumConcurrency,
    };
    const visibility = await this.#visibilityOf(source.queueArn);
    const timeout = resolve(functionName, source.qualifier)?.timeoutSeconds ?? 0;
    if (visibility === undefined) {
      notice(`${where}: there is no queue ${source.queueArn}; the mapping waits for it`);
    } else if (visibility < timeout) {
      notice(`${where}: AWS refuses this mapping: ${tooShort(visibility, timeout)}`);
    }
    await this.#open(mapping, true);
  }

  list(): readonly Mapping[] {
    return [...this.#entries.values()].map(({ mapping }) => mapping);
  }

  async create(settings: MappingSettings): Promise<Mapping> {
    await this.#check(settings);
    const mapping: Mapping = { ...settings, uuid: randomUUID(), lastModifiedMs: this.#options.clock.now() };
    await this.#open(mapping, false);
    await this.#keep(mapping);
    return mapping;
  }

  async update(uuid: string, settings: MappingSettings): Promise<Mapping> {
    await this.#check(settings);
    const entry = this.#entries.get(uuid);
    await entry?.poller.close();
    const mapping: Mapping = { ...settings, uuid, lastModifiedMs: this.#options.clock.now() };
    await this.#open(mapping, entry?.declared ?? false);
    if (entry?.declared !== true) await this.#keep(mapping);
    return mapping;
  }

  async remove(uuid: string): Promise<void> {
    const entry = this.#entries.get(uuid);
    this.#entries.delete(uuid);
    await entry?.poller.close();
    await this.#options.store().write(() => this.#table().removeSync(uuid));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#entries.values()].map(({ poller }) => poller.close()));
  }

  /** What AWS refuses at once. Texts: of the missing queue recorded, of the timeouts quoted in terraform-aws-github-runner#465. */
  async #check(settings: MappingSettings): Promise<void> {
    const refuse = (message: string): AwsError =>
      new AwsError("InvalidParameterValueException", message, { members: { Type: "User" } });
    if (parseArn(settings.eventSourceArn)?.service !== "sqs") {
      throw refuse(
        `Event source mappings for ${settings.eventSourceArn} are not emulated by lambda-run; those for SQS queues are.`,
      );
    }
    const visibility = await this.#visibilityOf(settings.eventSourceArn);
    if (visibility === undefined) {
      throw refuse(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
      );
    }
    const timeout = this.#options.resolve(settings.functionName, settings.qualifier)?.timeoutSeconds ?? 0;
    if (visibility < timeout) throw refuse(tooShort(visibility, timeout));
    try {
      messageFilter(settings.filterPatterns, settings.eventSourceArn);
    } catch (error) {
      if (error instanceof AppError) throw refuse("Invalid filter pattern definition.");
      throw error;
    }
  }

  /** In seconds; undefined when there is no such queue. */
  async #visibilityOf(queueArn: string): Promise<number | undefined> {
    try {
      return (await (await this.#options.queue(queueArn)).settings()).visibilityTimeoutSeconds;
    } catch {
      return undefined;
    }
  }

  #filterOf({ filterPatterns: patterns, uuid, functionName, eventSourceArn }: Mapping): MessageFilter | undefined {
    const filter = messageFilter(patterns, uuid);
    const { filtered } = this.#options;
    if (filter === undefined || filtered === undefined) return filter;
    return (record) => {
      const passes = filter(record);
      if (!passes)
        filtered({
          id: String(record["messageId"]),
          queueArn: eventSourceArn,
          functionName,
          patterns,
          body: String(record["body"]),
        });
      return passes;
    };
  }

  async #open(mapping: Mapping, declared: boolean): Promise<void> {
    const { clock, log, region, resolve, invoke, endless } = this.#options;
    const { functionName, qualifier, maximumConcurrency = MAX_BATCHES } = mapping;
    const config = resolve(functionName, qualifier);
    const poller = new SqsPoller({
      queue: await this.#options.queue(mapping.eventSourceArn),
      settings: {
        batchSize: mapping.batchSize,
        maximumBatchingWindowSeconds: mapping.maximumBatchingWindowSeconds,
        reportBatchItemFailures: mapping.reportBatchItemFailures,
        filter: this.#filterOf(mapping),
        maximumConcurrency: Math.min(
          MAX_BATCHES,
          maximumConcurrency,
          Math.max(1, config?.reservedConcurrency ?? MAX_BATCHES),
        ),
        functionTimeoutSeconds: config?.timeoutSeconds ?? 0,
      },
      region,
      clock,
      log,
      endless: (traceHeader) => endless(functionName, traceHeader),
      invoke: (payload, traceHeaders) => {
        // Asked anew for every batch: code, alias or template may have changed since.
        const current = resolve(functionName, qualifier);
        if (current === undefined) throw new Error(`there is no function ${functionName} any more`);
        return invoke(current, payload, qualifier, traceHeaders);
      },
    });
    this.#entries.set(mapping.uuid, { mapping, poller, declared });
    if (mapping.enabled && !this.#closed) poller.start();
  }

  async #keep(mapping: Mapping): Promise<void> {
    await this.#options.store().write(() => this.#table().putSync(mapping.uuid, mapping));
  }

  #table(): Database<Mapping, string> {
    return (this.#rows ??= this.#options.store().table<Mapping, string>("event-source-mappings"));
  }
}

const tooShort = (visibilitySeconds: number, timeoutSeconds: number): string =>
  `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds`;

/** The same at every start: scripts may keep it. */
function uuidOf(where: string): string {
  const hex = createHash("sha256").update(`event source mapping ${where}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
