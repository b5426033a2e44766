/** The operations on messages: send, receive, delete, change visibility, each alone and in batches. */
import { AwsError } from "../kit/aws-error.js";
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import { sqsError } from "./errors.js";
import { objectList, optionalInteger, optionalString, requiredString, stringList } from "./input.js";
import { SQS } from "./limits.js";
import { checkBatch, checkId, checkMessageBatch, readDraft } from "./message-drafts.js";
import type { OperationContext } from "./operations.js";
import type { MessageDraft, SentMessage } from "./queue-types.js";
import { checkSystemAttributeNames, describeReceived } from "./received-messages.js";

const BATCH_SIZE_ERROR = "One or more parameters cannot be validated.";

export function messageOperations(context: OperationContext): Record<string, JsonOperation> {
  return {
    SendMessage: async (input, request) => {
      const queue = context.queueOf(input, request);
      const draft = traced(readDraft(queue, input, context.senderOf(request)), request);
      const [sent] = await queue.send([draft]);
      return sent === undefined ? {} : describeSent(sent);
    },

    SendMessageBatch: async (input, request) => {
      const entryName = "SendMessageBatchRequestEntry";
      const queue = context.queueOf(input, request);
      const entries = objectList(input, "Entries");
      const ids = checkBatch(entries, entryName);
      checkMessageBatch(queue, entries, entryName);
      const drafts = entries.map((entry) =>
        attempt(() => traced(readDraft(queue, entry, context.senderOf(request), BATCH_SIZE_ERROR), request)),
      );
      const good = drafts.filter((draft): draft is MessageDraft => !(draft instanceof AwsError));
      const sent = good.length === 0 ? [] : await queue.send(good);
      let next = 0;
      const outcomes = drafts.map((draft) => (draft instanceof AwsError ? draft : describeSent(sent[next++])));
      return batchAnswer(ids, outcomes);
    },

    ReceiveMessage: async (input, request) => {
      const queue = context.queueOf(input, request);
      const max = optionalInteger(input, "MaxNumberOfMessages") ?? 1;
      if (max < 1 || max > SQS.receiveMaximum) {
        throw sqsError.invalidValue(
          max,
          "MaxNumberOfMessages",
          `Must be between 1 and ${SQS.receiveMaximum}, if provided.`,
        );
      }
      const waitSeconds = within(optionalInteger(input, "WaitTimeSeconds"), "WaitTimeSeconds", SQS.waitSeconds);
      const visibilityTimeoutSeconds = within(
        optionalInteger(input, "VisibilityTimeout"),
        "VisibilityTimeout",
        SQS.visibilitySeconds,
      );
      const systemNames = [...stringList(input, "AttributeNames"), ...stringList(input, "MessageSystemAttributeNames")];
      checkSystemAttributeNames(systemNames);
      const attributeNames = stringList(input, "MessageAttributeNames");
      const attemptId = optionalString(input, "ReceiveRequestAttemptId");
      if (attemptId !== undefined && !queue.fifo) {
        throw sqsError.invalidValue(
          attemptId,
          "ReceiveRequestAttemptId",
          "The request include parameter that is not valid for this queue type.",
        );
      }
      checkId("ReceiveRequestAttemptId", attemptId);
      const waitMs = (waitSeconds ?? queue.attribute("ReceiveMessageWaitTimeSeconds")) * 1000;
      const signal = waitMs > 0 ? context.disconnectOf(request) : undefined;
      const received = await queue.receive({ max, visibilityTimeoutSeconds, waitMs, attemptId, signal });
      return received.length === 0
        ? {}
        : { Messages: received.map((message) => describeReceived(message, systemNames, attributeNames)) };
    },

    DeleteMessage: async (input, request) => {
      const queue = context.queueOf(input, request);
      const [error] = await queue.delete([requiredString(input, "ReceiptHandle")]);
      if (error !== undefined) throw error;
      return {};
    },

    DeleteMessageBatch: async (input, request) => {
      const entryName = "DeleteMessageBatchRequestEntry";
      const queue = context.queueOf(input, request);
      const entries = objectList(input, "Entries");
      const ids = checkBatch(entries, entryName);
      return batchAnswer(ids, await queue.delete(receiptHandles(entries, entryName)));
    },

    ChangeMessageVisibility: async (input, request) => {
      const queue = context.queueOf(input, request);
      const handle = requiredString(input, "ReceiptHandle");
      const [error] = await queue.changeVisibility([{ handle, seconds: visibilityOf(input, "VisibilityTimeout") }]);
      if (error !== undefined) throw error;
      return {};
    },

    ChangeMessageVisibilityBatch: async (input, request) => {
      const entryName = "ChangeMessageVisibilityBatchRequestEntry";
      const queue = context.queueOf(input, request);
      const entries = objectList(input, "Entries");
      const ids = checkBatch(entries, entryName);
      const handles = receiptHandles(entries, entryName);
      const seconds = entries.map((entry, index) =>
        attempt(() => visibilityOf(entry, `${entryName}.${index + 1}.VisibilityTimeout`)),
      );
      const changes = seconds.flatMap((value, index) =>
        typeof value === "number" ? [{ handle: handles[index] ?? "", seconds: value }] : [],
      );
      const changed = await queue.changeVisibility(changes);
      let next = 0;
      return batchAnswer(
        ids,
        seconds.map((value) => (typeof value === "number" ? changed[next++] : value)),
      );
    },
  };
}

/**
 * The trace header of the request is the message's, unless the message brings one of its own.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
 */
function traced(draft: MessageDraft, { headers }: ServiceRequest): MessageDraft {
  const traceHeader = headers["x-amzn-trace-id"];
  return draft.traceHeader === undefined && typeof traceHeader === "string" ? { ...draft, traceHeader } : draft;
}

function describeSent(sent: SentMessage | undefined): JsonObject {
  return {
    MessageId: sent?.messageId,
    MD5OfMessageBody: sent?.draft.bodyMd5,
    MD5OfMessageAttributes: sent?.draft.attributesMd5,
    MD5OfMessageSystemAttributes: sent?.draft.traceHeaderMd5,
    SequenceNumber: sent?.sequenceNumber,
  };
}

/** Each entry fails or succeeds alone; a list without entries is left out. */
function batchAnswer(ids: readonly string[], outcomes: readonly (AwsError | JsonObject | undefined)[]): JsonObject {
  const successful: JsonObject[] = [];
  const failed: JsonObject[] = [];
  for (const [index, id] of ids.entries()) {
    const outcome = outcomes[index];
    if (outcome instanceof AwsError) {
      failed.push({
        Id: id,
        SenderFault: outcome.fault === "Sender",
        Code: outcome.queryCode ?? outcome.code,
        Message: outcome.message,
      });
    } else {
      successful.push({ Id: id, ...outcome });
    }
  }
  return {
    Successful: successful.length === 0 ? undefined : successful,
    Failed: failed.length === 0 ? undefined : failed,
  };
}

function receiptHandles(entries: readonly JsonObject[], entryName: string): string[] {
  return entries.map((entry, index) => {
    const handle = optionalString(entry, "ReceiptHandle");
    if (handle === undefined || handle === "")
      throw sqsError.missingParameter(`${entryName}.${index + 1}.ReceiptHandle`);
    return handle;
  });
}

function visibilityOf(input: JsonObject, parameter: string): number {
  const seconds = optionalInteger(input, "VisibilityTimeout");
  if (seconds === undefined) throw sqsError.missingParameter(parameter);
  if (seconds < 0 || seconds > SQS.visibilitySeconds) {
    throw sqsError.invalidValue(
      seconds,
      "VisibilityTimeout",
      `Must be between 0 and ${SQS.visibilitySeconds}, if provided.`,
    );
  }
  return seconds;
}

function within(value: number | undefined, parameter: string, max: number): number | undefined {
  if (value !== undefined && (value < 0 || value > max))
    throw sqsError.invalidValue(value, parameter, `Must be >= 0 and <= ${max}, if provided.`);
  return value;
}

/** The value, or the error of AWS that came instead. */
function attempt<T>(read: () => T): T | AwsError {
  try {
    return read();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}
