/** What the operations of SNS share. */
import type { Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import { isJsonObject } from "../kit/json-input.js";
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import { snsError } from "./errors.js";
import { topicNameIn } from "./names.js";
import type { SnsStore, TopicRow } from "./store.js";

export interface SnsContext {
  readonly store: SnsStore;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly bus: Bus;
}

export type Operations = Readonly<Record<string, JsonOperation>>;

/** The topic of an ARN; throws NotFound. */
export function requireTopic(
  { store, realm }: Pick<SnsContext, "store" | "realm">,
  arn: string | undefined,
  parameter?: string,
): TopicRow {
  const topic = store.topic(topicNameIn(arn, realm, parameter));
  if (topic === undefined) throw snsError.topicNotFound();
  return topic;
}

export function attributesMember(input: JsonObject): Record<string, string> {
  const given = input["Attributes"];
  return Object.fromEntries(
    Object.entries(isJsonObject(given) ? given : {}).map(([name, value]) => [name, String(value)]),
  );
}

const PAGE_SIZE = 100;
/** Longer than the key of any row: a topic's name and the id of a subscription. */
const MAX_KEY_LENGTH = 300;

/** One page of 100, and the token of the next: the base64 of the last key. */
export function page<T>(
  rows: Iterable<T>,
  keyOf: (row: T) => string,
): { readonly items: readonly T[]; readonly NextToken?: string } {
  const items: T[] = [];
  for (const row of rows) {
    if (items.length === PAGE_SIZE) {
      const last = items.at(-1);
      return last === undefined ? { items } : { items, NextToken: Buffer.from(keyOf(last)).toString("base64") };
    }
    items.push(row);
  }
  return { items };
}

/** The key after which a page begins. */
export function keyIn(token: string | undefined): string {
  if (token === undefined || token === "") return "";
  const key = Buffer.from(token, "base64").toString("utf8");
  if (Buffer.from(key).toString("base64") !== token || key.length > MAX_KEY_LENGTH)
    throw snsError.invalidParameter("NextToken");
  return key;
}
