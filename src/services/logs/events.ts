/** Operations on events: put, get, filter. */
import type { Clock } from "../../shared/clock.js";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import {
  booleanMember,
  numberMember,
  objectListMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidNextToken, invalidParameter, VALIDATION_CODE } from "./errors.js";
import { compileFilterPattern } from "./filter-pattern.js";
import { groupNameOf, groupOf, streamNameOf } from "./input.js";
import {
  EVENT_OVERHEAD_BYTES,
  type LogStore,
  type NewEvent,
  type Position,
  type StoredEvent,
  type StreamRow,
} from "./store.js";

const DAY_MS = 86_400_000;
const MAX_AGE_MS = 14 * DAY_MS;
const MAX_AHEAD_MS = 2 * 3_600_000;
const MAX_BATCH_EVENTS = 10_000;
const MAX_PAGE_EVENTS = 10_000;
const MAX_PAGE_BYTES = MEBIBYTE;
const MAX_STREAM_NAMES = 100;
const END_OF_TIME: Position = { timestampMs: Number.MAX_SAFE_INTEGER, sequence: 0 };

/** The batch of a PutLogEvents, split into what is stored and what is told to be rejected. */
export interface CheckedBatch {
  readonly groupName: string;
  readonly streamName: string;
  readonly accepted: readonly NewEvent[];
  readonly rejected: JsonObject | undefined;
}

export function checkBatch(store: LogStore, clock: Clock, input: JsonObject): CheckedBatch {
  const groupName = groupNameOf(input);
  const streamName = streamNameOf(input);
  const events = eventsOf(input);
  const group = store.requireGroup(groupName);
  store.requireStream(group, streamName);

  const nowMs = clock.now();
  const expiredBefore = store.oldestKeptMs(group);
  const tooOldEnd = events.findLastIndex((event) => event.timestampMs < nowMs - MAX_AGE_MS) + 1;
  const expiredEnd = events.findLastIndex((event) => event.timestampMs < expiredBefore) + 1;
  const tooNewStart = events.findIndex((event) => event.timestampMs > nowMs + MAX_AHEAD_MS);
  const rejected = {
    ...(tooNewStart === -1 ? {} : { tooNewLogEventStartIndex: tooNewStart }),
    ...(tooOldEnd === 0 ? {} : { tooOldLogEventEndIndex: tooOldEnd }),
    ...(expiredEnd === 0 ? {} : { expiredLogEventEndIndex: expiredEnd }),
  };
  return {
    groupName,
    streamName,
    accepted: events.slice(Math.max(tooOldEnd, expiredEnd), tooNewStart === -1 ? events.length : tooNewStart),
    rejected: Object.keys(rejected).length === 0 ? undefined : rejected,
  };
}

function eventsOf(input: JsonObject): readonly NewEvent[] {
  const list = objectListMember(input, "logEvents");
  const violations = new Violations();
  violations.required(list, "logEvents");
  violations.length(list, "logEvents", 1, MAX_BATCH_EVENTS);
  violations.check(VALIDATION_CODE);
  let bytes = 0;
  let previousMs = 0;
  const events = (list ?? []).map((entry, index) => {
    const at = `logEvents.${index + 1}.member`;
    const timestampMs = numberMember(entry, "timestamp");
    const message = stringMember(entry, "message");
    violations.required(timestampMs, `${at}.timestamp`);
    violations.range(timestampMs, `${at}.timestamp`, 0, Number.MAX_SAFE_INTEGER);
    violations.required(message, `${at}.message`);
    violations.length(message, `${at}.message`, 1, Number.MAX_SAFE_INTEGER);
    violations.check(VALIDATION_CODE);
    const event = { timestampMs: Math.trunc(timestampMs ?? 0), message: message ?? "" };
    if (event.timestampMs < previousMs) {
      throw invalidParameter("Log events in a single PutLogEvents request must be in chronological order.");
    }
    previousMs = event.timestampMs;
    const size = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    if (size > MEBIBYTE) throw invalidParameter(`Log event too large: ${size} bytes exceeds limit of ${MEBIBYTE}`);
    bytes += size;
    return event;
  });
  if (bytes > MEBIBYTE) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${MEBIBYTE}`);
  if (previousMs - (events[0]?.timestampMs ?? 0) > DAY_MS) {
    throw invalidParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return events;
}

export function getLogEvents(store: LogStore, input: JsonObject): JsonObject {
  const groupName = groupOf(input);
  const streamName = streamNameOf(input);
  const limit = limitOf(input);
  const { from, to } = windowOf(input);
  const group = store.requireGroup(groupName);
  const stream = store.requireStream(group, streamName);
  const token = stringMember(input, "nextToken");
  const forward = token === undefined ? (booleanMember(input, "startFromHead") ?? false) : token.startsWith("f/");
  const boundary = token === undefined ? undefined : decodePosition(token);

  const found = forward
    ? store.events(group, stream, later(from, boundary), to)
    : store.events(group, stream, from, earlier(to, boundary), true);
  const page: StoredEvent[] = [];
  let bytes = 0;
  for (const event of found) {
    bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    if (page.length === limit || (bytes > MAX_PAGE_BYTES && page.length > 0)) break;
    page.push(event);
  }
  if (!forward) page.reverse();

  // With nothing found both tokens stay where the reader stands: that is how a reader knows the end.
  const here =
    boundary ?? (forward ? from : { timestampMs: Math.min(to.timestampMs, stream.lastEventMs ?? 0), sequence: 0 });
  const first = page[0] ?? here;
  const last = page.at(-1);
  return {
    events: page.map(({ timestampMs, message, ingestedMs }) => ({
      timestamp: timestampMs,
      message,
      ingestionTime: ingestedMs,
    })),
    nextForwardToken: `f/${encodePosition(last === undefined ? here : { timestampMs: last.timestampMs, sequence: last.sequence + 1 })}`,
    nextBackwardToken: `b/${encodePosition(first)}`,
  };
}

export function filterLogEvents(store: LogStore, input: JsonObject): JsonObject {
  const groupName = groupOf(input);
  const limit = limitOf(input);
  const { from, to } = windowOf(input);
  const names = stringListMember(input, "logStreamNames");
  const prefix = stringMember(input, "logStreamNamePrefix");
  const violations = new Violations();
  violations.length(names, "logStreamNames", 1, MAX_STREAM_NAMES);
  violations.length(prefix, "logStreamNamePrefix", 1, 512);
  violations.check(VALIDATION_CODE);
  if (names !== undefined && prefix !== undefined) {
    throw invalidParameter("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
  }
  const matches = compileFilterPattern(stringMember(input, "filterPattern") ?? "");
  const group = store.requireGroup(groupName);
  const streams =
    names === undefined
      ? [...store.streams(group)].filter((stream) => stream.name.startsWith(prefix ?? ""))
      : [...new Set(names)].map((name) => store.requireStream(group, name));
  const resume = resumeOf(stringMember(input, "nextToken"));
  const sources = streams
    .filter((stream) => overlaps(stream, from, to))
    .map((stream) =>
      store.events(
        group,
        stream,
        later(from, resume === undefined ? undefined : { timestampMs: resume.timestampMs, sequence: 0 }),
        to,
      ),
    );

  const page: StoredEvent[] = [];
  let bytes = 0;
  let nextToken: string | undefined;
  for (const event of merged(sources)) {
    if (resume !== undefined && !comesAfter(event, resume)) continue;
    if (!matches(event.message)) continue;
    bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    const last = page.at(-1);
    if (last !== undefined && (page.length === limit || bytes > MAX_PAGE_BYTES)) {
      nextToken = Buffer.from(`${last.timestampMs}.${last.stream.id}.${last.sequence}`).toString("base64");
      break;
    }
    page.push(event);
  }
  return {
    events: page.map((event) => ({
      logStreamName: event.stream.name,
      timestamp: event.timestampMs,
      message: event.message,
      ingestionTime: event.ingestedMs,
      eventId: eventId(event),
    })),
    searchedLogStreams: [],
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

/** 56 digits that order as the events do. */
export function eventId(event: StoredEvent): string {
  return (
    `${event.timestampMs}`.padStart(20, "0") +
    `${event.stream.id}`.padStart(18, "0") +
    `${event.sequence}`.padStart(18, "0")
  );
}

function limitOf(input: JsonObject): number {
  const limit = numberMember(input, "limit");
  const violations = new Violations();
  violations.range(limit, "limit", 1, MAX_PAGE_EVENTS);
  violations.check(VALIDATION_CODE);
  return limit ?? MAX_PAGE_EVENTS;
}

/** `startTime` belongs to the window, `endTime` does not. */
function windowOf(input: JsonObject): { readonly from: Position; readonly to: Position } {
  const start = numberMember(input, "startTime");
  const end = numberMember(input, "endTime");
  const violations = new Violations();
  violations.range(start, "startTime", 0, Number.MAX_SAFE_INTEGER);
  violations.range(end, "endTime", 0, Number.MAX_SAFE_INTEGER);
  violations.check(VALIDATION_CODE);
  return {
    from: { timestampMs: start ?? 0, sequence: 0 },
    to: end === undefined ? END_OF_TIME : { timestampMs: end, sequence: 0 },
  };
}

function compare(one: Position, other: Position): number {
  return one.timestampMs - other.timestampMs || one.sequence - other.sequence;
}

function later(one: Position, other: Position | undefined): Position {
  return other !== undefined && compare(other, one) > 0 ? other : one;
}

function earlier(one: Position, other: Position | undefined): Position {
  return other !== undefined && compare(other, one) < 0 ? other : one;
}

const TIMESTAMP_DIGITS = 20;
const SEQUENCE_DIGITS = 36;

function encodePosition({ timestampMs, sequence }: Position): string {
  return `${timestampMs}`.padStart(TIMESTAMP_DIGITS, "0") + `${sequence}`.padStart(SEQUENCE_DIGITS, "0");
}

function decodePosition(token: string): Position {
  const match = /^[fb]\/(\d{20})(\d{36})$/.exec(token);
  if (match === null) throw invalidNextToken();
  return { timestampMs: Number(match[1]), sequence: Number(match[2]) };
}

interface Resume extends Position {
  readonly streamId: number;
}

function resumeOf(token: string | undefined): Resume | undefined {
  if (token === undefined) return undefined;
  const match = /^(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(token, "base64").toString("latin1"));
  if (match === null) throw invalidNextToken();
  return { timestampMs: Number(match[1]), streamId: Number(match[2]), sequence: Number(match[3]) };
}

function comesAfter(event: StoredEvent, { timestampMs, streamId, sequence }: Resume): boolean {
  return (event.timestampMs - timestampMs || event.stream.id - streamId || event.sequence - sequence) > 0;
}

function overlaps(stream: StreamRow, from: Position, to: Position): boolean {
  if (stream.firstEventMs === undefined || stream.lastEventMs === undefined) return false;
  return stream.lastEventMs >= from.timestampMs && stream.firstEventMs < to.timestampMs;
}

/** Events of several streams in one order: time, stream, arrival. */
function* merged(sources: readonly Generator<StoredEvent>[]): Generator<StoredEvent> {
  const heads = sources.flatMap((source) => {
    const { value, done } = source.next();
    return done === true ? [] : [{ source, event: value }];
  });
  try {
    while (heads.length > 0) {
      let first = 0;
      for (let index = 1; index < heads.length; index += 1) {
        const [head, best] = [heads[index]?.event, heads[first]?.event];
        if (head && best && (head.timestampMs - best.timestampMs || head.stream.id - best.stream.id) < 0) first = index;
      }
      const head = heads[first];
      if (head === undefined) return;
      yield head.event;
      const { value, done } = head.source.next();
      if (done === true) heads.splice(first, 1);
      else head.event = value;
    }
  } finally {
    // Leaving early must close the ranges, or their read transaction stays open.
    for (const source of sources) source.return(undefined);
  }
}
