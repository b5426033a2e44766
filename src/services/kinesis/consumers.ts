/** Registered consumers, which read by SubscribeToShard (subscriptions.ts). */
import { stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { KinesisContext, Operations } from "./context.js";
import { consumerNotFound, invalidArgument, limitExceeded, resourceInUse } from "./errors.js";
import {
  consumerArnMember,
  nameMember,
  rangeMember,
  requiredName,
  requireStream,
  streamNamed,
  streamNameOfArn,
} from "./input.js";
import type { ConsumerRow, StreamRow } from "./store.js";
import { checkedTags, tagsMember } from "./tags.js";

const MAX_CONSUMERS = 20;
const MAX_LISTED = 10_000;
const DEFAULT_LISTED = 100;

export function consumerOperations(context: KinesisContext): Operations {
  const { store, clock, realm, bus } = context;
  return {
    RegisterStreamConsumer: async (input) => {
      const violations = new Violations();
      const name = requiredName(input, "ConsumerName", violations);
      violations.required(input["StreamARN"], "streamARN");
      const given = tagsMember(input, violations);
      const { streamArn, consumer } = await store.write(() => {
        const stream = requireStream(context, input, violations);
        if (stream.consumers.some((one) => one.name === name))
          throw resourceInUse(
            `Consumer ${name} under stream ${stream.name} already exists for account ${realm.accountId}.`,
          );
        if (stream.consumers.length >= MAX_CONSUMERS)
          throw limitExceeded(`Maximum number of consumers (${MAX_CONSUMERS}) exceeded for stream ${stream.name}.`);
        const tags = checkedTags(given, {}, stream.name, realm.accountId);
        const made = newConsumer(stream, name, clock.now(), tags);
        store.put({ ...stream, consumers: [...stream.consumers, made] });
        return { streamArn: stream.arn, consumer: made };
      });
      bus.emit("StreamChanged", { streamArn });
      return { Consumer: { ...view(consumer), ConsumerStatus: "CREATING" } };
    },
    DeregisterStreamConsumer: async (input) => {
      const streamArn = await store.write(() => {
        const { stream, consumer } = consumerIn(context, input);
        store.put({ ...stream, consumers: stream.consumers.filter((one) => one !== consumer) });
        return stream.arn;
      });
      bus.emit("StreamChanged", { streamArn });
      return {};
    },
    DescribeStreamConsumer: (input) => {
      const { stream, consumer } = consumerIn(context, input);
      return { ConsumerDescription: { ...view(consumer), StreamARN: stream.arn } };
    },
    ListStreamConsumers: (input) => {
      const violations = new Violations();
      violations.required(input["StreamARN"], "streamARN");
      const limit = rangeMember(input, "MaxResults", 1, MAX_LISTED, violations) ?? DEFAULT_LISTED;
      const { consumers } = requireStream(context, input, violations);
      const token = stringMember(input, "NextToken");
      const after = token === undefined ? undefined : Buffer.from(token, "base64").toString();
      const rest = consumers
        .filter(({ name }) => after === undefined || name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = rest.slice(0, limit);
      return {
        Consumers: page.map(view),
        ...(rest.length > page.length ? { NextToken: Buffer.from(page.at(-1)?.name ?? "").toString("base64") } : {}),
      };
    },
  };
}

const view = ({ name, arn, createdMs }: ConsumerRow): JsonObject => ({
  ConsumerName: name,
  ConsumerARN: arn,
  ConsumerStatus: "ACTIVE",
  ConsumerCreationTimestamp: Math.floor(createdMs / 1000),
});

const newConsumer = ({ arn }: StreamRow, name: string, nowMs: number, tags: ConsumerRow["tags"]): ConsumerRow => ({
  name,
  arn: `${arn}/consumer/${name}:${Math.floor(nowMs / 1000)}`,
  createdMs: nowMs,
  tags,
});

/** By its ARN, or by its name and the ARN of its stream. */
function consumerIn(
  context: KinesisContext,
  input: JsonObject,
): { readonly stream: StreamRow; readonly consumer: ConsumerRow } {
  const violations = new Violations();
  const arn = consumerArnMember(input, "ConsumerARN", violations);
  const name = nameMember(input, "ConsumerName", violations);
  if (arn === undefined) {
    if (name === undefined || input["StreamARN"] === undefined)
      throw invalidArgument("Either ConsumerARN, or both StreamARN and ConsumerName, must be provided.");
  } else violations.check();
  const stream =
    arn === undefined ? requireStream(context, input, violations) : streamNamed(context, streamNameOfArn(arn) ?? "");
  const consumer = stream.consumers.find((one) => (arn === undefined ? one.name === name : one.arn === arn));
  if (consumer === undefined) throw consumerNotFound(arn ?? name ?? "", context.realm.accountId);
  return { stream, consumer };
}
