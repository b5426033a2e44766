/** The `Events` of SAM functions and state machines, as event sources, rules and notifications. */
import { isJsonObject } from "../json.js";
import { didYouMean } from "../nearest.js";
import { append } from "./build-context.js";
import type { BuildContext } from "./build-context.js";
import { patternEvent, ruleScheduleEvent, scheduleV2Event } from "./bus-events.js";
import type { Event } from "./event.js";
import { httpEvent, restEvent, s3Event, snsEvent, sqsEvent, streamEvent } from "./event-schema.js";
import { logsEventOf } from "./log-builder.js";
import { batchFault, sqsSource, streamSource } from "./mapping.js";
import { childOf, textOf } from "./node.js";
import { readAt, refuse } from "./property.js";
import { validationOfEvent } from "./request-validation.js";
import { IMPLICIT_HTTP_API, IMPLICIT_REST_API } from "./generated-resources.js";
import { eventsOf } from "./resource.js";
import type { TemplateResource } from "./resource.js";

type Handler = (event: Event) => void;

const REST_TIMEOUT_MS = 29_000;
const HTTP_TIMEOUT_MS = 30_000;

const HANDLERS: Readonly<Record<string, Handler>> = {
  S3: s3,
  SQS: sqs,
  DynamoDB: stream,
  Kinesis: stream,
  Schedule: ruleScheduleEvent,
  ScheduleV2: scheduleV2Event,
  EventBridgeRule: patternEvent,
  CloudWatchEvent: patternEvent,
  SNS: sns,
  CloudWatchLogs: logsEventOf,
  Api: rest,
  HttpApi: http,
};

/** https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-statemachine-statemachineeventsource.html */
const OF_MACHINES = ["Api", "CloudWatchEvent", "EventBridgeRule", "Schedule", "ScheduleV2"];

/** Event types of SAM that nothing here fires. */
const UNSUPPORTED = ["AlexaSkill", "Cognito", "DocumentDB", "IoTRule", "MQ", "MSK", "SelfManagedKafka"];

export function buildEvents(resource: TemplateResource, context: BuildContext): void {
  const { scope } = context;
  const { logicalId } = resource;
  const events = eventsOf(resource);
  if (events.length === 0) return;
  const isFunction = resource.type === "AWS::Serverless::Function";
  const { AutoPublishAlias, Events: all, UseAliasAsEventTarget } = scope.propertiesOf(resource).value;
  // SAM's transform connects every event to the alias where it makes one, and not to the function; a machine's by wish.
  const qualifier =
    typeof AutoPublishAlias === "string" && (isFunction || UseAliasAsEventTarget === true)
      ? AutoPublishAlias
      : undefined;
  const target = { functionId: logicalId, ...(qualifier === undefined ? {} : { qualifier }) };
  const arn = scope.attribute(logicalId, "Arn", scope.usageOf(resource));
  const targetArn = qualifier === undefined ? arn : `${arn}:${qualifier}`;
  for (const { eventId, type } of events) {
    const event = isJsonObject(all) ? all[eventId] : undefined;
    // Absent: the event was AWS::NoValue.
    if (!isJsonObject(event)) continue;
    const given = event["Properties"];
    const place = { resource, scope, path: ["Events", eventId, "Properties"], type: `The event type ${type}` };
    const properties = isJsonObject(given) ? given : {};
    const from = { ...target, eventId };
    const handle = HANDLERS[type];
    if (!isFunction && !OF_MACHINES.includes(type))
      throw refuse(
        { ...place, path: ["Events", eventId, "Type"] },
        `${type} is not an event type of a state machine.${didYouMean(type, OF_MACHINES)}`,
        undefined,
        `Use one of: ${OF_MACHINES.join(", ")}.`,
      );
    if (handle)
      handle({ resource, context, functionId: logicalId, eventId, from, targetArn, isFunction, properties, place });
    else if (UNSUPPORTED.includes(type)) {
      context.draft.eventSources.push({ kind: "unsupported", ...from, type, properties });
      scope.problems.notice(`${logicalId}: events of type ${type} do not fire here; send them with invoke.`);
    } else {
      const what = `${type} is not an event type of SAM.${didYouMean(type, [...Object.keys(HANDLERS), ...UNSUPPORTED])}`;
      throw refuse(
        { ...place, path: ["Events", eventId, "Type"] },
        what,
        undefined,
        `Use one of: ${Object.keys(HANDLERS).join(", ")}.`,
      );
    }
  }
}

function s3({ context, eventId, from, functionId, place, properties, resource, targetArn }: Event): void {
  const { Bucket: name, Events, Filter } = readAt(s3Event, properties, place);
  const rules = Filter?.S3Key?.Rules ?? [];
  const valueOf = (rule: string): string | undefined => rules.find(({ Name }) => Name.toLowerCase() === rule)?.Value;
  const { draft, scope } = context;
  // SAM takes only buckets of the same template, written with Ref.
  const bucketId = [...scope.resources.values()].find(
    (other) =>
      other.type === "AWS::S3::Bucket" &&
      (other.logicalId === name || scope.nameOf(other.logicalId, scope.usageOf(resource)) === name),
  );
  if (!bucketId) {
    const fix = "Declare the bucket in this template and write `Bucket: !Ref <its logical id>`.";
    throw refuse(
      { ...place, path: [...place.path, "Bucket"] },
      `The S3 event ${eventId} of ${functionId} names a bucket that this template does not declare`,
      "SAM takes only buckets of the same template",
      fix,
    );
  }
  const bucket = scope.nameOf(bucketId.logicalId, scope.usageOf(resource));
  const filter = { events: Events, prefix: valueOf("prefix"), suffix: valueOf("suffix") };
  draft.eventSources.push({ kind: "s3", ...from, bucket, ...filter });
  append(draft.notifications, bucket, { ...filter, target: { kind: "function", arn: targetArn } });
}

function sqs({ context, eventId, from, functionId, place, properties }: Event): void {
  const parsed = readAt(sqsEvent, properties, place);
  if (parsed.Queue.startsWith("https://")) {
    const what = `The SQS event ${eventId} of ${functionId} names a queue by its URL`;
    throw refuse(
      { ...place, path: [...place.path, "Queue"] },
      what,
      "Ref of a queue is its URL",
      "Write !GetAtt <queue>.Arn.",
    );
  }
  const fault = batchFault(parsed.Queue, parsed);
  if (fault !== undefined)
    throw refuse(
      { ...place, path: [...place.path, "BatchSize"] },
      `BatchSize of ${functionId} cannot be ${parsed.BatchSize}`,
      fault,
    );
  context.draft.eventSources.push(sqsSource(from, parsed.Queue, parsed));
}

function stream({ context, from, place, properties }: Event): void {
  const parsed = readAt(streamEvent, properties, place);
  context.draft.eventSources.push(streamSource(from, parsed.Stream, parsed));
}

function sns({ context, eventId, from, functionId, place, properties, targetArn }: Event): void {
  const { scope, resource } = place;
  const {
    FilterPolicy: filterPolicy,
    FilterPolicyScope: filterPolicyScope,
    RedrivePolicy,
    SqsSubscription: viaQueue,
    Topic: topicArn,
  } = readAt(snsEvent, properties, place);
  const filter = { filterPolicy, filterPolicyScope, deadLetterTargetArn: RedrivePolicy?.deadLetterTargetArn };
  const subscribe = (protocol: string, endpoint: string): void =>
    append(context.draft.subscriptions, topicArn, { protocol, endpoint, rawMessageDelivery: false, ...filter });
  if (viaQueue === false) {
    context.draft.eventSources.push({ kind: "sns", ...from, topicArn, ...filter });
    subscribe("lambda", targetArn);
    return;
  }
  const given = viaQueue === true ? {} : viaQueue;
  const queueArn =
    viaQueue === true
      ? scope.attribute(`${functionId}${eventId}Queue`, "Arn", scope.usageOf(resource))
      : viaQueue.QueueArn;
  context.draft.eventSources.push(sqsSource(from, queueArn, sqsEvent.parse({ Queue: queueArn, ...given })));
  subscribe("sqs", queueArn);
}

/** Logical id of the API that an event names by Ref (its id, once resolved), by text, or not at all. */
function apiIdOf({ context, eventId, resource }: Event, property: string, implicit: string): string {
  const event = childOf(childOf(childOf(resource.properties, "Events"), eventId), "Properties");
  const node = childOf(event, property);
  if (node === undefined) return implicit;
  const named = node.kind === "call" && node.name === "Ref" ? textOf(node.argument) : textOf(node);
  return named !== undefined && context.scope.resources.has(named) ? named : implicit;
}

function rest(event: Event): void {
  const { context, eventId, from, functionId, isFunction, place, properties } = event;
  const {
    Auth: auth,
    Method: method,
    Path: path,
    ResponseTransferMode: transferMode,
    TimeoutInMillis,
  } = readAt(restEvent, properties, place);
  if (!isFunction) {
    context.scope.problems.notice(
      `${functionId}: Api events of state machines do not fire here; start the machine with StartExecution or lambda-run execute.`,
    );
    return;
  }
  const apiId = apiIdOf(event, "RestApiId", IMPLICIT_REST_API);
  context.draft.eventSources.push({
    kind: "restApi",
    ...from,
    apiId,
    method,
    path,
    timeoutMs: TimeoutInMillis ?? REST_TIMEOUT_MS,
    auth,
    apiKeyRequired: auth?.["ApiKeyRequired"] === true,
    validation: validationOfEvent({ functionId, eventId, apiId, properties }, context),
    streams: transferMode === "STREAM",
  });
}

function http(event: Event): void {
  const { context, eventId, from, functionId, place, properties } = event;
  const {
    Auth: auth,
    Method: method,
    Path: path,
    PayloadFormatVersion,
    TimeoutInMillis,
  } = readAt(httpEvent, properties, place);
  if (properties["Path"] === undefined && properties["Method"] !== undefined)
    throw refuse(
      place,
      `The event ${eventId} of ${functionId} has no Path`,
      "SAM takes a Method with a Path only, and neither for the route $default",
      "Add Path.",
    );
  const apiId = apiIdOf(event, "ApiId", IMPLICIT_HTTP_API);
  context.draft.eventSources.push({
    kind: "httpApi",
    ...from,
    apiId,
    method,
    path,
    payloadFormatVersion: PayloadFormatVersion,
    timeoutMs: TimeoutInMillis ?? HTTP_TIMEOUT_MS,
    auth,
  });
}
