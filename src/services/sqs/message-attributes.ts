/**
 * Message attributes: what AWS accepts, how they count towards the size, and their MD5.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
import { createHash } from "node:crypto";
import type { JsonObject } from "../kit/json-protocol.js";
import { sqsError } from "./errors.js";
import { asObject, optionalString } from "./input.js";
import { SQS } from "./limits.js";

export interface MessageAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const NAME = /^[A-Za-z0-9_.\u00c0-\u017f-]+$/;
const RESERVED = /^(aws\.|amazon)/i;
const TYPE = /^(String|Number|Binary)(\..*)?$/s;
// eslint-disable-next-line no-control-regex -- these are the characters that SQS refuses
const INVALID_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF` */
export function hasValidCharacters(text: string): boolean {
  return !INVALID_CHARACTERS.test(text) && !LONE_SURROGATE.test(text);
}

/** Reads and checks `MessageAttributes`. Texts recorded on AWS name them "message (user) attributes". */
export function readMessageAttributes(given: JsonObject): MessageAttributes | undefined {
  const names = Object.keys(given);
  if (names.length === 0) return undefined;
  if (names.length > SQS.messageAttributes) {
    throw sqsError.invalidParameter(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${SQS.messageAttributes}].`,
    );
  }
  return Object.fromEntries(
    names.map((name) => {
      checkName(name);
      return [name, readValue(name, asObject(given[name]), "(user)")];
    }),
  );
}

/** Reads `MessageSystemAttributes`; the trace header is the only one. */
export function readTraceHeader(given: JsonObject): string | undefined {
  for (const name of Object.keys(given)) {
    if (name !== "AWSTraceHeader")
      throw sqsError.invalidParameter(`Message system attribute name '${name}' is invalid.`);
  }
  if (given["AWSTraceHeader"] === undefined) return undefined;
  const attribute = readValue("AWSTraceHeader", asObject(given["AWSTraceHeader"]), "(system)");
  if (attribute.dataType !== "String" || attribute.stringValue === undefined) {
    throw sqsError.invalidParameter("The data type of message (system) attribute 'AWSTraceHeader' must be 'String'.");
  }
  return attribute.stringValue;
}

function checkName(name: string): void {
  if (name === "")
    throw sqsError.invalidParameter("The request must contain non-empty message (user) attribute names.");
  if (Buffer.byteLength(name) > SQS.attributeNameBytes) {
    throw sqsError.invalidParameter("Message (user) attribute name must be shorter than 256 bytes.");
  }
  if (RESERVED.test(name)) {
    throw sqsError.invalidParameter(
      "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal use.",
    );
  }
  if (!NAME.test(name)) {
    throw sqsError.invalidParameter(
      "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ",
    );
  }
  if (name.startsWith(".") || name.endsWith(".") || name.includes("..")) {
    throw sqsError.invalidParameter(
      "You can't use message attribute names beginning or ending with a period, or with successive periods.",
    );
  }
}

function readValue(name: string, given: JsonObject, kind: "(user)" | "(system)"): MessageAttribute {
  const dataType = optionalString(given, "DataType");
  if (given["StringListValues"] !== undefined || given["BinaryListValues"] !== undefined) {
    if (lengthOf(given["StringListValues"]) + lengthOf(given["BinaryListValues"]) > 0) {
      throw sqsError.invalidParameter("Message attribute list values in SendMessage operation are not supported.");
    }
  }
  const stringValue = optionalString(given, "StringValue");
  const binaryValue = optionalString(given, "BinaryValue");
  if (dataType === undefined || dataType === "") {
    if (stringValue === undefined && binaryValue === undefined) {
      throw sqsError.invalidParameter(
        `The message ${kind} attribute '${name}' must contain a non-empty message attribute value.`,
      );
    }
    throw sqsError.invalidParameter(`Message ${kind} attribute '${name}' must contain a non-empty attribute type.`);
  }
  if (Buffer.byteLength(dataType) > SQS.attributeNameBytes) {
    throw sqsError.invalidParameter(`Message ${kind} attribute type must be shorter than 256 bytes.`);
  }
  const base = TYPE.exec(dataType)?.[1];
  if (base === undefined) {
    throw sqsError.invalidParameter(
      `The type of message ${kind} attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  }
  const value = base === "Binary" ? binaryValue : stringValue;
  if (value === undefined || value === "") {
    throw sqsError.invalidParameter(
      `Message ${kind} attribute '${name}' must contain a non-empty value of type '${base === "Binary" ? "Binary" : "String"}'.`,
    );
  }
  if (base === "Binary") return { dataType, binaryValue: value };
  if (!hasValidCharacters(value)) throw sqsError.invalidMessageContents();
  if (base === "Number" && (value.trim() === "" || Number.isNaN(Number(value)))) {
    throw sqsError.invalidParameter(`Can't cast the value of message ${kind} attribute '${name}' to a number.`);
  }
  return { dataType, stringValue: value };
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

/** Bytes that attributes add to a message's size: name, type and value each count. */
export function attributesBytes(attributes: MessageAttributes | undefined): number {
  let bytes = 0;
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(attribute.dataType) + transportValue(attribute).length;
  }
  return bytes;
}

const STRING_TRANSPORT = Buffer.from([1]);
const BINARY_TRANSPORT = Buffer.from([2]);

/** "Calculating the MD5 message digest for message attributes", on the page named above. */
export function attributesMd5(attributes: MessageAttributes): string {
  const hash = createHash("md5");
  const addWithLength = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const attribute = attributes[name];
    if (attribute === undefined) continue;
    addWithLength(Buffer.from(name));
    addWithLength(Buffer.from(attribute.dataType));
    hash.update(attribute.binaryValue === undefined ? STRING_TRANSPORT : BINARY_TRANSPORT);
    addWithLength(transportValue(attribute));
  }
  return hash.digest("hex");
}

function transportValue(attribute: MessageAttribute): Buffer {
  return attribute.binaryValue === undefined
    ? Buffer.from(attribute.stringValue ?? "")
    : Buffer.from(attribute.binaryValue, "base64");
}

/** The attributes that `MessageAttributeNames` asks for: names, `prefix.*`, `All` and `.*`. */
export function selectAttributes(
  attributes: MessageAttributes | undefined,
  wanted: readonly string[],
): MessageAttributes | undefined {
  if (attributes === undefined || wanted.length === 0) return undefined;
  if (wanted.includes("All") || wanted.includes(".*")) return attributes;
  const selected = Object.entries(attributes).filter(([name]) =>
    wanted.some((pattern) => pattern === name || (pattern.endsWith(".*") && name.startsWith(pattern.slice(0, -2)))),
  );
  return selected.length === 0 ? undefined : Object.fromEntries(selected);
}
