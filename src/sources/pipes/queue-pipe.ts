/** Pipes whose source is a queue: retries and dead letters are the queue's. */
import { filterPatternsOf, type KnownPipe } from "../../services/pipes/index.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import type { Poller } from "../mappings/poller.js";
import { SqsPoller } from "../sqs/poller.js";
import type { QueueClient } from "../sqs/queue-client.js";
import { MAX_BATCHES, toldFilter, type QueueMappingOptions } from "../sqs/queue-mapping.js";
import { partOf } from "./parameters.js";
import { PolledBatches, type PolledOptions } from "./polled-batch.js";

export interface QueuePipeOptions {
  /** The queue of an ARN, wherever it is. */
  readonly queue: (queueArn: string) => Promise<QueueClient>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly region: string;
  /** Told of messages that the filters let pass by, before they are deleted. */
  readonly filtered: QueueMappingOptions["filtered"];
}

/** A text says why there is none. */
export async function queuePoller(
  pipe: KnownPipe,
  polled: Pick<PolledOptions, "name" | "log" | "run" | "mustStop">,
  { queue: queueOf, clock, log, region, filtered }: QueuePipeOptions,
): Promise<Poller | string> {
  const queue = await queueOf(pipe.source);
  try {
    await queue.settings();
  } catch (error) {
    return `Input parameter is invalid from the request due to : ${messageOf(error)}`;
  }
  const { BatchSize, MaximumBatchingWindowInSeconds: window } = partOf(pipe.sourceParameters, "SqsQueueParameters");
  return new SqsPoller({
    queue,
    settings: {
      batchSize: Number(BatchSize),
      maximumBatchingWindowSeconds: Number(window ?? 0),
      reportBatchItemFailures: true,
      filter: toldFilter(
        { patterns: filterPatternsOf(pipe), queueArn: pipe.source, functionName: `the pipe ${pipe.name}` },
        pipe.arn,
        filtered,
      ),
      maximumConcurrency: MAX_BATCHES,
      functionTimeoutSeconds: 0,
    },
    region,
    clock,
    log,
    // Lambda watches chains through queues that it polls itself.
    endless: () => false,
    invoke: new PolledBatches({
      ...polled,
      identifier: ({ messageId }) => String(messageId),
      eventOf: (record) => record,
      remembers: false,
    }).invoke,
  });
}
