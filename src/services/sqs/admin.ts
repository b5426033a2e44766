/**
 * SQS without HTTP: what event source mappings, other services' targets, the stack and the dashboard use. The same
 * queues, rules and errors as over the wire; only the shapes are those of TypeScript.
 */
import type { AwsError } from "../kit/aws-error.js";
import { sqsError } from "./errors.js";
import { readDraft } from "./message-drafts.js";
import { attributesMd5, type MessageAttributes } from "./message-attributes.js";
import type { Queue } from "./queue.js";
import type { QueueDepths, Received } from "./queue-types.js";
import { allAttributes } from "./queue-operations.js";
import { systemAttributes } from "./received-messages.js";
import type { QueueRegistry } from "./registry.js";

export interface QueueReference {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly fifo: boolean;
  /** Seconds. */
  readonly visibilityTimeout: number;
  /** Where messages go after too many receives, if anywhere. */
  readonly deadLetterArn: string | undefined;
}

export interface QueueInfo extends QueueReference {
  readonly depths: QueueDepths;
  /** As GetQueueAttributes tells them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface OutgoingMessage {
  readonly body: string;
  readonly delaySeconds?: number;
  readonly attributes?: MessageAttributes;
  readonly traceHeader?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly senderId?: string;
}

export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly bodyMd5: string;
  /** System attributes (`SentTimestamp`, `ApproximateReceiveCount` ...), all of them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: MessageAttributes;
  readonly messageAttributesMd5: string | undefined;
}

export interface PeekedMessage extends Omit<QueueMessage, "receiptHandle"> {
  readonly state: "visible" | "in-flight" | "delayed";
  readonly visibleAtMs: number;
}

export interface ReceiveRequest {
  readonly queue: string;
  /** May be more than the 10 of the API. */
  readonly max: number;
  readonly visibilityTimeoutSeconds?: number;
  /** How long to wait for the first message; 0 does not wait. */
  readonly waitMs?: number;
  /** Ends the wait; resolves with no messages. */
  readonly signal?: AbortSignal;
  readonly requestAttempt?: string;
}

/** `queue` is an ARN, a queue URL or a name. An unknown one throws `QueueDoesNotExist`. */
export interface SqsAdmin {
  /** Creates the queue, or gives the one that exists these attributes and tags. */
  ensureQueue(
    name: string,
    attributes?: Readonly<Record<string, string>>,
    tags?: Readonly<Record<string, string>>,
  ): Promise<QueueReference>;
  queueByArn(arn: string): QueueReference | undefined;
  queues(): readonly QueueReference[];
  queueInfo(queue: string): Promise<QueueInfo>;
  depths(queue: string): Promise<QueueDepths>;
  sendMessage(
    queue: string,
    message: OutgoingMessage,
  ): Promise<{ readonly messageId: string; readonly sequenceNumber: string | undefined }>;
  receive(request: ReceiveRequest): Promise<readonly QueueMessage[]>;
  /** For each handle undefined, or why it was not deleted. */
  deleteMessages(queue: string, receiptHandles: readonly string[]): Promise<readonly (AwsError | undefined)[]>;
  changeVisibility(
    queue: string,
    receiptHandles: readonly string[],
    seconds: number,
  ): Promise<readonly (AwsError | undefined)[]>;
  /** The first messages in order of sending, not received, not counted. */
  peek(queue: string, max: number): readonly PeekedMessage[];
  /** Neither waits for the 60 seconds that the API asks for. */
  purgeQueue(queue: string): Promise<void>;
  deleteQueue(queue: string): Promise<void>;
}

export interface AdminOptions {
  readonly registry: QueueRegistry;
  readonly accountId: string;
  readonly urlOf: (queue: Queue) => string;
  readonly now: () => number;
}

export function createSqsAdmin({ registry, accountId, urlOf, now }: AdminOptions): SqsAdmin {
  const find = (queue: string): Queue => {
    const found = queue.startsWith("arn:") ? registry.byArn(queue) : registry.byUrl(queue);
    if (found === undefined) throw sqsError.queueDoesNotExist();
    return found;
  };
  const reference = (queue: Queue): QueueReference => ({
    name: queue.name,
    arn: queue.arn,
    url: urlOf(queue),
    fifo: queue.fifo,
    visibilityTimeout: queue.attribute("VisibilityTimeout"),
    deadLetterArn: queue.redrive?.deadLetterTargetArn,
  });
  return {
    ensureQueue: async (name, attributes = {}, tags = {}) => {
      const existing = registry.byName(name);
      const given = new Map(Object.entries(attributes));
      if (existing === undefined) return reference(await registry.create(name, given, tags, true));
      if (given.size > 0) await registry.setAttributes(existing, given);
      await existing.update((row) => ({ tags: { ...row.tags, ...tags } }));
      return reference(existing);
    },
    queueByArn: (arn) => {
      const queue = registry.byArn(arn);
      return queue === undefined ? undefined : reference(queue);
    },
    queues: () => registry.list().map(reference),
    queueInfo: async (name) => {
      const queue = find(name);
      return {
        ...reference(queue),
        depths: await queue.depths(),
        attributes: await allAttributes(queue),
        tags: queue.row.tags,
      };
    },
    depths: async (name) => find(name).depths(),
    sendMessage: async (name, message) => {
      const queue = find(name);
      const [sent] = await queue.send([readDraft(queue, draftInput(message), message.senderId ?? accountId)]);
      return { messageId: sent?.messageId ?? "", sequenceNumber: sent?.sequenceNumber };
    },
    receive: async ({ queue, max, visibilityTimeoutSeconds, waitMs, signal, requestAttempt }) => {
      const received = await find(queue).receive({
        max,
        visibilityTimeoutSeconds,
        waitMs,
        signal,
        attemptId: requestAttempt,
      });
      return received.map((message) => ({ receiptHandle: message.receiptHandle, ...describe(message) }));
    },
    deleteMessages: async (name, receiptHandles) => find(name).delete(receiptHandles),
    changeVisibility: async (name, receiptHandles, seconds) =>
      find(name).changeVisibility(receiptHandles.map((handle) => ({ handle, seconds }))),
    peek: (name, max) => {
      const nowMs = now();
      return find(name)
        .peek(max)
        .map((held) => {
          const { visibleAtMs, receiveCount } = held.delivery;
          const hidden = receiveCount > 0 ? "in-flight" : "delayed";
          return {
            ...describe({ ...held, receiptHandle: "" }),
            state: visibleAtMs <= nowMs ? "visible" : hidden,
            visibleAtMs,
          };
        });
    },
    purgeQueue: async (name) => registry.purge(find(name), true),
    deleteQueue: async (name) => registry.delete(find(name), true),
  };
}

function describe(received: Received): Omit<QueueMessage, "receiptHandle"> {
  const { message } = received;
  return {
    messageId: message.messageId,
    body: message.body,
    bodyMd5: message.bodyMd5,
    attributes: systemAttributes(received),
    messageAttributes: message.attributes ?? {},
    messageAttributesMd5: message.attributes === undefined ? undefined : attributesMd5(message.attributes),
  };
}

/** The members of SendMessage, so that one set of checks serves both ways in. */
function draftInput(message: OutgoingMessage): Record<string, unknown> {
  const attributes = Object.entries(message.attributes ?? {}).map(([name, { dataType, stringValue, binaryValue }]) => [
    name,
    { DataType: dataType, StringValue: stringValue, BinaryValue: binaryValue },
  ]);
  return {
    MessageBody: message.body,
    DelaySeconds: message.delaySeconds,
    MessageAttributes: Object.fromEntries(attributes) as Record<string, unknown>,
    MessageSystemAttributes:
      message.traceHeader === undefined
        ? {}
        : { AWSTraceHeader: { DataType: "String", StringValue: message.traceHeader } },
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
  };
}
