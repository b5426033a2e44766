/**
 * Publish and PublishBatch: who gets a message, and what of it is refused.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
import { createHash, randomUUID } from "node:crypto";
import type { TopicMessage } from "../../shared/bus.js";
import { arnOf } from "../../shared/arn.js";
import { jsonObjectIn, objectListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import { requireTopic, type Operations, type SnsContext } from "./context.js";
import { snsError } from "./errors.js";
import { passes } from "./filter-policy.js";
import { attributesSizeBytes, readMessageAttributes, type MessageAttributes } from "./message-attributes.js";
import { subscriptionArn } from "./names.js";
import type { TopicRow } from "./store.js";
import { isFifoTopic } from "./topics.js";

const MAX_MESSAGE_BYTES = 262_144;
const MAX_ENTRIES = 10;
const MAX_SUBJECT_LENGTH = 100;
const DEDUPLICATION_MS = 5 * 60_000;
/** Group and deduplication ids, as SQS has them, too: alphanumeric and punctuation. */
const ORDER_ID = /^[\x21-\x7e]{1,128}$/;
/** Sequence numbers of FIFO topics have twenty digits, as those of FIFO queues. */
const SEQUENCE_BASE = 10n ** 19n;

/** What a caller wants to publish, checked. */
export interface Draft {
  readonly message: string;
  readonly subject: string | undefined;
  /** `MessageStructure: json`: the text for each protocol. */
  readonly byProtocol: Readonly<Record<string, string>> | undefined;
  readonly attributes: MessageAttributes;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly traceHeader: string | undefined;
}

export interface Receipt {
  readonly messageId: string;
  readonly sequenceNumber: string | undefined;
}

export interface PublishContext extends SnsContext {
  /** A message to a telephone number goes nowhere; it is told. */
  readonly textMessage: (phoneNumber: string, message: string) => void;
}

export function publishOperations(context: PublishContext): Operations {
  return {
    Publish: (input, request) => publishOne(context, input, request),
    PublishBatch: (input, request) => publishBatch(context, input, request),
  };
}

async function publishOne(context: PublishContext, input: JsonObject, request: ServiceRequest): Promise<JsonObject> {
  const draft = readDraft(input, "messageAttributes", request);
  const phoneNumber = stringMember(input, "PhoneNumber");
  if (phoneNumber !== undefined) {
    if (!/^\+[1-9]\d{1,14}$/.test(phoneNumber))
      throw snsError.invalidParameter(`PhoneNumber Reason: ${phoneNumber} is not valid to publish to`);
    context.textMessage(phoneNumber, draft.message);
    return { MessageId: randomUUID() };
  }
  const targetArn = stringMember(input, "TargetArn");
  if (targetArn?.includes(":endpoint/") === true)
    throw snsError.invalidParameter("TargetArn Reason: No endpoint found for the target arn specified");
  const arn = stringMember(input, "TopicArn") ?? targetArn;
  if (draft.groupId === undefined && arn?.endsWith(".fifo") === true) checkForTopic(draft, true, undefined);
  const receipt = await context.store.write(() => publish(context, requireTopic(context, arn), draft));
  return shown(receipt);
}

async function publishBatch(context: PublishContext, input: JsonObject, request: ServiceRequest): Promise<JsonObject> {
  const entries = objectListMember(input, "PublishBatchRequestEntries") ?? [];
  if (entries.length === 0) throw snsError.emptyBatch();
  if (entries.length > MAX_ENTRIES) throw snsError.tooManyEntries();
  const arn = stringMember(input, "TopicArn");
  const topic = requireTopic(context, arn);
  const ids = entries.map((entry) => stringMember(entry, "Id") ?? "");
  if (ids.some((id) => !/^[A-Za-z0-9_-]{1,80}$/.test(id))) throw snsError.invalidEntryId();
  if (new Set(ids).size < ids.length) throw snsError.entryIdsNotDistinct();
  const drafts = entries.map((entry, index) =>
    readDraft(entry, `publishBatchRequestEntries.${index + 1}.member.messageAttributes`, request),
  );
  if (drafts.reduce((sum, draft) => sum + sizeBytes(draft), 0) > MAX_MESSAGE_BYTES) throw snsError.batchTooLong();
  for (const draft of drafts) checkForTopic(draft, isFifoTopic(topic), topic);
  const receipts = await context.store.write(() =>
    // Read anew each time: a FIFO topic counts its messages.
    drafts.map((draft) => publish(context, requireTopic(context, arn), draft)),
  );
  return {
    Successful: receipts.map((receipt, index) => ({ Id: ids[index], ...shown(receipt) })),
    Failed: [],
  };
}

const shown = ({ messageId, sequenceNumber }: Receipt): JsonObject => ({
  MessageId: messageId,
  ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
});

function readDraft(input: JsonObject, attributesAt: string, request: ServiceRequest): Draft {
  const message = stringMember(input, "Message") ?? "";
  const subject = stringMember(input, "Subject");
  if (subject !== undefined && (subject === "" || subject.length > MAX_SUBJECT_LENGTH || /\p{Cc}/u.test(subject)))
    throw snsError.invalidParameter("Subject");
  if (message === "") throw snsError.invalidParameter("Empty message");
  const traceHeader = request.headers["x-amzn-trace-id"];
  const draft: Draft = {
    message,
    subject,
    byProtocol: stringMember(input, "MessageStructure") === "json" ? readStructure(message) : undefined,
    attributes: readMessageAttributes(input, attributesAt),
    groupId: checkOrderId(input, "MessageGroupId"),
    deduplicationId: checkOrderId(input, "MessageDeduplicationId"),
    traceHeader: typeof traceHeader === "string" ? traceHeader : undefined,
  };
  if (sizeBytes(draft) > MAX_MESSAGE_BYTES) throw snsError.invalidParameter("Message too long");
  return draft;
}

const sizeBytes = ({ message, attributes }: Draft): number =>
  Buffer.byteLength(message) + attributesSizeBytes(attributes);

function readStructure(message: string): Readonly<Record<string, string>> {
  const texts = jsonObjectIn(message);
  if (texts === undefined) throw snsError.invalidParameter("Message Structure - JSON message body failed to parse");
  // "Non-string values will cause the key to be ignored."
  const kept = Object.entries(texts).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (!kept.some(([protocol]) => protocol === "default"))
    throw snsError.invalidParameter("Message Structure - No default entry in JSON message body");
  return Object.fromEntries(kept);
}

function checkOrderId(input: JsonObject, name: "MessageGroupId" | "MessageDeduplicationId"): string | undefined {
  const id = stringMember(input, name);
  if (id !== undefined && id !== "" && !ORDER_ID.test(id))
    throw snsError.invalidParameter(
      `${name} Reason: The parameter can only include alphanumeric and punctuation characters, 1 to 128 in length`,
    );
  return id;
}

function checkForTopic({ groupId, deduplicationId }: Draft, fifo: boolean, topic: TopicRow | undefined): void {
  if (!fifo) {
    if (deduplicationId !== undefined)
      throw snsError.invalidParameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
      );
    return;
  }
  if (groupId === undefined || groupId === "")
    throw snsError.invalidParameter("The MessageGroupId parameter is required for FIFO topics");
  if (topic !== undefined && deduplicationId === undefined && !deduplicatesByContent(topic))
    throw snsError.invalidParameter(
      "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
}

const deduplicatesByContent = ({ attributes }: TopicRow): boolean =>
  attributes["ContentBasedDeduplication"]?.toLowerCase() === "true";

/** To be called inside a write transaction: who listens to the bus keeps the deliveries in the same one. */
export function publish(context: SnsContext, topic: TopicRow, draft: Draft): Receipt {
  const { store, clock, realm, bus } = context;
  const nowMs = clock.now();
  const fifo = isFifoTopic(topic);
  checkForTopic(draft, fifo, topic);
  const deduplicationId = fifo
    ? (draft.deduplicationId ?? createHash("sha256").update(draft.message).digest("hex"))
    : undefined;
  if (deduplicationId !== undefined) {
    store.sweep(nowMs);
    const earlier = store.published(topic.name, deduplicationId, nowMs);
    if (earlier !== undefined) return earlier;
  }
  const messageId = randomUUID();
  const sequenceNumber = fifo ? String(SEQUENCE_BASE + BigInt(topic.nextSequence)) : undefined;
  if (deduplicationId !== undefined && sequenceNumber !== undefined) {
    store.putPublished(topic.name, deduplicationId, {
      expiresMs: nowMs + DEDUPLICATION_MS,
      messageId,
      sequenceNumber,
    });
    store.putTopic({ ...topic, nextSequence: topic.nextSequence + 1 });
  }
  for (const row of store.subscriptionsOf(topic.name)) {
    const body = draft.byProtocol?.[row.protocol] ?? draft.byProtocol?.["default"] ?? draft.message;
    if (row.token !== undefined || !passes(row, body, draft.attributes)) continue;
    const message: TopicMessage = {
      type: "Notification",
      messageId,
      body,
      attributes: draft.attributes,
      timeMs: nowMs,
      ...(draft.subject === undefined ? {} : { subject: draft.subject }),
      ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
      ...(draft.groupId === undefined ? {} : { groupId: draft.groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
      ...(draft.traceHeader === undefined ? {} : { traceHeader: draft.traceHeader }),
    };
    bus.emit("NotificationDue", {
      topicArn: arnOf.topic(realm, topic.name),
      subscriptionArn: subscriptionArn(realm, row),
      protocol: row.protocol,
      endpoint: row.endpoint,
      rawMessageDelivery: row.attributes["RawMessageDelivery"]?.toLowerCase() === "true",
      deadLetterTargetArn: deadLetterTarget(row.attributes["RedrivePolicy"]),
      message,
    });
  }
  return { messageId, sequenceNumber };
}

function deadLetterTarget(redrivePolicy: string | undefined): string | undefined {
  const arn = redrivePolicy === undefined ? undefined : jsonObjectIn(redrivePolicy)?.["deadLetterTargetArn"];
  return typeof arn === "string" ? arn : undefined;
}
