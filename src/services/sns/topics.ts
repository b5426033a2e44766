/** Operations on topics. https://docs.aws.amazon.com/sns/latest/api/API_Operations.html */
import { arnOf } from "../../shared/arn.js";
import { stringListMember, stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { attributesMember, keyIn, page, requireTopic, type Operations, type SnsContext } from "./context.js";
import { snsError } from "./errors.js";
import { checkTopicName, topicNameIn } from "./names.js";
import { addStatement, removeStatement } from "./permissions.js";
import type { TopicRow } from "./store.js";
import { readTags, sameTags, shownTags, withoutTags, withTags, type Tags } from "./tags.js";
import {
  checkTopicAttributes,
  defaultAttributes,
  defaultPolicy,
  sameAttributes,
  shownAttributes,
} from "./topic-attributes.js";

export function topicOperations(context: SnsContext): Operations {
  const { store, realm } = context;

  /** Changes the topic of `arn` in one transaction. */
  const change = (
    arn: string | undefined,
    parameter: string,
    work: (topic: TopicRow) => TopicRow,
  ): Promise<JsonObject> =>
    store.write(() => {
      store.putTopic(work(requireTopic(context, arn, parameter)));
      return {};
    });
  const tagged = (input: JsonObject, work: (tags: Tags) => Tags): Promise<JsonObject> =>
    store.write(() => {
      const topic = store.topic(topicNameIn(stringMember(input, "ResourceArn"), realm, "ResourceArn"));
      if (topic === undefined) throw snsError.resourceNotFound();
      store.putTopic({ ...topic, tags: work(topic.tags) });
      return {};
    });

  return {
    CreateTopic: (input) => createTopic(context, input),
    DeleteTopic: async (input) => {
      const name = topicNameIn(stringMember(input, "TopicArn"), realm);
      // Idempotent: a topic that is not there is deleted.
      if (name !== "") await store.write(() => store.removeTopic(name));
      return {};
    },
    ListTopics: (input) => {
      const { items, ...next } = page(store.topics(keyIn(stringMember(input, "NextToken"))), ({ name }) => name);
      return { Topics: items.map(({ name }) => ({ TopicArn: arnOf.topic(realm, name) })), ...next };
    },
    GetTopicAttributes: (input) => {
      const topic = requireTopic(context, stringMember(input, "TopicArn"));
      return { Attributes: shownAttributes(topic, store.subscriptionsOf(topic.name), realm) };
    },
    SetTopicAttributes: (input) =>
      change(stringMember(input, "TopicArn"), "TopicArn", (topic) => {
        const name = stringMember(input, "AttributeName");
        if (name === undefined) throw snsError.missing("attributeName");
        const value = stringMember(input, "AttributeValue") ?? "";
        checkTopicAttributes({ [name]: value }, isFifoTopic(topic), "");
        return { ...topic, attributes: { ...topic.attributes, [name]: value } };
      }),
    AddPermission: (input) =>
      change(stringMember(input, "TopicArn"), "TopicArn", (topic) => {
        const arn = arnOf.topic(realm, topic.name);
        const Policy = addStatement(topic.attributes["Policy"] ?? defaultPolicy(arn, realm), arn, {
          label: stringMember(input, "Label") ?? "",
          accountIds: stringListMember(input, "AWSAccountId") ?? [],
          actions: stringListMember(input, "ActionName") ?? [],
        });
        return { ...topic, attributes: { ...topic.attributes, Policy } };
      }),
    RemovePermission: (input) =>
      change(stringMember(input, "TopicArn"), "TopicArn", (topic) => {
        const policy = topic.attributes["Policy"] ?? defaultPolicy(arnOf.topic(realm, topic.name), realm);
        const Policy = removeStatement(policy, stringMember(input, "Label") ?? "");
        return { ...topic, attributes: { ...topic.attributes, Policy } };
      }),
    TagResource: (input) => tagged(input, (tags) => withTags(tags, readTags(input) ?? {})),
    UntagResource: (input) => tagged(input, (tags) => withoutTags(tags, input)),
    ListTagsForResource: (input) => {
      const topic = store.topic(topicNameIn(stringMember(input, "ResourceArn"), realm, "ResourceArn"));
      if (topic === undefined) throw snsError.resourceNotFound();
      return { Tags: shownTags(topic.tags) };
    },
  };
}

export const isFifoTopic = ({ attributes }: Pick<TopicRow, "attributes">): boolean =>
  attributes["FifoTopic"]?.toLowerCase() === "true";

function createTopic({ store, realm }: SnsContext, input: JsonObject): Promise<JsonObject> {
  const name = stringMember(input, "Name");
  if (name === undefined) throw snsError.missing("name");
  const attributes = attributesMember(input);
  const fifo = isFifoTopic({ attributes });
  checkTopicName(name, fifo);
  checkTopicAttributes(attributes, fifo, "Attributes Reason: ");
  const tags = readTags(input);
  return store.write(() => {
    const existing = store.topic(name);
    if (existing === undefined) {
      const { FifoTopic, ...rest } = attributes;
      const kept = FifoTopic === undefined || !fifo ? rest : { ...rest, FifoTopic: "true" };
      store.putTopic({ name, attributes: kept, tags: tags ?? {}, nextSequence: 1, deletedSubscriptions: 0 });
    } else {
      if (!sameAttributes(attributes, existing.attributes, defaultAttributes(name)))
        throw snsError.invalidParameter("Attributes Reason: Topic already exists with different attributes");
      if (tags !== undefined && !sameTags(tags, existing.tags))
        throw snsError.invalidParameter("Tags Reason: Topic already exists with different tags");
    }
    return { TopicArn: arnOf.topic(realm, name) };
  });
}
