/** Tags of streams and consumers. https://docs.aws.amazon.com/streams/latest/dev/tagging.html */
import { objectMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { change } from "./change-stream.js";
import type { KinesisContext, Operations } from "./context.js";
import { consumerNotFound, invalidArgument } from "./errors.js";
import { rangeMember, requireStream, streamNamed, streamNameOfArn } from "./input.js";
import type { StreamRow } from "./store.js";

type Tags = Readonly<Record<string, string>>;

const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function tagOperations(context: KinesisContext): Operations {
  const { accountId } = context.realm;
  return {
    AddTagsToStream: (input) => {
      const violations = new Violations();
      const given = requiredTags(input, violations);
      return change(context, input, violations, (stream) => ({
        ...stream,
        tags: checkedTags(given, stream.tags, stream.name, accountId),
      }));
    },
    RemoveTagsFromStream: (input) => {
      const violations = new Violations();
      const keys = keysMember(input, violations);
      return change(context, input, violations, (stream) => ({ ...stream, tags: without(stream.tags, keys) }));
    },
    ListTagsForStream: (input) => {
      const violations = new Violations();
      const limit = rangeMember(input, "Limit", 1, MAX_TAGS, violations) ?? MAX_TAGS;
      const start = stringMember(input, "ExclusiveStartTagKey");
      violations.length(start, "exclusiveStartTagKey", 1, MAX_KEY);
      const { tags } = requireStream(context, input, violations);
      const rest = listed(tags).filter(({ Key }) => start === undefined || Key > start);
      return { Tags: rest.slice(0, limit), HasMoreTags: rest.length > limit };
    },
    TagResource: (input) => {
      const violations = new Violations();
      const given = requiredTags(input, violations);
      return onResource(context, input, violations, (tags, name) => checkedTags(given, tags, name, accountId));
    },
    UntagResource: (input) => {
      const violations = new Violations();
      const keys = keysMember(input, violations);
      return onResource(context, input, violations, (tags) => without(tags, keys));
    },
    ListTagsForResource: (input) => {
      const { stream, consumerArn } = resourceOf(context, input, new Violations());
      return { Tags: listed(consumerArn === undefined ? stream.tags : consumerOf(context, stream, consumerArn).tags) };
    },
  };
}

/** `given` over `present`; throws what AWS says of tags that cannot be. */
export function checkedTags(given: JsonObject, present: Tags, streamName: string, accountId: string): Tags {
  const tags = Object.fromEntries(Object.keys(given).map((key) => [key, stringMember(given, key) ?? ""]));
  if (Object.entries(tags).some((pair) => pair.some((text) => !ALLOWED.test(text))))
    throw invalidArgument(
      "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
    );
  const merged = { ...present, ...tags };
  if (Object.keys(merged).length > MAX_TAGS)
    throw invalidArgument(
      `Failed to add tags to stream ${streamName} under account ${accountId} because a given stream cannot have more than ${MAX_TAGS} tags associated with it.`,
    );
  return merged;
}

/** None when there is no such member. */
export function tagsMember(input: JsonObject, violations: Violations): JsonObject {
  const tags = objectMember(input, "Tags") ?? {};
  for (const [key, value] of Object.entries(tags)) {
    violations.length(key, "tags", 1, MAX_KEY);
    if (typeof value === "string") violations.length(value, "tags", 0, MAX_VALUE);
  }
  return tags;
}

function requiredTags(input: JsonObject, violations: Violations): JsonObject {
  violations.required(input["Tags"], "tags");
  return tagsMember(input, violations);
}

function keysMember(input: JsonObject, violations: Violations): readonly string[] {
  const keys = stringListMember(input, "TagKeys");
  violations.required(keys, "tagKeys");
  violations.length(keys, "tagKeys", 1, MAX_TAGS);
  return keys ?? [];
}

const without = (tags: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));

const listed = (tags: Tags): { readonly Key: string; readonly Value: string }[] =>
  Object.entries(tags)
    .map(([Key, Value]) => ({ Key, Value }))
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));

interface Resource {
  readonly stream: StreamRow;
  /** Undefined: the stream itself. */
  readonly consumerArn: string | undefined;
}

function resourceOf(context: KinesisContext, input: JsonObject, violations: Violations): Resource {
  const arn = stringMember(input, "ResourceARN");
  violations.required(arn, "resourceARN");
  violations.check();
  const name = streamNameOfArn(arn ?? "");
  if (arn === undefined || name === undefined) throw invalidArgument(`Invalid ResourceARN: ${arn}`);
  return { stream: streamNamed(context, name), consumerArn: arn.includes("/consumer/") ? arn : undefined };
}

function consumerOf({ realm }: KinesisContext, { consumers }: StreamRow, arn: string): StreamRow["consumers"][number] {
  const found = consumers.find((consumer) => consumer.arn === arn);
  if (found === undefined) throw consumerNotFound(arn, realm.accountId);
  return found;
}

async function onResource(
  context: KinesisContext,
  input: JsonObject,
  violations: Violations,
  changed: (tags: Tags, name: string) => Tags,
): Promise<JsonObject> {
  const { store } = context;
  await store.write(() => {
    const { stream, consumerArn } = resourceOf(context, input, violations);
    if (consumerArn === undefined) return store.put({ ...stream, tags: changed(stream.tags, stream.name) });
    const found = consumerOf(context, stream, consumerArn);
    const consumer = { ...found, tags: changed(found.tags, stream.name) };
    store.put({ ...stream, consumers: stream.consumers.map((one) => (one === found ? consumer : one)) });
  });
  return {};
}
