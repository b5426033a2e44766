/**
 * Looks into queues on another server as far as SQS lets anybody look: counts by attributes, messages only by receiving
 * them. A receive is counted, so a queue with a redrive policy is not looked into: the look itself could send a message
 * to the dead letters. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
 */
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { PeekedMessage } from "../../services/sqs/index.js";
import type { Clock } from "../../shared/clock.js";
import { AppError } from "../../shared/errors.js";
import { messageOf } from "../../sources/sqs/remote-queue.js";
import type { QueueInspector, QueueState } from "../queue-inspector.js";

export interface ForeignInspectorOptions {
  readonly client: SQSClient;
  readonly clock: Clock;
  /** Names of the queues of the template. */
  readonly declared: () => readonly string[];
  readonly urlOf: (name: string) => Promise<string>;
}

/** What servers of the old protocol say when a queue is not there. */
const OLD_NAMES = new Set(["AWS.SimpleQueueService.NonExistentQueue"]);
/** Bounds of one call. */
const MAX_MESSAGES = 10;
const MAX_LISTED = 1000;
/** Messages come back by themselves after this, should we be killed before we give them back. */
const HIDDEN_SECONDS = 30;

export function foreignInspector({ client, clock, declared, urlOf }: ForeignInspectorOptions): QueueInspector {
  const stateOf = async (name: string, url: string): Promise<QueueState> => {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }),
    );
    const redrive = JSON.parse(Attributes["RedrivePolicy"] ?? "{}") as { readonly deadLetterTargetArn?: string };
    return {
      name,
      arn: Attributes["QueueArn"] ?? "",
      url,
      visible: Number(Attributes["ApproximateNumberOfMessages"] ?? 0),
      inFlight: Number(Attributes["ApproximateNumberOfMessagesNotVisible"] ?? 0),
      delayed: Number(Attributes["ApproximateNumberOfMessagesDelayed"] ?? 0),
      oldestAgeMs: null,
      deadLetterQueue: redrive.deadLetterTargetArn?.split(":").pop() ?? null,
    };
  };
  const find = async (name: string): Promise<QueueState | undefined> => {
    try {
      return await stateOf(name, await urlOf(name));
    } catch (error) {
      if (error instanceof QueueDoesNotExist || (error instanceof Error && OLD_NAMES.has(error.name))) return undefined;
      throw error;
    }
  };
  return {
    remote: true,
    find,
    async list() {
      const names = declared();
      const states =
        names.length > 0
          ? await Promise.all(names.map(find))
          : await Promise.all((await allUrls(client)).map((url) => stateOf(url.split("/").pop() ?? url, url)));
      return states.filter((state) => state !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async peek(name, max) {
      const url = await urlOf(name);
      const { deadLetterQueue } = await stateOf(name, url);
      if (deadLetterQueue !== null)
        throw new AppError("LR1004", {
          what: `The messages of ${name} cannot be looked at without changing what becomes of them`,
          where: url,
          why: `SQS shows a message only by a receive, each receive is counted, and the count sends messages to ${deadLetterQueue}`,
          fix: `Look into ${deadLetterQueue}, or run \`lambda-run queues\` for the counts.`,
        });
      return receiveAndGiveBack(client, url, max, clock.now());
    },
  };
}

async function allUrls(client: SQSClient): Promise<readonly string[]> {
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({ MaxResults: MAX_LISTED }));
  return QueueUrls;
}

async function receiveAndGiveBack(
  client: SQSClient,
  QueueUrl: string,
  max: number,
  nowMs: number,
): Promise<readonly PeekedMessage[]> {
  const peeked = new Map<string, PeekedMessage>();
  const handles: string[] = [];
  try {
    while (peeked.size < max) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: Math.min(MAX_MESSAGES, max - peeked.size),
          VisibilityTimeout: HIDDEN_SECONDS,
          // The shortest wait that asks all servers behind the queue and not some of them.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ["All"],
          MessageAttributeNames: ["All"],
        }),
      );
      if (Messages.length === 0) break;
      for (const message of Messages) {
        const { receiptHandle, ...rest } = messageOf(message);
        handles.push(receiptHandle);
        peeked.set(rest.messageId, { ...rest, state: "visible", visibleAtMs: nowMs });
      }
    }
  } finally {
    for (let start = 0; start < handles.length; start += MAX_MESSAGES) {
      const Entries = handles
        .slice(start, start + MAX_MESSAGES)
        .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
    }
  }
  return [...peeked.values()];
}
