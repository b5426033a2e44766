/** What Ref and Fn::GetAtt of one resource are made of. */
import type { Realm } from "../../shared/arn.js";
import { stableCode } from "./physical-name.js";
import type { NameForm } from "./physical-name.js";

/** One resource, as its attributes see it. */
export interface Subject {
  readonly logicalId: string;
  readonly name: string;
  readonly stackName: string;
  readonly realm: Realm;
  /** A property as text, resolved; undefined when it is not there. */
  text(property: string): string | undefined;
}

export type Attribute = (subject: Subject) => string;

export interface ResourceType {
  /** Property that holds the name; absent = CloudFormation gives an id. */
  readonly nameProperty?: string;
  readonly nameForm?: NameForm;
  /** Makes ids of types that have no name. */
  readonly id?: (subject: Omit<Subject, "name">) => string;
  readonly ref: Attribute;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export const named = (maxLength: number, letters: NameForm["letters"] = "upper"): NameForm => ({ maxLength, letters });
export const seedOf = (subject: Omit<Subject, "name">): string => `${subject.stackName}/${subject.logicalId}`;
export const name: Attribute = (subject) => subject.name;
export const arn =
  (service: string, resource: (name: string) => string): Attribute =>
  ({ realm, name }) =>
    `arn:aws:${service}:${realm.region}:${realm.accountId}:${resource(name)}`;

/** A UUID that depends on the seed alone. */
export function uuidOf(seed: string): string {
  const hex = Buffer.from(stableCode(seed, 16, "mixed")).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const idOf =
  (length: number) =>
  (subject: Omit<Subject, "name">): string =>
    stableCode(seedOf(subject), length, "lower");
/** Parts of an API, events and other things that only have an id. */
export const part = (length: number, ...attributes: readonly string[]): ResourceType => ({
  id: idOf(length),
  ref: name,
  attributes: Object.fromEntries(attributes.map((attribute) => [attribute, name])),
});

/** Host names of the real services; `bindEndpoints` maps them to local addresses. */
export const awsUrl = {
  queue: (realm: Realm, queueName: string): string =>
    `https://sqs.${realm.region}.amazonaws.com/${realm.accountId}/${queueName}`,
  api: (realm: Realm, apiId: string): string => `https://${apiId}.execute-api.${realm.region}.amazonaws.com`,
  webSocket: (realm: Realm, apiId: string): string => `wss://${apiId}.execute-api.${realm.region}.amazonaws.com`,
  functionUrl: (realm: Realm, urlId: string): string => `https://${urlId}.lambda-url.${realm.region}.on.aws/`,
} as const;
