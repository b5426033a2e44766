/**
 * Message attributes as Publish takes them. https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
import { isJsonObject, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { TopicMessageAttribute } from "../../shared/bus.js";
import { snsError } from "./errors.js";

const MAX_NAME_BYTES = 255;
const PREFIXES = ["String", "Number", "Binary"] as const;

export type MessageAttributes = Readonly<Record<string, TopicMessageAttribute>>;

/** `at` names the place of the attributes in the request (`messageAttributes`). */
export function readMessageAttributes(input: JsonObject, at: string): MessageAttributes {
  const given = input["MessageAttributes"];
  const attributes: Record<string, TopicMessageAttribute> = {};
  for (const [name, value] of Object.entries(isJsonObject(given) ? given : {})) {
    checkName(name);
    const member = isJsonObject(value) ? value : {};
    const dataType = stringMember(member, "DataType");
    if (dataType === undefined) throw snsError.missing(`${at}.${name}.member.dataType`);
    const prefix = PREFIXES.find((one) => dataType === one || dataType.startsWith(`${one}.`));
    if (prefix === undefined)
      throw snsError.attributeInvalid(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    Object.defineProperty(attributes, name, { value: readValue(name, dataType, prefix, member), enumerable: true });
  }
  return attributes;
}

function readValue(
  name: string,
  dataType: string,
  prefix: (typeof PREFIXES)[number],
  member: JsonObject,
): TopicMessageAttribute {
  const stringValue = stringMember(member, "StringValue");
  const binary = stringMember(member, "BinaryValue");
  const [text, other, field] = prefix === "Binary" ? [binary, stringValue, "Binary"] : [stringValue, binary, "String"];
  if (text === undefined && other !== undefined && other !== "")
    throw snsError.attributeInvalid(
      `The message attribute '${name}' with type '${dataType}' must use field '${field}'.`,
    );
  if (text === undefined || text === "")
    throw snsError.attributeInvalid(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${dataType}'.`,
    );
  if (prefix === "Number" && (text.trim() === "" || Number.isNaN(Number(text))))
    throw snsError.attributeInvalid(`Could not cast message attribute '${name}' value to number.`);
  return prefix === "Binary" ? { dataType, binaryValue: text } : { dataType, stringValue: text };
}

function checkName(name: string): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw snsError.attributeInvalid("Length of message attribute name must be less than 256 bytes.");
  const wrong = /[^A-Za-z0-9_.-]/.exec(name)?.[0];
  if (wrong !== undefined)
    throw snsError.attributeInvalid(
      `Invalid non-alphanumeric character '#x${wrong.charCodeAt(0).toString(16).toUpperCase()}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`,
    );
  if (name.startsWith("."))
    throw snsError.attributeInvalid("Invalid message attribute name starting with character '.' was found.");
  if (name.endsWith("."))
    throw snsError.attributeInvalid("Invalid message attribute name ending with character '.' was found.");
  if (name.includes(".."))
    throw snsError.attributeInvalid("Message attribute name can not have successive '.' character.");
}

/** What attributes add to the size of a message: names, types and values. */
export function attributesSizeBytes(attributes: MessageAttributes): number {
  let bytes = 0;
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(dataType);
    bytes +=
      stringValue === undefined ? Buffer.byteLength(binaryValue ?? "", "base64") : Buffer.byteLength(stringValue);
  }
  return bytes;
}
