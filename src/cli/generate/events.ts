/**
 * Events made by hand, by the same builders that make them when a source fires. A body may be put into another event:
 * an S3 notification into an SQS message, an event of the bus into a queue, a message of a topic into a queue.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { nearest } from "../../config/nearest.js";
import { eventV1 } from "../../sources/http/event-v1.js";
import { eventV2 } from "../../sources/http/event-v2.js";
import type { HeaderLine, HttpRequest } from "../../sources/http/message.js";
import { RouteTable } from "../../sources/http/routes.js";
import { scheduleNotification } from "../../sources/schedule/requests.js";
import { S3_SUBJECT, s3BusEvent, s3Notification } from "../../sources/s3/event.js";
import { notificationBody, snsEvent } from "../../sources/sns/envelope.js";
import { sqsRecord } from "../../sources/sqs/event.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { ObjectEvent, TopicDelivery } from "../../shared/bus.js";
import { AppError } from "../../shared/errors.js";
import { changeEvent, type ChangedTable, type ChangeKind } from "./change-event.js";
import { isWebSocketKind, WEBSOCKET_KINDS, webSocketEvent } from "./websocket-event.js";
import { kinesisEvent } from "./kinesis-event.js";

export const EVENT_KINDS = [
  "apigw:v1",
  "apigw:v2",
  ...WEBSOCKET_KINDS,
  "url",
  "s3:put",
  "s3:delete",
  "sqs",
  "sns",
  "dynamodb:insert",
  "dynamodb:modify",
  "dynamodb:remove",
  "kinesis",
  "eventbridge",
  "schedule",
  "scheduler",
  "sfn",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];
/** What an event can be put into. */
export const WRAPPERS = ["sqs", "sns", "eventbridge", "kinesis"] as const;
export type Wrapper = (typeof WRAPPERS)[number];

export interface EventSettings {
  readonly realm: Realm;
  readonly nowMs: number;
  readonly method: string;
  /** May carry a query. */
  readonly path: string;
  /** `/items/{id}`; the path itself when absent. Of a WebSocket message: the key of its route. */
  readonly route: string | undefined;
  readonly stage: string | undefined;
  /** Where the APIs of this project answer: handlers of WebSocket APIs call it. */
  readonly localHost: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number;
  readonly queue: string;
  readonly topic: string;
  readonly subject: string | undefined;
  readonly stream: string;
  readonly partitionKey: string;
  readonly table: ChangedTable;
  /** What a modified item was before. */
  readonly old: Buffer | undefined;
  readonly source: string;
  readonly detailType: string;
  /** ARNs of the rule and of the schedule of which a time event tells. */
  readonly ruleArn: string;
  readonly scheduleArn: string;
}

/** Addresses of the documentation range (RFC 5737). */
const SOURCE_IP = "203.0.113.17";
const ID_LENGTH = 10;

/** Throws LR1004 for a name that is none of them. */
export function eventKind<K extends string>(text: string, kinds: readonly K[]): K {
  const found = kinds.find((kind) => kind === text);
  if (found !== undefined) return found;
  const close = nearest(text, kinds);
  throw new AppError("LR1004", {
    what: `"${text}" is no kind of event`,
    fix: `Use one of: ${kinds.join(", ")}.${close === undefined ? "" : ` Did you mean ${close}?`}`,
  });
}

export function generateEvent(kind: EventKind, wrappers: readonly Wrapper[], settings: EventSettings): unknown {
  // S3's events for the bus have a form of their own.
  const [first, ...rest] = wrappers;
  const inBus = first === "eventbridge" && (kind === "s3:put" || kind === "s3:delete");
  const made = inBus
    ? plain(s3BusEvent(objectKind(kind), objectEvent(kind, settings), settings.realm, randomUUID()))
    : single(kind, settings);
  return (inBus ? rest : wrappers).reduce((inner, wrapper) => wrap(inner, wrapper, settings), made).event;
}

interface Made {
  /** What a function gets. */
  readonly event: unknown;
  /** What a queue or topic carries: of a topic's message it is not what a function gets. */
  readonly body: string;
  /** What a topic is told as the subject. */
  readonly subject?: string;
}

const plain = (event: unknown): Made => ({ event, body: JSON.stringify(event) });

function single(kind: EventKind, settings: EventSettings): Made {
  if (isWebSocketKind(kind)) return plain(webSocketEvent(kind, settings, SOURCE_IP));
  switch (kind) {
    case "apigw:v1":
    case "apigw:v2":
    case "url":
      return plain(httpEvent(kind, settings));
    case "s3:put":
    case "s3:delete":
      return {
        ...plain(s3Notification(objectKind(kind), objectEvent(kind, settings), "notification-1", settings.realm)),
        subject: S3_SUBJECT,
      };
    case "sqs":
      return plain(queueEvent(settings.body.toString("utf8"), settings));
    case "sns":
      return topicEvent(settings.body.toString("utf8"), settings);
    case "dynamodb:insert":
    case "dynamodb:modify":
    case "dynamodb:remove":
      return plain(changeOf(kind, settings));
    case "kinesis":
      return plain(kinesisEvent({ ...settings, data: settings.body }));
    case "eventbridge":
      return plain(busEvent(jsonBody(settings), settings));
    case "schedule":
      return plain(ruleByTime(settings));
    case "scheduler":
      return plain(
        scheduleNotification({ scheduleArn: settings.scheduleArn, scheduledMs: settings.nowMs }, settings.realm),
      );
    case "sfn":
      // A task hands its input on: there is nothing around it.
      return plain(jsonBody(settings));
  }
}

function wrap(inner: Made, wrapper: Wrapper, settings: EventSettings): Made {
  switch (wrapper) {
    case "sqs":
      return plain(queueEvent(inner.body, settings));
    case "sns":
      // S3 gives its notifications a subject of their own.
      return topicEvent(inner.body, inner.subject === undefined ? settings : { ...settings, subject: inner.subject });
    case "eventbridge":
      return plain(busEvent(inner.event, settings));
    case "kinesis":
      return plain(kinesisEvent({ ...settings, data: Buffer.from(inner.body) }));
  }
}

function httpEvent(kind: "apigw:v1" | "apigw:v2" | "url", settings: EventSettings): unknown {
  const { realm, method, body } = settings;
  const mark = settings.path.indexOf("?");
  const path = mark === -1 ? settings.path : settings.path.slice(0, mark);
  const id = randomBytes(ID_LENGTH)
    .toString("hex")
    .slice(0, kind === "url" ? 2 * ID_LENGTH : ID_LENGTH);
  const domainName =
    kind === "url" ? `${id}.lambda-url.${realm.region}.on.aws` : `${id}.execute-api.${realm.region}.amazonaws.com`;
  const given = new Set(settings.headers.map(([name]) => name.toLowerCase()));
  const usual: readonly HeaderLine[] = [
    ["Accept", "*/*"],
    ["User-Agent", "curl/8.7.1"],
    ...(body.length === 0
      ? []
      : ([
          ["Content-Type", "application/json"],
          ["Content-Length", String(body.length)],
        ] as const)),
  ];
  const request: HttpRequest = {
    method,
    path,
    query: mark === -1 ? "" : settings.path.slice(mark + 1),
    headers: [...usual.filter(([name]) => !given.has(name.toLowerCase())), ...settings.headers, ["Host", domainName]],
    body,
    sourceIp: SOURCE_IP,
    protocol: "HTTP/1.1",
    receivedAtMs: settings.nowMs,
    requestId: randomUUID(),
  };
  const resource = settings.route ?? path;
  const parameters = parametersOf(resource, path, kind);
  const stage = settings.stage ?? (kind === "apigw:v1" ? "Prod" : "$default");
  const api = { accountId: realm.accountId, apiId: id, domainName, stage, stageVariables: {} };
  if (kind === "apigw:v1") return eventV1({ request, api, resource, parameters, binaryMediaTypes: [] });
  if (kind === "url") return eventV2({ request, api, routeKey: "$default", parameters: {}, functionUrl: true });
  return eventV2({ request, api, routeKey: `${method} ${resource}`, parameters });
}

/** Throws LR1004 when the path does not lie on the route. */
function parametersOf(route: string, path: string, kind: EventKind): Readonly<Record<string, string>> {
  const match = new RouteTable(kind === "apigw:v1" ? "rest" : "http", [{ method: "ANY", path: route }]).find(
    "GET",
    path,
  );
  if (match === undefined)
    throw new AppError("LR1004", {
      what: `The path ${path} does not lie on the route ${route}`,
      fix: "Pass a --path that the route takes.",
    });
  return match.parameters;
}

const objectKind = (kind: "s3:put" | "s3:delete"): "ObjectCreated" | "ObjectRemoved" =>
  kind === "s3:put" ? "ObjectCreated" : "ObjectRemoved";

function objectEvent(kind: "s3:put" | "s3:delete", { bucket, key, sizeBytes, nowMs }: EventSettings): ObjectEvent {
  return {
    namespace: "s3",
    bucket,
    key,
    action: kind === "s3:put" ? "Put" : "Delete",
    ...(kind === "s3:put" ? { sizeBytes, eTag: createHash("md5").update(key).digest("hex") } : {}),
    sequencer: nowMs.toString(16).toUpperCase().padStart(18, "0"),
    requestId: randomBytes(8).toString("hex").toUpperCase(),
    sourceIpAddress: SOURCE_IP,
    timeMs: nowMs,
  };
}

function queueEvent(body: string, { realm, queue, nowMs }: EventSettings): unknown {
  const record = sqsRecord(
    {
      messageId: randomUUID(),
      receiptHandle: randomBytes(48).toString("base64"),
      body,
      bodyMd5: createHash("md5").update(body).digest("hex"),
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: String(nowMs),
        SenderId: realm.accountId,
        ApproximateFirstReceiveTimestamp: String(nowMs + 1),
      },
      messageAttributes: {},
      messageAttributesMd5: undefined,
    },
    { queueArn: arnOf.queue(realm, queue), region: realm.region, windowed: false },
  );
  return { Records: [record] };
}

function topicEvent(body: string, { realm, topic, subject, nowMs }: EventSettings): Made {
  const topicArn = arnOf.topic(realm, topic);
  const delivery: TopicDelivery = {
    topicArn,
    subscriptionArn: `${topicArn}:${randomUUID()}`,
    protocol: "lambda",
    endpoint: "",
    rawMessageDelivery: false,
    deadLetterTargetArn: undefined,
    message: {
      type: "Notification",
      messageId: randomUUID(),
      body,
      attributes: {},
      timeMs: nowMs,
      ...(subject === undefined ? {} : { subject }),
    },
  };
  const endpoint = `https://sns.${realm.region}.amazonaws.com`;
  return { event: snsEvent(delivery, realm, endpoint), body: notificationBody(delivery, realm, endpoint) };
}

function busEvent(
  detail: unknown,
  { realm, nowMs, source, detailType }: Pick<EventSettings, "realm" | "nowMs" | "source" | "detailType">,
  resources: readonly string[] = [],
): unknown {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": detailType,
    source,
    account: realm.accountId,
    time: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    region: realm.region,
    resources,
    detail,
  };
}

const ruleByTime = ({ realm, nowMs, ruleArn }: EventSettings): unknown =>
  busEvent({}, { realm, nowMs, source: "aws.events", detailType: "Scheduled Event" }, [ruleArn]);

function changeOf(kind: ChangeKind, settings: EventSettings): unknown {
  const { realm, nowMs, table, body, old } = settings;
  const item = body.length === 0 ? { id: "1" } : jsonBody(settings);
  const before = old === undefined ? undefined : json(old, "--old");
  return changeEvent(kind, { region: realm.region, nowMs, table, item, before });
}

const jsonBody = ({ body }: EventSettings): unknown => (body.length === 0 ? {} : json(body, "--body"));

function json(text: Buffer, where: string): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch (cause) {
    throw new AppError("LR1003", { what: "The body of this kind of event has to be JSON", where, cause });
  }
}
