/** Queues on another server, for everyone in the stack who polls, sends or looks. */
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { parseArn } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { QueueClient } from "../../sources/sqs/queue-client.js";
import type { QueueSender } from "../../sources/sqs/queue-sender.js";
import { remoteQueue } from "../../sources/sqs/remote-queue.js";
import { remoteSender } from "../../sources/sqs/remote-sender.js";
import type { QueueInspector } from "../queue-inspector.js";
import { clientOptions, type ServiceAddress } from "./endpoints.js";
import { foreignInspector } from "./inspector.js";
import type { ForeignQueue } from "./resources.js";

export class ForeignQueues {
  readonly client: SQSClient;
  readonly sender: QueueSender;
  readonly inspector: QueueInspector;
  readonly #clock: Clock;
  /** Those of the template. */
  #declared: ReadonlyMap<string, ForeignQueue> = new Map();
  readonly #found = new Map<string, string>();

  constructor(address: ServiceAddress, clock: Clock) {
    this.#clock = clock;
    this.client = new SQSClient(clientOptions(address));
    this.sender = remoteSender(this.client, (arn) => this.#urlOfArn(arn));
    this.inspector = foreignInspector({
      client: this.client,
      clock,
      declared: () => [...this.#declared.keys()],
      urlOf: (name) => this.#urlOf(name),
    });
  }

  declare(queues: ReadonlyMap<string, ForeignQueue>): void {
    this.#declared = queues;
  }

  /** URLs of the declared queues, by name. */
  get urls(): ReadonlyMap<string, string> {
    return new Map([...this.#declared].map(([name, { url }]) => [name, url]));
  }

  queue(queueArn: string): QueueClient {
    return remoteQueue(this.client, queueArn, () => this.#urlOfArn(queueArn), this.#clock);
  }

  close(): void {
    this.client.destroy();
  }

  #urlOfArn(arn: string): Promise<string> {
    return this.#urlOf(parseArn(arn)?.resource ?? arn);
  }

  /** Of the server's own account: another one's is none of which a template here may know. */
  async #urlOf(name: string): Promise<string> {
    const known = this.#declared.get(name)?.url ?? this.#found.get(name);
    if (known !== undefined) return known;
    const { QueueUrl = "" } = await this.client.send(new GetQueueUrlCommand({ QueueName: name }));
    this.#found.set(name, QueueUrl);
    return QueueUrl;
  }
}
