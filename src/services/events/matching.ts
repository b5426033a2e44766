/** Which rules an event matches, and what that makes due. */
import { randomUUID } from "node:crypto";
import { arnOf } from "../../shared/arn.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { ReplayRow } from "./archive-store.js";
import { archiveEvent } from "./archives.js";
import { findBus, type EventsContext } from "./context.js";
import { patternOf } from "./patterns.js";
import type { RuleRow } from "./store.js";

export interface ArrivedEvent {
  /** As patterns see it. */
  readonly value: JsonObject;
  /** As targets get it. */
  readonly text: string;
  /** It came from another bus. */
  readonly forwarded: boolean;
  readonly traceHeader: string | undefined;
}

/**
 * To be called inside a write transaction: who listens to the bus keeps the deliveries in the same one. Whether there is
 * such a bus.
 */
export function arrive(context: EventsContext, busName: string, event: ArrivedEvent): boolean {
  if (findBus(context, busName) === undefined) return false;
  archiveEvent(context, busName, event);
  for (const rule of context.store.rulesOf(busName)) if (isMatch(rule, event)) toTargets(context, rule, event);
  return true;
}

/** As `arrive`, for an event that comes once more: it is not archived again, and the replay may name the rules. */
export function replayEvent(
  context: EventsContext,
  { busName, filterArns }: Pick<ReplayRow, "busName" | "filterArns">,
  event: ArrivedEvent,
): void {
  for (const rule of context.store.rulesOf(busName)) {
    const named = filterArns.length === 0 || filterArns.includes(arnOf.rule(context.realm, busName, rule.name));
    if (named && isMatch(rule, event)) toTargets(context, rule, event);
  }
}

const isMatch = ({ eventPattern, state }: RuleRow, event: ArrivedEvent): boolean =>
  eventPattern !== undefined && state !== "DISABLED" && patternOf(eventPattern).matches(event.value);

function toTargets({ store, realm, clock, bus }: EventsContext, rule: RuleRow, event: ArrivedEvent): void {
  for (const target of store.targetsOf(rule.busName, rule.name))
    bus.emit("RuleMatched", {
      ruleArn: arnOf.rule(realm, rule.busName, rule.name),
      ruleName: rule.name,
      busName: rule.busName,
      target,
      event: event.text,
      eventId: String(event.value["id"]),
      ingestionTimeMs: clock.now(),
      forwarded: event.forwarded,
      ...(event.traceHeader === undefined ? {} : { traceHeader: event.traceHeader }),
    });
}

/** To be called inside a write transaction. Whether the rule is there, enabled, with a schedule. */
export function fireRule(context: EventsContext, busName: string, name: string, timeMs: number): boolean {
  const { store, realm } = context;
  const rule = store.rule(busName, name);
  if (rule?.scheduleExpression === undefined || rule.state === "DISABLED") return false;
  const value = {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: realm.accountId,
    time: eventTime(timeMs),
    region: realm.region,
    resources: [arnOf.rule(realm, busName, name)],
    detail: {},
  };
  toTargets(context, rule, { value, text: JSON.stringify(value), forwarded: false, traceHeader: undefined });
  return true;
}

/** Of whole seconds. */
export const eventTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
