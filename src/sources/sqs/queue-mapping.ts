/** Event source mappings of SQS queues. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
import { availableParallelism } from "node:os";
import type { Clock } from "../../shared/clock.js";
import { AppError } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { refusal, type MappingKind } from "../mappings/mapping-kind.js";
import { messageFilter, type MessageFilter } from "./filter.js";
import { SqsPoller } from "./poller.js";
import type { QueueClient } from "./queue-client.js";

export interface FilteredMessage {
  readonly id: string;
  readonly queueArn: string;
  /** Or in words what else it did not come to. */
  readonly functionName: string;
  readonly patterns: readonly string[];
  readonly body: string;
}

export interface QueueMappingOptions {
  /** The queue of an ARN, wherever it is. */
  readonly queue: (queueArn: string) => Promise<QueueClient>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly region: string;
  /** Told of messages that the filters let pass by, before they are deleted. */
  readonly filtered: (message: FilteredMessage) => void;
  /** The function ran too often in the chain that this trace header tells of. */
  readonly endless: (functionName: string, traceHeader: string) => boolean;
}

/**
 * Batches that one mapping runs at once on this machine, whatever AWS's growth allows: beyond a few environments for
 * each processor a burst is spent on cold starts (1,000 small batches took twice as long with 50 as with 16 on four).
 */
export const MAX_BATCHES = Math.max(10, 4 * availableParallelism());

export function queueMappings(options: QueueMappingOptions): MappingKind {
  const { queue, clock, log, region, endless } = options;
  /** In seconds; undefined when there is no such queue. */
  const visibilityOf = async (queueArn: string): Promise<number | undefined> => {
    try {
      return (await (await queue(queueArn)).settings()).visibilityTimeoutSeconds;
    } catch {
      return undefined;
    }
  };
  return {
    // Texts: of the missing queue recorded, of the timeouts quoted in terraform-aws-github-runner#465.
    async check({ eventSourceArn, filterPatterns }, timeoutSeconds) {
      const visibility = await visibilityOf(eventSourceArn);
      if (visibility === undefined) {
        throw refusal(
          "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
        );
      }
      if (visibility < timeoutSeconds) throw refusal(tooShort(visibility, timeoutSeconds));
      try {
        messageFilter(filterPatterns, eventSourceArn);
      } catch (error) {
        if (error instanceof AppError) throw refusal("Invalid filter pattern definition.");
        throw error;
      }
    },
    async doubts({ eventSourceArn }, timeoutSeconds) {
      const visibility = await visibilityOf(eventSourceArn);
      if (visibility === undefined) return `there is no queue ${eventSourceArn}; the mapping waits for it`;
      return visibility < timeoutSeconds
        ? `AWS refuses this mapping: ${tooShort(visibility, timeoutSeconds)}`
        : undefined;
    },
    async open(mapping, fn) {
      const { functionName, eventSourceArn: queueArn, maximumConcurrency = MAX_BATCHES, uuid } = mapping;
      const config = fn.config();
      return new SqsPoller({
        queue: await queue(queueArn),
        settings: {
          batchSize: mapping.batchSize,
          maximumBatchingWindowSeconds: mapping.maximumBatchingWindowSeconds,
          reportBatchItemFailures: mapping.reportBatchItemFailures,
          filter: toldFilter({ patterns: mapping.filterPatterns, queueArn, functionName }, uuid, options.filtered),
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
        invoke: fn.invoke,
      });
    },
  };
}

/** A filter that tells of what it does not let through; undefined when everything passes. */
export function toldFilter(
  { patterns, queueArn, functionName }: Pick<FilteredMessage, "patterns" | "queueArn" | "functionName">,
  where: string,
  filtered: QueueMappingOptions["filtered"],
): MessageFilter | undefined {
  const filter = messageFilter(patterns, where);
  if (filter === undefined) return undefined;
  return (record) => {
    const passes = filter(record);
    if (!passes)
      filtered({
        id: String(record["messageId"]),
        queueArn,
        functionName,
        patterns,
        body: String(record["body"]),
      });
    return passes;
  };
}

const tooShort = (visibilitySeconds: number, timeoutSeconds: number): string =>
  `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds`;
