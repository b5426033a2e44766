/**
 * The event source mappings of a stack: those of the template, which begin anew with every start, and those that the
 * Lambda API made, which are kept. Each has its poller while it is enabled.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
 */
import { createHash, randomUUID } from "node:crypto";
import type { Database } from "lmdb";
import type { SqsSource, StreamSource } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import type { InvokeResult } from "../../runtime/types.js";
import type { StateStore } from "../../services/kit/state-store.js";
import type { Mapping, MappingManager, MappingSettings } from "../../services/lambda/index.js";
import { parseArn } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import { refusal, type MappedFunction, type MappingKind } from "./mapping-kind.js";
import type { Poller } from "./poller.js";

export interface MappingsOptions {
  readonly store: () => StateStore;
  readonly clock: Clock;
  readonly notice: (text: string) => void;
  /** By the service in the source's ARN. */
  readonly kinds: Readonly<Partial<Record<string, MappingKind>>>;
  readonly resolve: (functionName: string, qualifier: string | undefined) => FunctionConfig | undefined;
  readonly invoke: (
    config: FunctionConfig,
    payload: Buffer,
    qualifier: string | undefined,
    traceHeaders: readonly string[],
  ) => Promise<InvokeResult>;
}

interface Entry {
  readonly mapping: Mapping;
  readonly poller: Poller;
  readonly declared: boolean;
}

export class EventSourceMappings implements MappingManager {
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

  /** A mapping of the template. */
  async declare(source: SqsSource | StreamSource, functionName: string): Promise<void> {
    const where = `${source.functionId}.${source.eventId}`;
    const mapping: Mapping = {
      ...settingsOf(source, functionName),
      uuid: uuidOf(where),
      lastModifiedMs: this.#options.clock.now(),
    };
    const doubts = await this.#kindOf(mapping).doubts(mapping, this.#timeoutOf(mapping));
    if (doubts !== undefined) this.#options.notice(`${where}: ${doubts}`);
    await this.#open(mapping, true);
  }

  list(): readonly Mapping[] {
    return [...this.#entries.values()].map(({ mapping, poller: { lastProcessingResult } }) =>
      lastProcessingResult === undefined ? mapping : { ...mapping, lastProcessingResult },
    );
  }

  async create(settings: MappingSettings): Promise<Mapping> {
    await this.#kindOf(settings).check(settings, this.#timeoutOf(settings));
    const mapping: Mapping = { ...settings, uuid: randomUUID(), lastModifiedMs: this.#options.clock.now() };
    await this.#open(mapping, false);
    await this.#keep(mapping);
    return mapping;
  }

  async update(uuid: string, settings: MappingSettings): Promise<Mapping> {
    await this.#kindOf(settings).check(settings, this.#timeoutOf(settings));
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
    await this.#options.store().write(() => {
      this.#table().removeSync(uuid);
      if (entry !== undefined) this.#kindOf(entry.mapping).forget?.(uuid);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#entries.values()].map(({ poller }) => poller.close()));
  }

  /** Throws AwsError for a service of which nothing is polled here. */
  #kindOf({ eventSourceArn }: MappingSettings): MappingKind {
    const service = parseArn(eventSourceArn)?.service ?? "";
    const kind = this.#options.kinds[service];
    if (kind !== undefined) return kind;
    throw refusal(
      `Event source mappings for ${eventSourceArn} are not emulated by lambda-run; those for SQS queues, DynamoDB streams and Kinesis streams are.`,
    );
  }

  #timeoutOf({ functionName, qualifier }: MappingSettings): number {
    return this.#options.resolve(functionName, qualifier)?.timeoutSeconds ?? 0;
  }

  async #open(mapping: Mapping, declared: boolean): Promise<void> {
    const poller = await this.#kindOf(mapping).open(mapping, this.#functionOf(mapping));
    this.#entries.set(mapping.uuid, { mapping, poller, declared });
    if (mapping.enabled && !this.#closed) poller.start();
  }

  #functionOf({ functionName, qualifier }: Mapping): MappedFunction {
    const config = (): FunctionConfig | undefined => this.#options.resolve(functionName, qualifier);
    return {
      config,
      invoke: (payload, traceHeaders) => {
        const current = config();
        if (current === undefined) throw new Error(`there is no function ${functionName} any more`);
        return this.#options.invoke(current, payload, qualifier, traceHeaders);
      },
    };
  }

  async #keep(mapping: Mapping): Promise<void> {
    await this.#options.store().write(() => this.#table().putSync(mapping.uuid, mapping));
  }

  #table(): Database<Mapping, string> {
    return (this.#rows ??= this.#options.store().table<Mapping, string>("event-source-mappings"));
  }
}

function settingsOf(source: SqsSource | StreamSource, functionName: string): MappingSettings {
  const { qualifier, enabled, batchSize, maximumBatchingWindowSeconds, reportBatchItemFailures, filterPatterns } =
    source;
  return {
    eventSourceArn: source.kind === "sqs" ? source.queueArn : source.streamArn,
    functionName,
    qualifier,
    enabled,
    batchSize,
    maximumBatchingWindowSeconds,
    reportBatchItemFailures,
    filterPatterns,
    maximumConcurrency: source.kind === "sqs" ? source.maximumConcurrency : undefined,
    stream:
      source.kind === "sqs"
        ? undefined
        : {
            startingPosition: source.startingPosition,
            startingPositionMs: source.startingPositionMs,
            maximumRetryAttempts: source.maximumRetryAttempts,
            maximumRecordAgeSeconds: source.maximumRecordAgeSeconds,
            bisectBatchOnFunctionError: source.bisectBatchOnFunctionError,
            parallelizationFactor: source.parallelizationFactor,
            tumblingWindowSeconds: source.tumblingWindowSeconds,
            onFailureArn: source.onFailureArn,
          },
  };
}

/** The same at every start: scripts may keep it. */
function uuidOf(where: string): string {
  const hex = createHash("sha256").update(`event source mapping ${where}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
