/** What the operations of EventBridge share. */
import { arnOf, parseArn, type Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import { numberMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import type { SecretKeeper } from "../service.js";
import type { ArchiveStore } from "./archive-store.js";
import type { ConnectionStore } from "./connections/store.js";
import type { ConnectionTokens } from "./connections/tokens.js";
import { eventsError } from "./errors.js";
import type { BusRow, EventsStore, RuleRow } from "./store.js";

export interface EventsContext {
  readonly store: EventsStore;
  readonly archives: ArchiveStore;
  readonly connections: ConnectionStore;
  readonly tokens: ConnectionTokens;
  /** Where what authorises is kept. */
  readonly secrets: () => Promise<SecretKeeper>;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly bus: Bus;
}

export type Operations = Readonly<Record<string, JsonOperation>>;

export const DEFAULT_BUS = "default";

const BUS_NAME = /^[/.\-_A-Za-z0-9]{1,256}$/;
const NAME = /^[.\-_A-Za-z0-9]+$/;
const MAX_NAME_LENGTH = 64;

/** The name of a bus in a name or an ARN; the ARN of another account or region names no bus of ours. */
export function busNameIn(given: string | undefined, realm: Realm): string {
  if (given === undefined || given === "") return DEFAULT_BUS;
  if (!given.startsWith("arn:")) return given;
  const name = parseArn(given)?.resource.replace(/^event-bus\//, "") ?? "";
  return given === arnOf.eventBus(realm, name) ? name : "";
}

/** The default bus is always there. */
export function findBus({ store }: Pick<EventsContext, "store">, name: string): BusRow | undefined {
  if (!BUS_NAME.test(name)) return undefined;
  return store.bus(name) ?? (name === DEFAULT_BUS ? defaultBus() : undefined);
}

const defaultBus = (): BusRow => ({
  name: DEFAULT_BUS,
  description: undefined,
  policy: undefined,
  kmsKeyIdentifier: undefined,
  deadLetterArn: undefined,
  createdMs: 0,
  changedMs: 0,
  tags: {},
  declared: false,
});

/** Throws ResourceNotFoundException. */
export function requireBus(context: Pick<EventsContext, "store" | "realm">, given: string | undefined): BusRow {
  const name = busNameIn(given, context.realm);
  const row = findBus(context, name);
  if (row === undefined) throw eventsError.busNotFound(name === "" ? (given ?? "") : name);
  return row;
}

/** The rule that `Name` (or the other member) and `EventBusName` name; throws ResourceNotFoundException. */
export function requireRule(context: EventsContext, input: JsonObject, member: "Name" | "Rule"): RuleRow {
  const name = checkedName(input, member);
  const { name: busName } = requireBus(context, stringMember(input, "EventBusName"));
  const rule = context.store.rule(busName, name);
  if (rule === undefined) throw eventsError.ruleNotFound(name, busName);
  return rule;
}

/** A required name, of a rule, a connection or an API destination. */
export function checkedName(input: JsonObject, member: string): string {
  const name = stringMember(input, member);
  const at = `${member.charAt(0).toLowerCase()}${member.slice(1)}`;
  const violations = new Violations();
  violations.required(name, at);
  checkName(violations, name, at);
  violations.check();
  return name ?? "";
}

export function checkName(violations: Violations, name: string | undefined, at: string): void {
  violations.length(name, at, 1, MAX_NAME_LENGTH);
  violations.pattern(name, at, NAME, String.raw`[\.\-_A-Za-z0-9]+`);
}

const MAX_LIMIT = 100;

/** One page in order of the keys, and the token of the next. */
export function page<T>(
  rows: readonly T[],
  input: JsonObject,
  keyOf: (row: T) => string,
): { readonly items: readonly T[]; readonly next: { readonly NextToken?: string } } {
  const limit = numberMember(input, "Limit");
  const violations = new Violations();
  violations.range(limit, "limit", 1, MAX_LIMIT);
  violations.check();
  const after = Buffer.from(stringMember(input, "NextToken") ?? "", "base64").toString("utf8");
  const rest = after === "" ? rows : rows.filter((row) => keyOf(row) > after);
  const items = rest.slice(0, limit ?? MAX_LIMIT);
  const last = items.at(-1);
  if (last === undefined || items.length === rest.length) return { items, next: {} };
  return { items, next: { NextToken: Buffer.from(keyOf(last)).toString("base64") } };
}

/** Rows whose key begins with a prefix, in order of the keys. */
export function withPrefix<T>(rows: readonly T[], prefix: string | undefined, keyOf: (row: T) => string): readonly T[] {
  return rows
    .filter((row) => keyOf(row).startsWith(prefix ?? ""))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}

/** Seconds, as JSON 1.1 writes times. */
export const seconds = (ms: number): number => ms / 1000;
