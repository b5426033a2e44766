/**
 * Event buses, their rules and the targets of those in the state store.
 *
 *     events-buses       name
 *     events-rules       [bus name, rule name]
 *     events-targets     [bus name, rule name, target id]
 */
import type { Database } from "lmdb";
import type { StateStore } from "../kit/state-store.js";

export type Tags = Readonly<Record<string, string>>;

export interface BusRow {
  readonly name: string;
  readonly description: string | undefined;
  /** Text of the resource policy. */
  readonly policy: string | undefined;
  readonly kmsKeyIdentifier: string | undefined;
  /** As UpdateEventBus takes it. */
  readonly deadLetterArn: string | undefined;
  readonly createdMs: number;
  readonly changedMs: number;
  readonly tags: Tags;
  /** The template declares it: it goes when the template says so no more. */
  readonly declared: boolean;
}

export interface RuleRow {
  readonly busName: string;
  readonly name: string;
  readonly state: RuleState;
  readonly description: string | undefined;
  readonly eventPattern: string | undefined;
  readonly scheduleExpression: string | undefined;
  readonly roleArn: string | undefined;
  readonly tags: Tags;
  readonly declared: boolean;
}

export const RULE_STATES = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"] as const;
export type RuleState = (typeof RULE_STATES)[number];

/** As PutTargets takes it, checked. */
export interface TargetRow {
  readonly Id: string;
  readonly Arn: string;
  readonly [member: string]: unknown;
}

/** Names have 256 characters at most; a longer one is nobody's, and no key. */
export const isKey = (name: string): boolean => name !== "" && name.length <= 256;

/** Nothing sorts after the highest code point, and names are ASCII. */
const LAST = "\uffff";

export class EventsStore {
  readonly #state: StateStore;
  readonly #buses: Database<BusRow, string>;
  readonly #rules: Database<RuleRow, [string, string]>;
  readonly #targets: Database<TargetRow, [string, string, string]>;

  constructor(state: StateStore) {
    this.#state = state;
    this.#buses = state.table("events-buses");
    this.#rules = state.table("events-rules");
    this.#targets = state.table("events-targets");
  }

  write<T>(work: () => T): Promise<T> {
    return this.#state.write(work);
  }

  bus(name: string): BusRow | undefined {
    return isKey(name) ? this.#buses.get(name) : undefined;
  }

  buses(): BusRow[] {
    return Array.from(this.#buses.getRange({}), ({ value }) => value);
  }

  putBus(row: BusRow): void {
    this.#buses.putSync(row.name, row);
  }

  removeBus(name: string): void {
    this.#buses.removeSync(name);
  }

  rule(busName: string, name: string): RuleRow | undefined {
    return isKey(name) && isKey(busName) ? this.#rules.get([busName, name]) : undefined;
  }

  rulesOf(busName: string): RuleRow[] {
    return Array.from(this.#rules.getRange({ start: [busName, ""], end: [busName, LAST] }), ({ value }) => value);
  }

  rules(): RuleRow[] {
    return Array.from(this.#rules.getRange({}), ({ value }) => value);
  }

  putRule(row: RuleRow): void {
    this.#rules.putSync([row.busName, row.name], row);
  }

  /** With its targets. */
  removeRule({ busName, name }: Pick<RuleRow, "busName" | "name">): void {
    for (const { Id } of this.targetsOf(busName, name)) this.removeTarget(busName, name, Id);
    this.#rules.removeSync([busName, name]);
  }

  targetsOf(busName: string, ruleName: string): TargetRow[] {
    const range = this.#targets.getRange({ start: [busName, ruleName, ""], end: [busName, ruleName, LAST] });
    return Array.from(range, ({ value }) => value);
  }

  putTarget(busName: string, ruleName: string, target: TargetRow): void {
    this.#targets.putSync([busName, ruleName, target.Id], target);
  }

  /** Whether it was there. */
  removeTarget(busName: string, ruleName: string, id: string): boolean {
    return isKey(id) && this.#targets.removeSync([busName, ruleName, id]);
  }

  async clear(): Promise<void> {
    await Promise.all([this.#buses.clearAsync(), this.#rules.clearAsync(), this.#targets.clearAsync()]);
  }
}
