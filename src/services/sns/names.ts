/** Names and ARNs of topics and subscriptions: `arn:aws:sns:REGION:ACCOUNT:TOPIC[:SUBSCRIPTION]`. */
import { arnOf, type Realm } from "../../shared/arn.js";
import { snsError } from "./errors.js";
import type { SubscriptionRow } from "./store.js";

const NAME = /^[A-Za-z0-9_-]{1,256}$/;
const FIFO_SUFFIX = ".fifo";
const ARN_PARTS = 6;
/** 256 characters and `.fifo`; a longer one would be more than a key of the store holds. */
const MAX_NAME_LENGTH = 261;
/** Of a UUID. */
const ID_LENGTH = 36;

export const isFifo = (topicName: string): boolean => topicName.endsWith(FIFO_SUFFIX);

export function checkTopicName(name: string, fifo: boolean): void {
  const suffixed = isFifo(name);
  if (fifo && !(suffixed && NAME.test(name.slice(0, -FIFO_SUFFIX.length))))
    throw snsError.invalidParameter(
      "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
    );
  if (!fifo && !NAME.test(name)) throw snsError.invalidParameter("Topic Name");
}

/** The topic's name in an ARN; an ARN of another account or region names no topic of ours. `parameter` is for the error. */
export function topicNameIn(arn: string | undefined, realm: Realm, parameter = "TopicArn"): string {
  const name = arnParts(arn, parameter)[ARN_PARTS - 1] ?? "";
  return arn === arnOf.topic(realm, name) && name.length <= MAX_NAME_LENGTH ? name : "";
}

export interface SubscriptionName {
  readonly topicName: string;
  readonly id: string;
}

/** Undefined when the ARN is one of a topic. */
export function subscriptionNameIn(arn: string | undefined, realm: Realm): SubscriptionName | undefined {
  const parts = arnParts(arn, "SubscriptionArn");
  const [, , , , , topicName = "", id] = parts;
  if (id === undefined) return undefined;
  const isOurs =
    arn === `${arnOf.topic(realm, topicName)}:${id}` && topicName.length <= MAX_NAME_LENGTH && id.length <= ID_LENGTH;
  return isOurs ? { topicName, id } : { topicName: "", id: "" };
}

export const subscriptionArn = (realm: Realm, { topicName, id }: Pick<SubscriptionRow, "topicName" | "id">): string =>
  `${arnOf.topic(realm, topicName)}:${id}`;

function arnParts(arn: string | undefined, parameter: string): readonly string[] {
  const parts = (arn ?? "").split(":");
  if (parts[0] !== "arn" || parts.length < ARN_PARTS)
    throw snsError.invalidParameter(
      `${parameter} Reason: An ARN must have at least ${ARN_PARTS} elements, not ${parts.length}`,
    );
  return parts;
}
