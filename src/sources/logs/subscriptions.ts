/**
 * # Subscription filters of CloudWatch Logs
 *
 * Log events that a filter lets through go to its function, gzipped, in an asynchronous invocation.
 *
 * Mimics: the event form of https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
 *
 * Gaps:
 * - Kinesis and Firehose as destinations: PutSubscriptionFilter refuses them
 *
 * By design:
 * - Events flow while a stack runs; those written by a one-shot command reach no subscriber
 * - One delivery for each write to a stream, where AWS gathers for a moment
 */
import type { LogsService, SubscriptionDelivery } from "../../services/logs/index.js";
import { parseFunctionArn } from "../../shared/arn.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncInvoker } from "../async/async-invoker.js";

export interface LogSubscriptionOptions {
  readonly logs: LogsService;
  readonly invoker: AsyncInvoker;
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

  async #deliver({ destinationArn, filterName, message }: SubscriptionDelivery): Promise<void> {
    const { invoker, log } = this.#options;
    const { name, qualifier } = parseFunctionArn(destinationArn) ?? { name: "" };
    try {
      // What delivers has loaded the service long since; a one-shot command need not.
      const { subscriptionPayload } = await import("../../services/logs/index.js");
      const payload = Buffer.from(JSON.stringify(subscriptionPayload(message)));
      await invoker.enqueue(name, payload, qualifier === undefined ? {} : { qualifier });
    } catch (error) {
      log.warn({ filterName, destinationArn, reason: messageOf(error) }, "log events did not reach their subscriber");
    }
  }
}
