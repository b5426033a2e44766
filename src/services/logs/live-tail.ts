/**
 * StartLiveTail: the events of up to ten groups as they come in, once a second, for as long as the client listens.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
 */
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Cancel, Clock } from "../../shared/clock.js";
import { eventMessage, exceptionMessage, startEventStream } from "../kit/event-stream.js";
import { stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import { invalidParameter, limitExceeded, VALIDATION_CODE } from "./errors.js";
import { compileFilterPattern } from "./filter-pattern.js";
import { groupNameFrom } from "./input.js";
import type { LogIntake } from "./intake.js";
import type { LogStore } from "./store.js";

const UPDATE_MS = 1000;
const SESSION_MS = 3 * 3_600_000;
const MAX_GROUPS = 10;
const MAX_STREAMS = 10;
const MAX_SESSIONS = 15;
/** Of a second; what is beyond is left out, and the update says so. */
const MAX_EVENTS = 500;
const EVENT_TYPE = "application/json";

export interface LiveTailContext {
  readonly store: LogStore;
  readonly intake: LogIntake;
  readonly clock: Clock;
  readonly realm: Realm;
}

export class LiveTails {
  readonly #context: LiveTailContext;
  readonly #endings = new Set<() => void>();

  constructor(context: LiveTailContext) {
    this.#context = context;
  }

  start(input: JsonObject, request: ServiceRequest, response: ServerResponse): void {
    const { store, intake, clock, realm } = this.#context;
    const wanted = readRequest(input);
    const groups = wanted.groups.map((identifier) => store.requireGroup(groupNameFrom(identifier)).name);
    if (this.#endings.size >= MAX_SESSIONS) throw limitExceeded();
    const matches = compileFilterPattern(wanted.pattern ?? "");
    let results: JsonObject[] = [];
    let sampled = false;
    const stops = groups.map((group) =>
      intake.subscribe(group, ({ logStream, events }) => {
        if (!wanted.takesStream(logStream)) return;
        for (const { timestampMs, message } of events) {
          if (!matches(message)) continue;
          if (results.length === MAX_EVENTS) {
            sampled = true;
            return;
          }
          results.push({
            logStreamName: logStream,
            logGroupIdentifier: arnOf.logGroup(realm, group),
            message,
            timestamp: timestampMs,
            ingestionTime: clock.now(),
          });
        }
      }),
    );
    const send = (type: string, payload: JsonObject): void =>
      void response.write(eventMessage(type, EVENT_TYPE, Buffer.from(JSON.stringify(payload))));
    let cancel: Cancel = () => undefined;
    const end = (): void => {
      this.#endings.delete(end);
      cancel();
      for (const stop of stops) stop();
      response.end();
    };
    const endsAtMs = clock.now() + SESSION_MS;
    const update = (): void => {
      send("sessionUpdate", { sessionMetadata: { sampled }, sessionResults: results });
      results = [];
      sampled = false;
      if (clock.now() < endsAtMs) {
        cancel = clock.after(UPDATE_MS, update);
        return;
      }
      const message = Buffer.from(JSON.stringify({ message: "Your Live Tail session has timed out" }));
      response.write(exceptionMessage("SessionTimeoutException", EVENT_TYPE, message));
      end();
    };
    this.#endings.add(end);
    response.once("close", end);
    startEventStream(response, request.requestId, "application/x-amz-json-1.1", Buffer.from("{}"));
    send("sessionStart", { requestId: request.requestId, sessionId: randomUUID(), ...wanted.told });
    cancel = clock.after(UPDATE_MS, update);
  }

  /** Ends every session. */
  close(): void {
    for (const end of this.#endings) end();
  }
}

function readRequest(input: JsonObject): {
  readonly groups: readonly string[];
  readonly pattern: string | undefined;
  readonly takesStream: (name: string) => boolean;
  readonly told: JsonObject;
} {
  const groups = stringListMember(input, "logGroupIdentifiers");
  const names = stringListMember(input, "logStreamNames");
  const prefixes = stringListMember(input, "logStreamNamePrefixes");
  const pattern = stringMember(input, "logEventFilterPattern");
  const violations = new Violations();
  violations.required(groups, "logGroupIdentifiers");
  violations.length(groups, "logGroupIdentifiers", 1, MAX_GROUPS);
  violations.length(names, "logStreamNames", 1, MAX_STREAMS);
  violations.length(prefixes, "logStreamNamePrefixes", 1, MAX_STREAMS);
  violations.length(pattern, "logEventFilterPattern", 0, 1024);
  violations.check(VALIDATION_CODE);
  if (names !== undefined && prefixes !== undefined)
    throw invalidParameter("LogStreamNames and LogStreamNamePrefixes are mutually exclusive parameters.");
  if ((names ?? prefixes) !== undefined && groups?.length !== 1)
    throw invalidParameter("Log streams can be named for a single log group only.");
  return {
    groups: groups ?? [],
    pattern,
    takesStream: (name) => names?.includes(name) ?? prefixes?.some((prefix) => name.startsWith(prefix)) ?? true,
    told: {
      logGroupIdentifiers: groups ?? [],
      logStreamNames: names ?? [],
      logStreamNamePrefixes: prefixes ?? [],
      logEventFilterPattern: pattern ?? "",
    },
  };
}
