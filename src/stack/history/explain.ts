/**
 * Why did this fire, or why not? Holds an event against every notification and mapping of the template, and says for
 * each what matched and what did not.
 */
import type { Application, BucketNotification } from "../../config/application.js";
import type { LogsSource, SqsSource } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { isJsonObject, jsonText, type Json } from "../../config/json.js";
import { shownNameOf } from "../../config/shown-name.js";
import { parseFunctionArn } from "../../shared/arn.js";
import { eventMatches } from "../../services/s3/notification.js";
import { described, describeEvent } from "./describe-event.js";
import { pipeReasons } from "./explain-pipe.js";
import { isDoor, routeReason } from "./explain-route.js";
import { machineReasons, ruleReason, rulesOfBucket, scheduleReason } from "./explain-rule.js";
import { firstMiss } from "./first-miss.js";
import type { Reason } from "./reason.js";
import {
  leftOutWords,
  shortId,
  type ExecutionRecord,
  type FilteredRecord,
  type HistoryRecord,
  type InvocationRecord,
  type ObjectRecord,
} from "./records.js";

export interface Explanation {
  readonly what: string;
  readonly reasons: readonly Reason[];
  /** What came of it: ids of invocations, newest last. */
  readonly invocations: readonly string[];
}

export function explain(record: HistoryRecord, application: Application, all: readonly HistoryRecord[]): Explanation {
  switch (record.kind) {
    case "object":
      return explainObject(record, application, all);
    case "execution":
      return record.durable === true
        ? explainInvocation(asInvocation(record), application, all)
        : explainExecution(record, application);
    case "filtered":
      return explainFiltered(record, application);
    case "left-out":
      return { what: leftOutWords(record), reasons: [], invocations: [] };
    case "invocation":
      return explainInvocation(record, application, all);
  }
}

/** What began a durable execution is what would have invoked the function. */
function asInvocation({
  id,
  timeMs,
  machineName: functionName,
  input: event,
  durationMs,
}: ExecutionRecord): InvocationRecord {
  const ran = { status: "success", durationMs, result: "", logs: "" } as const;
  return described({ kind: "invocation", id, timeMs, functionName, handler: "", event, ...ran });
}

function explainObject(record: ObjectRecord, application: Application, all: readonly HistoryRecord[]): Explanation {
  const what = `${record.name} of ${record.bucket}/${record.key}`;
  const bucket = application.buckets.find(({ name }) => name === record.bucket);
  const invocations = all
    .filter((one) => {
      if (one.kind === "execution") return tellsOf(one.input, record);
      return one.kind === "invocation" && tellsOf(one.event, record);
    })
    .map(({ id }) => id);
  if (bucket === undefined) {
    const because = "the template declares no such bucket, so nobody is told of its events";
    return { what, reasons: [{ matched: false, rule: `bucket ${record.bucket}`, because }], invocations };
  }
  const reasons = bucket.notifications.map((rule) => holdAgainst(rule, record, nameIn(application, rule.target.arn)));
  if (bucket.eventBridge)
    reasons.push(
      { matched: true, rule: `${bucket.logicalId} to EventBridge`, because: "the bucket sends it every event" },
      ...rulesOfBucket(record, application),
    );
  if (reasons.length === 0) {
    const because = "it has no notification configuration in the template";
    reasons.push({ matched: false, rule: `bucket ${bucket.logicalId}`, because });
  }
  if (invocations.length === 0) reasons.push(...leftOutAfter(record, all));
  return { what, reasons, invocations };
}

/** How long after an event what it started may have been left out. */
const LEFT_OUT_WITHIN_MS = 60_000;

function leftOutAfter({ timeMs }: ObjectRecord, all: readonly HistoryRecord[]): readonly Reason[] {
  const after = all.filter(
    (one) => one.kind === "left-out" && one.timeMs >= timeMs && one.timeMs < timeMs + LEFT_OUT_WITHIN_MS,
  );
  if (after.length === 0) return [];
  const because = "successes beyond a thousand a second are counted only; what this event started may be among them";
  return [{ matched: true, rule: "the history", because }];
}

function holdAgainst(rule: BucketNotification, { name, key }: ObjectRecord, target: string): Reason {
  const faults: string[] = [];
  if (!rule.events.some((pattern) => eventMatches(pattern, name)))
    faults.push(`${name} is not among ${rule.events.join(", ")}`);
  if (rule.prefix !== undefined && !key.startsWith(rule.prefix))
    faults.push(`the key does not begin with "${rule.prefix}"${letterCase(key, rule.prefix, "startsWith")}`);
  if (rule.suffix !== undefined && !key.endsWith(rule.suffix))
    faults.push(`the key does not end with "${rule.suffix}"${letterCase(key, rule.suffix, "endsWith")}`);
  const filters = [
    rule.events.join(", "),
    ...(rule.prefix === undefined ? [] : [`prefix "${rule.prefix}"`]),
    ...(rule.suffix === undefined ? [] : [`suffix "${rule.suffix}"`]),
  ];
  return {
    matched: faults.length === 0,
    rule: `notification to ${rule.target.kind} ${target}`,
    because: faults.length === 0 ? filters.join(", ") : faults.join("; "),
  };
}

/** The likeliest mistake of all. */
function letterCase(key: string, filter: string, how: "startsWith" | "endsWith"): string {
  return key.toLowerCase()[how](filter.toLowerCase()) ? " (letter case counts)" : "";
}

/** Sequencers grow per key; with the bucket and the key, form-encoded or not, beside it there is no doubt. */
function tellsOf(event: string, { sequencer, bucket, key }: ObjectRecord): boolean {
  const encoded = encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
  // Inside a message the notification is JSON in a string: quotes are escaped there, so they are left out.
  // EventBridge gets the key as it is.
  return [sequencer, bucket].every((text) => event.includes(text)) && (event.includes(encoded) || event.includes(key));
}

function explainFiltered(
  { id, queueArn, functionName, patterns, body }: FilteredRecord,
  { functions }: Application,
): Explanation {
  const value = parse(body);
  const shown = shownNameOf(functionName, functions);
  return {
    what: `message ${shortId(id)} of ${queueArn.slice(queueArn.lastIndexOf(":") + 1)}`,
    reasons: patterns.map((text) => {
      const pattern = parse(text);
      const wanted = isJsonObject(pattern) ? pattern["body"] : undefined;
      const because =
        isJsonObject(wanted) && !isJsonObject(value)
          ? "the body is no JSON object, the filter wants one"
          : (firstMiss(wanted, value, { who: "filter", at: "body" }) ?? "the pattern does not match");
      return { matched: false, rule: `filter of ${shown}: ${text}`, because };
    }),
    invocations: [],
  };
}

function explainInvocation(
  record: InvocationRecord,
  application: Application,
  all: readonly HistoryRecord[],
): Explanation {
  const fn = application.functions.find(({ name }) => name === record.functionName);
  const what = `${shownNameOf(record.functionName, application.functions)} ran with an event of ${record.source}${record.subject === "" ? "" : `: ${record.subject}`}`;
  const reasons: Reason[] = [];
  for (const source of application.eventSources) {
    if (source.functionId !== fn?.logicalId) continue;
    if (source.kind === "s3" && record.source === "s3")
      reasons.push(...bucketReasons(record, application, source.bucket, fn.arn));
    else if (source.kind === "sqs" && record.source === "sqs") reasons.push(mappingReason(source, record));
    else if (isDoor(source)) {
      if (record.source === "http") reasons.push(routeReason(source, parse(record.event), application));
    } else if (source.kind === "eventbridge" && record.source === "events")
      reasons.push(...ruleReason(source, parse(record.event)));
    else if (source.kind === "schedule" && record.source === "events")
      reasons.push(...scheduleReason(source, parse(record.event)));
    else if (source.kind === "logs" && record.source === "logs") reasons.push(subscriptionReason(source, record));
    else if (source.kind === "webSocket" && record.source === "websocket") {
      const because = `the route ${source.routeKey} of ${source.apiId} leads to it`;
      if (source.routeKey === record.subject) reasons.push({ matched: true, rule: source.eventId, because });
    } else if (sourceNames[source.kind] === record.source)
      reasons.push({ matched: true, rule: `${source.eventId} (${source.kind})`, because: "the template declares it" });
  }
  if (reasons.length === 0 && fn !== undefined)
    reasons.push(...pipeReasons("function", fn.arn, parse(record.event), application));
  if (reasons.length === 0 && fn !== undefined) reasons.push(...machinesThatCall(fn, record, application, all));
  // A request always took a route, and a bare list of records a pipe; what fits none was made by hand.
  if (
    record.source === "http" || record.source === "pipe"
      ? !reasons.some(({ matched }) => matched)
      : reasons.length === 0
  ) {
    const because =
      record.source === "direct"
        ? "it was called directly"
        : application.sourceFile === undefined
          ? "what sends such events is in the template, and there is none here: pass --template"
          : "no trigger of the template sends such events: it was called directly with an event of this form";
    reasons.push({ matched: true, rule: "invoke", because });
  }
  return { what, reasons, invocations: [] };
}

/** A task sends what it likes: only the definition, and what ran at that time, tell where such an event may be from. */
function machinesThatCall(
  { arn, name }: FunctionConfig,
  { timeMs }: InvocationRecord,
  { stateMachines }: Application,
  all: readonly HistoryRecord[],
): Reason[] {
  const texts = [`"${arn}"`, `"${arn}:`, `"${name}"`];
  const callers = stateMachines.filter(({ definition }) => texts.some((text) => definition.includes(text)));
  return callers.flatMap((machine): Reason[] => {
    // Records are of the end.
    const around = all.filter(
      (one) =>
        one.kind === "execution" &&
        one.machineName === machine.name &&
        one.timeMs >= timeMs &&
        one.timeMs - one.durationMs <= timeMs,
    );
    if (around.length === 0) return [];
    const because = `its definition names the function, and it ran then: ${around.map(({ id }) => shortId(id)).join(", ")}`;
    return [{ matched: true, rule: `state machine ${machine.logicalId}`, because }];
  });
}

function explainExecution({ machineName, input }: ExecutionRecord, application: Application): Explanation {
  const machine = application.stateMachines.find(({ name }) => name === machineName);
  const { source, subject } = describeEvent(input);
  const what = `${machine?.logicalId ?? machineName} ran with an input of ${source}${subject === "" ? "" : `: ${subject}`}`;
  const reasons = machine === undefined ? [] : machineReasons(machine.arn, parse(input), application);
  if (machine !== undefined) reasons.push(...pipeReasons("machine", machine.arn, parse(input), application));
  if (source === "pipe" ? !reasons.some(({ matched }) => matched) : reasons.length === 0) {
    const because = "no rule, schedule or pipe of the template sends such an input: it was started by a call";
    reasons.push({ matched: true, rule: "StartExecution", because });
  }
  return { what, reasons, invocations: [] };
}

function subscriptionReason({ eventId, filterPattern, logGroupName }: LogsSource, record: InvocationRecord): Reason {
  const matched = record.subject === logGroupName;
  const passed = filterPattern === "" ? "it lets everything pass" : `events match its pattern ${filterPattern}`;
  const because = matched ? passed : `the events are of ${record.subject}`;
  return { matched, rule: `${eventId}: subscription filter on ${logGroupName}`, because };
}

const sourceNames: Readonly<Record<string, string>> = {
  sns: "sns",
  logs: "logs",
  dynamodb: "dynamodb",
  kinesis: "kinesis",
};

function bucketReasons(record: InvocationRecord, application: Application, bucket: string, arn: string): Reason[] {
  const declared = application.buckets.find(({ name, logicalId }) => name === bucket || logicalId === bucket);
  return recordsOf(record.event).flatMap((one) => {
    const name = `s3:${isJsonObject(one) ? jsonText(one["eventName"]) : ""}`;
    const key = record.subject.slice(record.subject.indexOf("/") + 1).replace(/ and \d+ more$/, "");
    const object: ObjectRecord = { kind: "object", id: "", timeMs: 0, name, bucket, key, sequencer: "" };
    return (declared?.notifications ?? [])
      .filter(({ target }) => target.arn === arn || target.arn.startsWith(`${arn}:`))
      .map((rule) => holdAgainst(rule, object, shownNameOf(record.functionName, application.functions)));
  });
}

function mappingReason(source: SqsSource, record: InvocationRecord): Reason {
  const count = recordsOf(record.event).length;
  const filters =
    source.filterPatterns.length === 0 ? "it has no filters" : `passed ${source.filterPatterns.join(" or ")}`;
  return {
    matched: true,
    rule: `${source.eventId}: mapping on ${source.queueArn.slice(source.queueArn.lastIndexOf(":") + 1)}`,
    because: `${count} of at most ${source.batchSize} messages; ${filters}`,
  };
}

function recordsOf(event: string): readonly Json[] {
  const parsed = parse(event);
  const list = isJsonObject(parsed) ? parsed["Records"] : undefined;
  return Array.isArray(list) ? (list as readonly Json[]) : [];
}

function nameIn({ functions, queues, topics }: Application, arn: string): string {
  const { name, qualifier } = parseFunctionArn(arn) ?? {};
  const fn = functions.find((one) => one.name === name)?.logicalId;
  if (fn !== undefined) return qualifier === undefined ? fn : `${fn}:${qualifier}`;
  return [...queues, ...topics].find((one) => one.arn === arn)?.logicalId ?? arn;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
