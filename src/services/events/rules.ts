/** Operations on rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
import { arnOf } from "../../shared/arn.js";
import { parseSchedule } from "../../shared/schedule/expression.js";
import { stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import {
  checkedName,
  DEFAULT_BUS,
  findBus,
  busNameIn,
  page,
  requireBus,
  requireRule,
  withPrefix,
  type EventsContext,
  type Operations,
} from "./context.js";
import { eventsError } from "./errors.js";
import { checkPatternLength, patternOf } from "./patterns.js";
import { RULE_STATES, type RuleRow, type RuleState } from "./store.js";
import { readTags } from "./tags.js";

const MAX_DESCRIPTION_LENGTH = 512;
const MAX_SCHEDULE_LENGTH = 256;
const MAX_ROLE_LENGTH = 1600;

export function ruleOperations(context: EventsContext): Operations {
  const { store, realm } = context;

  const setState = (input: JsonObject, state: RuleState): Promise<JsonObject> =>
    store.write(() => {
      keepRule(context, { ...requireRule(context, input, "Name"), state });
      return {};
    });

  return {
    PutRule: (input) => {
      const wanted = readRule(input);
      const tags = readTags(input);
      return store.write(() => {
        const { name: busName } = requireBus(context, stringMember(input, "EventBusName"));
        checkSchedule(wanted.scheduleExpression, busName);
        const before = store.rule(busName, wanted.name);
        keepRule(context, { ...wanted, busName, tags: before?.tags ?? tags, declared: before?.declared ?? false });
        return { RuleArn: arnOf.rule(realm, busName, wanted.name) };
      });
    },
    DescribeRule: (input) => ({ ...shown(requireRule(context, input, "Name"), context), CreatedBy: realm.accountId }),
    ListRules: (input) => {
      const { name: busName } = requireBus(context, stringMember(input, "EventBusName"));
      const rules = withPrefix(store.rulesOf(busName), stringMember(input, "NamePrefix"), ({ name }) => name);
      const { items, next } = page(rules, input, ({ name }) => name);
      return { Rules: items.map((rule) => shown(rule, context)), ...next };
    },
    DeleteRule: (input) => {
      const name = checkedName(input, "Name");
      return store.write(() => {
        const busName = busNameIn(stringMember(input, "EventBusName"), realm);
        // A rule that is not there is deleted; so is one of a bus that is not there.
        const rule = findBus(context, busName) && store.rule(busName, name);
        if (rule === undefined) return {};
        if (store.targetsOf(busName, name).length > 0)
          throw eventsError.invalid("Rule can't be deleted since it has targets.");
        dropRule(context, rule);
        return {};
      });
    },
    EnableRule: (input) => setState(input, "ENABLED"),
    DisableRule: (input) => setState(input, "DISABLED"),
    ListRuleNamesByTarget: (input) => {
      const arn = stringMember(input, "TargetArn");
      const violations = new Violations();
      violations.required(arn, "targetArn");
      violations.check();
      const { name: busName } = requireBus(context, stringMember(input, "EventBusName"));
      const names = store
        .rulesOf(busName)
        .map(({ name }) => name)
        .filter((name) => store.targetsOf(busName, name).some(({ Arn }) => Arn === arn));
      const { items, next } = page(names, input, (name) => name);
      return { RuleNames: [...items], ...next };
    },
  };
}

/** To be called inside a write transaction: who keeps the schedules hears of it there. */
export function keepRule({ store, bus }: EventsContext, rule: RuleRow): void {
  const before = store.rule(rule.busName, rule.name);
  store.putRule(rule);
  if (rule.scheduleExpression !== undefined || before?.scheduleExpression !== undefined)
    bus.emit("ScheduledRuleChanged", { busName: rule.busName, ruleName: rule.name });
}

/** As `keepRule`. */
export function dropRule({ store, bus }: EventsContext, rule: RuleRow): void {
  store.removeRule(rule);
  if (rule.scheduleExpression !== undefined)
    bus.emit("ScheduledRuleChanged", { busName: rule.busName, ruleName: rule.name });
}

type WantedRule = Omit<RuleRow, "busName" | "tags" | "declared">;

export function readRule(input: JsonObject): WantedRule {
  const name = checkedName(input, "Name");
  const description = stringMember(input, "Description");
  const eventPattern = stringMember(input, "EventPattern");
  const scheduleExpression = stringMember(input, "ScheduleExpression");
  const state = stringMember(input, "State") ?? "ENABLED";
  const roleArn = stringMember(input, "RoleArn");
  const violations = new Violations();
  checkPatternLength(violations, eventPattern);
  violations.length(scheduleExpression, "scheduleExpression", 0, MAX_SCHEDULE_LENGTH);
  violations.length(description, "description", 0, MAX_DESCRIPTION_LENGTH);
  violations.length(roleArn, "roleArn", 1, MAX_ROLE_LENGTH);
  violations.oneOf(state, "state", RULE_STATES);
  violations.check();
  const pattern = eventPattern === "" ? undefined : eventPattern;
  const schedule = scheduleExpression === "" ? undefined : scheduleExpression;
  if (pattern === undefined && schedule === undefined)
    throw eventsError.invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  if (pattern !== undefined) patternOf(pattern);
  return {
    name,
    description,
    eventPattern: pattern,
    scheduleExpression: schedule,
    state: state as RuleState,
    roleArn,
  };
}

export function checkSchedule(expression: string | undefined, busName: string): void {
  if (expression === undefined) return;
  if (busName !== DEFAULT_BUS)
    throw eventsError.invalid("ScheduleExpression is supported only on the default event bus.");
  if (parseSchedule(expression, "rule") === undefined)
    throw eventsError.invalid("Parameter ScheduleExpression is not valid.");
}

const shown = (rule: RuleRow, { realm }: EventsContext): JsonObject => ({
  Name: rule.name,
  Arn: arnOf.rule(realm, rule.busName, rule.name),
  ...(rule.eventPattern === undefined ? {} : { EventPattern: rule.eventPattern }),
  State: rule.state,
  ...(rule.description === undefined ? {} : { Description: rule.description }),
  ...(rule.scheduleExpression === undefined ? {} : { ScheduleExpression: rule.scheduleExpression }),
  ...(rule.roleArn === undefined ? {} : { RoleArn: rule.roleArn }),
  EventBusName: rule.busName,
});
