/** EventBridge without HTTP: what the stack declares, what other services put, and schedules that have come. */
import { arnOf } from "../../shared/arn.js";
import type { Logger } from "../../shared/logger.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { busNameIn, DEFAULT_BUS, findBus, requireBus, type EventsContext } from "./context.js";
import { accessOf, type ConnectionAccess } from "./connections/access.js";
import { destinationByArn, withScheme } from "./connections/api-destinations.js";
import { authorize, connectionArnOf } from "./connections/connections.js";
import { declareConnections, type DeclaredConnections } from "./connections/declared.js";
import { attemptsInto } from "./errors.js";
import { arrive, fireRule } from "./matching.js";
import { putEvents } from "./put-events.js";
import type { Replays } from "./replays.js";
import { checkSchedule, dropRule, keepRule, readRule } from "./rules.js";
import type { BusRow, RuleRow, TargetRow } from "./store.js";
import { checkTarget, unsupportedPart } from "./target-checks.js";

export interface DeclaredBus {
  readonly name: string;
  readonly description?: string;
  /** Text of the resource policy. */
  readonly policy?: string;
  /** Of a dead-letter queue of the bus. */
  readonly deadLetterArn?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface DeclaredRule {
  readonly name: string;
  /** Name or ARN; the default bus when absent. */
  readonly busName?: string;
  readonly description?: string;
  /** JSON text. */
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  /** Enabled when absent. */
  readonly state?: string;
  readonly roleArn?: string;
  /** As PutTargets takes them. */
  readonly targets: readonly JsonObject[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ScheduledRule {
  readonly busName: string;
  readonly name: string;
  readonly arn: string;
  readonly scheduleExpression: string;
}

/** What a request to an API destination is made of. */
export interface ApiDestination {
  readonly connectionArn: string;
  /** With its scheme; `*` in its path stands for values of the target. */
  readonly endpoint: string;
  readonly method: string;
  readonly ratePerSecond: number;
}

export interface EventsAdmin {
  /**
   * Makes what a template declares, or gives what is there these properties and exactly these targets; what an earlier
   * template declared and this one does not goes. Answers why AWS would refuse a bus, rule or target: it is left out.
   */
  declare(
    wanted: DeclaredConnections & {
      readonly buses: readonly DeclaredBus[];
      readonly rules: readonly DeclaredRule[];
    },
  ): Promise<readonly string[]>;
  /** Goes on with the replays and authorizations that an earlier process left: to be called once somebody keeps what rules match. */
  resume(): void;
  busExists(nameOrArn: string): boolean;
  /** Enabled rules with a schedule. `ScheduledRuleChanged` on the bus says that the list may be another. */
  scheduledRules(): readonly ScheduledRule[];
  /**
   * The time of a scheduled rule has come: its targets get the "Scheduled Event" of that time. To be called inside a
   * write transaction of the state, so that what the scheduler notes of it is kept together with the deliveries.
   * Whether there still is such a rule, enabled.
   */
  fire(rule: { readonly busName: string; readonly name: string }, timeMs: number): boolean;
  /** An event of a service of AWS, whole with its envelope, or its JSON text. When it resolves, deliveries to all matching targets are kept. False: no such bus. */
  putEvent(
    busName: string,
    event: JsonObject | string,
    more?: { readonly traceHeader?: string; readonly forwarded?: boolean },
  ): Promise<boolean>;
  apiDestination(arn: string): ApiDestination | undefined;
  /** What a connection adds to a request. Rejects with ConnectionError, and when the signal is aborted with its reason. */
  connectionAccess(connectionArn: string, signal?: AbortSignal): Promise<ConnectionAccess>;
  /** A server has refused what a connection authorised with: a token is fetched anew before the next request. */
  connectionRefused(connectionArn: string): void;
  /** As PutEvents takes entries; answers as it does. For the scheduler's and the state machines' calls, without HTTP. */
  putEvents(entries: readonly JsonObject[], traceHeader?: string): Promise<JsonObject>;
}

export function createEventsAdmin(context: EventsContext, replays: Replays, log: Logger): EventsAdmin {
  const { store, realm, connections, tokens } = context;
  return {
    declare: async ({ buses, rules, ...more }) => {
      // Who has no connection loads no Secrets Manager.
      const some = (more.connections?.length ?? 0) + connections.connections().length > 0;
      const keeper = some ? await context.secrets() : undefined;
      const refused: string[] = [];
      const unauthorized = await store.write(() => {
        for (const bus of buses) declareBus(context, bus);
        const without = declareConnections(context, keeper, more, refused);
        for (const rule of rules) declareRule(context, rule, refused);
        dropUndeclared(context, buses, rules);
        return without;
      });
      for (const connectionArn of unauthorized) authorize(context, connectionArn, log);
      return refused;
    },
    apiDestination: (arn) => {
      const row = destinationByArn(context, arn);
      if (row === undefined) return undefined;
      const { connectionArn, endpoint, method, ratePerSecond } = row;
      return { connectionArn, endpoint: withScheme(endpoint), method, ratePerSecond };
    },
    connectionAccess: (connectionArn, signal) => accessOf(context, connectionArn, signal),
    connectionRefused: (connectionArn) => tokens.forget(connectionArn),
    resume: () => {
      replays.wake();
      for (const row of connections.connections())
        if (row.state === "AUTHORIZING") authorize(context, connectionArnOf(context, row), log);
    },
    busExists: (given) => findBus(context, busNameIn(given, realm)) !== undefined,
    scheduledRules: () =>
      store
        .rules()
        .flatMap(({ busName, name, scheduleExpression, state }) =>
          scheduleExpression === undefined || state === "DISABLED"
            ? []
            : [{ busName, name, arn: arnOf.rule(realm, busName, name), scheduleExpression }],
        ),
    fire: ({ busName, name }, timeMs) => fireRule(context, busName, name, timeMs),
    putEvent: (busName, event, { traceHeader, forwarded = false } = {}) =>
      store.write(() => {
        const text = typeof event === "string" ? event : JSON.stringify(event);
        const value = typeof event === "string" ? (JSON.parse(event) as JsonObject) : event;
        return arrive(context, busName, { value, text, forwarded, traceHeader });
      }),
    putEvents: (entries, traceHeader) => putEvents(context, { Entries: entries }, traceHeader),
  };
}

function declareBus(
  { store, clock }: EventsContext,
  { name, description, deadLetterArn, policy, tags }: DeclaredBus,
): void {
  const before = store.bus(name);
  const row: BusRow = {
    name,
    description,
    policy: policy ?? before?.policy,
    kmsKeyIdentifier: before?.kmsKeyIdentifier,
    deadLetterArn,
    createdMs: before?.createdMs ?? clock.now(),
    changedMs: before?.changedMs ?? clock.now(),
    tags: tags ?? {},
    declared: true,
  };
  store.putBus(row);
}

function declareRule(context: EventsContext, rule: DeclaredRule, refused: string[]): void {
  const { store } = context;
  const attempt = attemptsInto(refused);
  attempt(`the rule ${rule.name}`, () => {
    const { name: busName } = requireBus(context, rule.busName);
    checkSchedule(rule.scheduleExpression, busName);
    const wanted = readRule({
      Name: rule.name,
      Description: rule.description,
      EventPattern: rule.eventPattern,
      ScheduleExpression: rule.scheduleExpression,
      State: rule.state,
      RoleArn: rule.roleArn,
    });
    keepRule(context, { ...wanted, busName, tags: rule.tags ?? {}, declared: true });
    for (const { Id } of store.targetsOf(busName, rule.name)) store.removeTarget(busName, rule.name, Id);
    for (const one of rule.targets)
      attempt(`the target ${String(one["Id"])} of the rule ${rule.name}`, () => {
        const target: TargetRow = { ...one, Id: String(one["Id"]), Arn: String(one["Arn"]) };
        checkTarget(target);
        const unsupported = unsupportedPart(target);
        if (unsupported !== undefined) refused.push(`${unsupported} of the rule ${rule.name} is not emulated`);
        else store.putTarget(busName, rule.name, target);
      });
  });
}

function dropUndeclared(context: EventsContext, buses: readonly DeclaredBus[], rules: readonly DeclaredRule[]): void {
  const { store, realm } = context;
  const wanted = (rule: RuleRow): boolean =>
    rules.some((one) => one.name === rule.name && busNameIn(one.busName, realm) === rule.busName);
  for (const rule of store.rules()) if (rule.declared && !wanted(rule)) dropRule(context, rule);
  for (const bus of store.buses())
    if (bus.declared && bus.name !== DEFAULT_BUS && !buses.some(({ name }) => name === bus.name)) {
      // With what was put on it over the API: on AWS the bus could not go before its rules.
      for (const rule of store.rulesOf(bus.name)) dropRule(context, rule);
      store.removeBus(bus.name);
    }
}
