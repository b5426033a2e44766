/**
 * Checks messages on their way in, one and in batches.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
import { hash } from "node:crypto";
import type { JsonObject } from "../kit/json-protocol.js";
import { sqsError } from "./errors.js";
import { objectMap, optionalInteger, optionalString } from "./input.js";
import { SQS } from "./limits.js";
import {
  attributesBytes,
  attributesMd5,
  hasValidCharacters,
  readMessageAttributes,
  readTraceHeader,
} from "./message-attributes.js";
import type { Queue } from "./queue.js";
import type { MessageDraft } from "./queue-types.js";

const FIFO_ID = /^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/;
const WRONG_QUEUE_TYPE = "The request include parameter that is not valid for this queue type.";
const BATCH_ID = /^[A-Za-z0-9_-]{1,80}$/;

/** A message with its size; throws what AWS answers for a bad one. */
export function readDraft(
  queue: Queue,
  input: JsonObject,
  senderId: string,
  sizeErrorStart = "One or more parameters are invalid.",
): MessageDraft {
  const body = optionalString(input, "MessageBody");
  if (body === undefined || body === "") throw sqsError.missingParameter("MessageBody");
  const attributes = readMessageAttributes(objectMap(input, "MessageAttributes"));
  const traceHeader = readTraceHeader(objectMap(input, "MessageSystemAttributes"));
  if (!hasValidCharacters(body)) throw sqsError.invalidMessageContents();
  const maximumBytes = queue.attribute("MaximumMessageSize");
  // A character takes at most three bytes for each of its UTF-16 units: short texts need no counting.
  if (attributes !== undefined || body.length * 3 > maximumBytes) {
    if (Buffer.byteLength(body) + attributesBytes(attributes) > maximumBytes) {
      throw sqsError.invalidParameter(`${sizeErrorStart} Reason: Message must be shorter than ${maximumBytes} bytes.`);
    }
  }
  const delaySeconds = optionalInteger(input, "DelaySeconds");
  const groupId = optionalString(input, "MessageGroupId");
  const deduplicationId = optionalString(input, "MessageDeduplicationId");
  if (queue.fifo) checkFifo(queue, delaySeconds, groupId, deduplicationId);
  else checkStandard(delaySeconds, deduplicationId);
  checkId("MessageGroupId", groupId);
  checkId("MessageDeduplicationId", deduplicationId);
  return {
    body,
    bodyMd5: hash("md5", body),
    senderId,
    delaySeconds,
    attributes,
    attributesMd5: attributes === undefined ? undefined : attributesMd5(attributes),
    traceHeader,
    traceHeaderMd5:
      traceHeader === undefined
        ? undefined
        : attributesMd5({ AWSTraceHeader: { dataType: "String", stringValue: traceHeader } }),
    groupId,
    deduplicationId: deduplicationId ?? (queue.fifo ? hash("sha256", body) : undefined),
  };
}

function checkFifo(
  queue: Queue,
  delaySeconds: number | undefined,
  groupId: string | undefined,
  deduplicationId: string | undefined,
): void {
  if (delaySeconds !== undefined && delaySeconds !== 0)
    throw sqsError.invalidValue(delaySeconds, "DelaySeconds", WRONG_QUEUE_TYPE);
  if (groupId === undefined) throw sqsError.missingParameter("MessageGroupId");
  if (deduplicationId === undefined && queue.row.attributes["ContentBasedDeduplication"] !== "true") {
    throw sqsError.invalidParameter(
      "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
  }
}

function checkStandard(delaySeconds: number | undefined, deduplicationId: string | undefined): void {
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > SQS.delaySeconds)) {
    throw sqsError.invalidValue(delaySeconds, "DelaySeconds", `DelaySeconds must be >= 0 and <= ${SQS.delaySeconds}.`);
  }
  if (deduplicationId !== undefined)
    throw sqsError.invalidValue(deduplicationId, "MessageDeduplicationId", WRONG_QUEUE_TYPE);
}

export function checkId(parameter: string, value: string | undefined): void {
  if (value === undefined || FIFO_ID.test(value)) return;
  throw sqsError.invalidValue(
    value,
    parameter,
    `${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

/** The rules that hold for every batch. Answers the entries' ids in order. */
export function checkBatch(entries: readonly JsonObject[], entryName: string): string[] {
  if (entries.length === 0) throw sqsError.emptyBatch(entryName);
  if (entries.length > SQS.batchEntries) throw sqsError.tooManyEntries(entries.length);
  const ids = entries.map((entry, index) => {
    const id = optionalString(entry, "Id");
    if (id === undefined || id === "") throw sqsError.missingParameter(`${entryName}.${index + 1}.Id`);
    if (!BATCH_ID.test(id)) throw sqsError.invalidEntryId();
    return id;
  });
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) throw sqsError.entryIdsNotDistinct(repeated);
  return ids;
}

/** Rules of a batch of messages that refuse it as a whole. */
export function checkMessageBatch(queue: Queue, entries: readonly JsonObject[], entryName: string): void {
  let bytes = 0;
  for (const [index, entry] of entries.entries()) {
    const body = optionalString(entry, "MessageBody");
    if (body === undefined || body === "") throw sqsError.missingParameter(`${entryName}.${index + 1}.MessageBody`);
    // The text of a missing parameter under another code than SendMessage has: recorded.
    if (queue.fifo && optionalString(entry, "MessageGroupId") === undefined)
      throw sqsError.invalidParameter("The request must contain the parameter MessageGroupId.");
    bytes += Buffer.byteLength(body) + rawAttributesBytes(objectMap(entry, "MessageAttributes"));
  }
  if (bytes > SQS.batchBytes) throw sqsError.batchTooLong(SQS.batchBytes, bytes);
}

/** Size of attributes that are not checked yet. */
function rawAttributesBytes(attributes: JsonObject): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== "object" || value === null) continue;
    const { DataType: type, StringValue: text, BinaryValue: binary } = value as JsonObject;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(typeof type === "string" ? type : "");
    bytes += typeof text === "string" ? Buffer.byteLength(text) : 0;
    bytes += typeof binary === "string" ? Buffer.byteLength(binary, "base64") : 0;
  }
  return bytes;
}
