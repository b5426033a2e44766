/** Members that most operations of Kinesis share, with the constraints of the API model. */
import { parseArn } from "../../shared/arn.js";
import { AwsError } from "../kit/aws-error.js";
import { numberMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { KinesisContext } from "./context.js";
import { invalidArgument, streamNotFound } from "./errors.js";
import type { StreamRow } from "./store.js";

const NAME = /^[a-zA-Z0-9_.-]+$/;
const SHOWN_NAME = "[a-zA-Z0-9_.-]+";
const STREAM_ARN = /^arn:aws[^:]*:kinesis:[^:]*:\d{12}:stream\/\S+$/;
const SHOWN_STREAM_ARN = "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+";
const CONSUMER_ARN = /^arn:aws[^:]*:kinesis:[^:]*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:\d+$/;
const SHOWN_CONSUMER_ARN =
  "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+";
const MAX_ARN = 2048;
const MAX_NAME = 128;

/** `StreamName` -> `streamName`, as refusals name members. */
const shownMember = (member: string): string => `${member.charAt(0).toLowerCase()}${member.slice(1)}`;

/** A name of a stream, shard or consumer. */
export function nameMember(input: JsonObject, member: string, violations: Violations): string | undefined {
  const name = stringMember(input, member);
  violations.length(name, shownMember(member), 1, MAX_NAME);
  violations.pattern(name, shownMember(member), NAME, SHOWN_NAME);
  return name;
}

export function requiredName(input: JsonObject, member: string, violations: Violations): string {
  const name = nameMember(input, member, violations);
  violations.required(name, shownMember(member));
  return name ?? "";
}

export function rangeMember(
  input: JsonObject,
  member: string,
  min: number,
  max: number,
  violations: Violations,
): number | undefined {
  const value = numberMember(input, member);
  violations.range(value, shownMember(member), min, max);
  return value;
}

export function enumMember<T extends string>(
  input: JsonObject,
  member: string,
  allowed: readonly T[],
  violations: Violations,
): T | undefined {
  const value = stringMember(input, member);
  violations.oneOf(value, shownMember(member), allowed);
  return value as T | undefined;
}

/** A number of up to 128 bits, in decimal. `at` is how refusals name the member. */
export function hashKeyMember(
  input: JsonObject,
  member: string,
  at: string,
  violations: Violations,
): bigint | undefined {
  const text = stringMember(input, member);
  violations.pattern(text, at, /^(0|([1-9]\d{0,38}))$/, "0|([1-9]\\d{0,38})");
  return text === undefined || !/^\d+$/.test(text) ? undefined : BigInt(text);
}

export function sequenceMember(input: JsonObject, member: string, violations: Violations): string | undefined {
  const text = stringMember(input, member);
  violations.pattern(text, shownMember(member), /^(0|([1-9]\d{0,128}))$/, "0|([1-9]\\d{0,128})");
  return text;
}

/** Seconds in JSON; milliseconds come out. */
export function timeMember(input: JsonObject, member: string): number | undefined {
  const seconds = numberMember(input, member);
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** Bytes, which JSON has in base64. */
export function blobMember(input: JsonObject, member: string): Buffer | undefined {
  const text = stringMember(input, member);
  if (text === undefined) return undefined;
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new AwsError("SerializationException", `'${member}' can not be converted to a Blob: it is not base64.`);
  return Buffer.from(text, "base64");
}

/** Name of the stream that a request is about; undefined when it names none. Adds what is wrong with it. */
export function streamNameIn(input: JsonObject, violations: Violations): string | undefined {
  const name = nameMember(input, "StreamName", violations);
  const arn = stringMember(input, "StreamARN");
  violations.length(arn, "streamARN", 1, MAX_ARN);
  violations.pattern(arn, "streamARN", STREAM_ARN, SHOWN_STREAM_ARN);
  const named = arn === undefined ? undefined : streamNameOfArn(arn);
  if (name !== undefined && named !== undefined && name !== named)
    throw invalidArgument(`StreamName ${name} and StreamARN ${arn} do not name the same stream.`);
  return name ?? named;
}

/** The stream that a request is about; throws what is wrong with the request first. */
export function requireStream(context: KinesisContext, input: JsonObject, violations = new Violations()): StreamRow {
  const name = streamNameIn(input, violations);
  violations.check();
  if (name === undefined) throw invalidArgument("Either StreamARN or StreamName should be provided.");
  return streamNamed(context, name);
}

export function streamNamed({ store, realm }: KinesisContext, name: string): StreamRow {
  const stream = store.find(name);
  if (stream === undefined) throw streamNotFound(name, realm.accountId);
  return stream;
}

/** `arn:aws:kinesis:region:account:stream/NAME[/consumer/...]`; undefined for another ARN. */
export function streamNameOfArn(arn: string): string | undefined {
  const parsed = parseArn(arn);
  return parsed?.service === "kinesis" ? /^stream\/([^/]+)/.exec(parsed.resource)?.[1] : undefined;
}

export function consumerArnMember(input: JsonObject, member: string, violations: Violations): string | undefined {
  const arn = stringMember(input, member);
  violations.length(arn, shownMember(member), 1, MAX_ARN);
  violations.pattern(arn, shownMember(member), CONSUMER_ARN, SHOWN_CONSUMER_ARN);
  return arn;
}

/** What is asked for and not there: refused by its name, never taken without a word. */
export function refuseMembers(input: JsonObject, members: readonly string[]): void {
  const found = members.find((member) => input[member] !== undefined && input[member] !== null);
  if (found !== undefined) throw invalidArgument(`${found} is not emulated by lambda-run: leave it out.`);
}
