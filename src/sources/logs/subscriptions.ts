/**
 * # Subscription filters of CloudWatch Logs
 *
 * Log events that a filter lets through go gzipped to its function, in an asynchronous invocation, or to its stream of Kinesis.
 *
 * Mimics: the event form of https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
 *
 * Gaps:
 * - Firehose and logical destinations: PutSubscriptionFilter refuses them
 *
 * By design:
 * - Events flow while a stack runs; those written by a one-shot command reach no subscriber
 * - One delivery for each write to a stream, where AWS gathers for a moment
 */
import { randomUUID } from "node:crypto";
import type { LogsService, SubscriptionDelivery } from "../../services/logs/index.js";
import { parseArn, parseFunctionArn } from "../../shared/arn.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncInvoker } from "../async/async-invoker.js";

export interface LogSubscriptionOptions {
  readonly logs: LogsService;
  readonly invoker: AsyncInvoker;
  readonly putRecord: (streamArn: string, data: Buffer, partitionKey: string) => Promise<void>;
  readonly log: Logger;
}

export class LogSubscriptions {
  readonly #options: LogSubscriptionOptions;
  readonly #stop: () => void;

  constructor(options: LogSubscriptionOptions) {
    this.#options = options;
    this.#stop = options.logs.onDelivery((delivery) => void this.#deliver(delivery));
  }

  close(): void {
    this.#stop();
  }

  async #deliver({ destinationArn, filterName, message, distribution }: SubscriptionDelivery): Promise<void> {
    const { invoker, log, putRecord } = this.#options;
    const { name, qualifier } = parseFunctionArn(destinationArn) ?? { name: "" };
    try {
      // What delivers has loaded the service long since; a one-shot command need not.
      const { subscriptionData, subscriptionPayload } = await import("../../services/logs/index.js");
      if (parseArn(destinationArn)?.service === "kinesis") {
        const partitionKey = distribution === "Random" ? randomUUID() : message.logStream;
        await putRecord(destinationArn, subscriptionData(message), partitionKey);
        return;
      }
      const payload = Buffer.from(JSON.stringify(subscriptionPayload(message)));
      await invoker.enqueue(name, payload, qualifier === undefined ? {} : { qualifier });
    } catch (error) {
      log.warn({ filterName, destinationArn, reason: messageOf(error) }, "log events did not reach their subscriber");
    }
  }
}
