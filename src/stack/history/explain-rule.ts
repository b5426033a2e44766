/** Which rules of EventBridge and which schedules an event has to do with. */
import { randomUUID } from "node:crypto";
import type { Application } from "../../config/application.js";
import type { EventBridgeSource, ScheduleSource } from "../../config/event-source.js";
import { isJsonObject, type Json, type JsonObject } from "../../config/json.js";
import { PatternError } from "../../services/kit/patterns/pattern-error.js";
import { compilePattern } from "../../services/kit/patterns/pattern.js";
import { eventNameOf, s3BusEvent, type ObjectEventKind } from "../../sources/s3/event.js";
import { firstMiss } from "./first-miss.js";
import type { Reason } from "./reason.js";
import type { ObjectRecord } from "./records.js";

const DEFAULT_BUS = "default";
const KINDS: readonly ObjectEventKind[] = ["ObjectCreated", "ObjectRemoved", "ObjectTagged"];

/** What the rules of the default bus make of an object event. Its size and tag are not kept: a pattern on them finds none. */
export function rulesOfBucket(record: ObjectRecord, { rules, realm }: Application): Reason[] {
  const event = busEventOf(record, realm);
  return rules.flatMap(({ logicalId, name, busName, pattern, state, targets }) => {
    if (busName !== DEFAULT_BUS || pattern === undefined) return [];
    const rule = `rule ${logicalId} (${name})`;
    if (state === "DISABLED") return [{ matched: false, rule, because: "it is disabled" }];
    const miss = missOf(pattern, event);
    const because = miss ?? `its pattern matches; it has ${targets.length} target${targets.length === 1 ? "" : "s"}`;
    return [{ matched: miss === undefined, rule, because }];
  });
}

/** Of a rule that fires the function; nothing where its target makes something else of the event. */
export function ruleReason(
  source: Pick<EventBridgeSource, "ruleName" | "busName" | "pattern" | "eventId">,
  event: Json | undefined,
): Reason[] {
  const { ruleName, busName, pattern, eventId } = source;
  if (!isJsonObject(event) || event["source"] === undefined) return [];
  const miss = missOf(pattern, event);
  const rule = `${eventId}: rule ${ruleName} of the bus ${busName}`;
  return [{ matched: miss === undefined, rule, because: miss ?? "its pattern matches" }];
}

/** Of a rule by time or a schedule: events by time name theirs. */
export function scheduleReason(source: ScheduleSource, event: Json | undefined): Reason[] {
  if (!isJsonObject(event)) return [];
  const kind = source.via === "rule" ? "rule" : "schedule";
  const zone = source.timezone === "UTC" ? "" : ` in ${source.timezone}`;
  const rule = `${source.eventId}: ${kind} ${source.name}`;
  return firedBy(source.name, event, { matched: true, rule, because: `${source.expression}${zone}` });
}

/** Of the rules and schedules whose target is the state machine; nothing of those that make an input of their own. */
export function machineReasons(arn: string, event: Json | undefined, application: Application): Reason[] {
  if (!isJsonObject(event) || event["source"] === undefined) return [];
  const { rules, schedules } = application;
  const ofRules = rules
    .filter(({ targets }) => targets.some((target) => target.arn === arn))
    .flatMap(({ name, busName, pattern, scheduleExpression = "", logicalId }) =>
      pattern === undefined
        ? firedBy(name, event, { matched: true, rule: `rule ${logicalId} (${name})`, because: scheduleExpression })
        : ruleReason({ ruleName: name, busName, pattern, eventId: logicalId }, event),
    );
  const ofSchedules = schedules
    .filter(({ target }) => target.arn === arn)
    .flatMap(({ name, expression, logicalId }) =>
      firedBy(name, event, { matched: true, rule: `schedule ${logicalId} (${name})`, because: expression }),
    );
  return [...ofRules, ...ofSchedules];
}

/** Events by time name what sent them. */
function firedBy(name: string, event: JsonObject, reason: Reason): Reason[] {
  const resources = event["resources"];
  return Array.isArray(resources) && resources.some((arn) => String(arn).endsWith(`/${name}`)) ? [reason] : [];
}

/** Why a pattern does not match; undefined when it does. */
function missOf(pattern: JsonObject, event: JsonObject): string | undefined {
  try {
    if (compilePattern(JSON.stringify(pattern)).matches(event)) return undefined;
  } catch (error) {
    if (error instanceof PatternError) return `AWS refuses its pattern: ${error.message}`;
    throw error;
  }
  return firstMiss(pattern, event, { who: "pattern", at: "" }) ?? "its pattern does not match";
}

function busEventOf({ name, bucket, key, sequencer, timeMs }: ObjectRecord, realm: Application["realm"]): JsonObject {
  const [, , ...rest] = name.split(":");
  const action = rest.join(":");
  const kind = KINDS.find((one) => `s3:${eventNameOf(one, action)}` === name) ?? "ObjectCreated";
  const event = { namespace: "s3", bucket, key, action, sequencer, timeMs, requestId: "", sourceIpAddress: "" };
  return s3BusEvent(kind, event, realm, randomUUID()) as JsonObject;
}
