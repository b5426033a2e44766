/**
 * Replays: events of an archive come once more, on the bus that they came on, with the name of the replay in them. A replay
 * notes in the transaction of each step how far it has come, so that the next process goes on there.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
 */
import { arnOf, parseArn } from "../../shared/arn.js";
import type { Logger } from "../../shared/logger.js";
import { messageOf } from "../../shared/errors.js";
import {
  jsonObjectIn,
  numberMember,
  objectMember,
  stringListMember,
  stringMember,
  Violations,
} from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { REPLAY_STATES, type ReplayRow } from "./archive-store.js";
import { archiveNameIn } from "./archives.js";
import { checkName, page, requireBus, seconds, withPrefix, type EventsContext, type Operations } from "./context.js";
import { eventsError } from "./errors.js";
import { replayEvent } from "./matching.js";

/** Events of one step. */
const STEP = 100;
const MAX_ACTIVE = 10;

const isActive = ({ state }: ReplayRow): boolean => ["STARTING", "RUNNING", "CANCELLING"].includes(state);

export class Replays {
  readonly #context: EventsContext;
  readonly #log: Logger;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(context: EventsContext, log: Logger) {
    this.#context = context;
    this.#log = log;
  }

  /** To be called when there may be a replay to run. */
  wake(): void {
    if (this.#closed || this.#running !== undefined || this.#active() === undefined) return;
    this.#running = this.#run()
      .catch((error: unknown) => this.#log.error({ reason: messageOf(error) }, "a replay has stopped"))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #active(): ReplayRow | undefined {
    return this.#context.archives.replays().find(isActive);
  }

  async #run(): Promise<void> {
    const { store } = this.#context;
    for (let replay = this.#active(); replay !== undefined && !this.#closed; replay = this.#active()) {
      const { name } = replay;
      // Who has started it gets his answer first, and requests have their turn between the steps.
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.#closed) await store.write(() => this.#step(name));
    }
  }

  #step(name: string): void {
    const { archives, clock } = this.#context;
    const replay = archives.replay(name);
    if (replay === undefined) return;
    if (replay.state === "CANCELLING")
      return archives.putReplay({ ...replay, state: "CANCELLED", endedMs: clock.now() });
    const events = archives.next(replay, STEP, clock.now());
    for (const { text } of events) {
      // At the end of the text: its numbers keep all their digits.
      const marked = `${text.slice(0, -1)},"replay-name":${JSON.stringify(name)}}`;
      const value = jsonObjectIn(marked) ?? {};
      replayEvent(this.#context, replay, { value, text: marked, forwarded: false, traceHeader: undefined });
    }
    const last = events.at(-1)?.key ?? replay.last;
    archives.putReplay(
      events.length < STEP
        ? { ...replay, last, state: "COMPLETED", endedMs: clock.now() }
        : { ...replay, last, state: "RUNNING" },
    );
  }
}

export function replayOperations(context: EventsContext, replays: Replays): Operations {
  const { store, archives, clock, realm } = context;
  const shown = (row: ReplayRow): JsonObject => ({
    ReplayName: row.name,
    EventSourceArn: arnOf.archive(realm, row.archiveName),
    State: row.state,
    EventStartTime: seconds(row.eventStartMs),
    EventEndTime: seconds(row.eventEndMs),
    ReplayStartTime: seconds(row.startedMs),
    ...(row.last === undefined ? {} : { EventLastReplayedTime: seconds(row.last[1]) }),
    ...(row.endedMs === undefined ? {} : { ReplayEndTime: seconds(row.endedMs) }),
  });

  return {
    StartReplay: async (input) => {
      const wanted = readReplay(context, input);
      const answer = await store.write(() => {
        if (archives.replay(wanted.name) !== undefined) throw eventsError.replayExists(wanted.name);
        if (archives.replays().filter(isActive).length >= MAX_ACTIVE) throw eventsError.tooMany();
        const row: ReplayRow = {
          ...wanted,
          state: "STARTING",
          startedMs: clock.now(),
          endedMs: undefined,
          last: undefined,
        };
        archives.putReplay(row);
        return { ReplayArn: arnOf.replay(realm, row.name), State: row.state, ReplayStartTime: seconds(row.startedMs) };
      });
      replays.wake();
      return answer;
    },
    DescribeReplay: (input) => {
      const row = requireReplay(context, input);
      return {
        ...shown(row),
        ReplayArn: arnOf.replay(realm, row.name),
        Destination: {
          Arn: arnOf.eventBus(realm, row.busName),
          ...(row.filterArns.length === 0 ? {} : { FilterArns: row.filterArns }),
        },
        ...(row.description === undefined ? {} : { Description: row.description }),
      };
    },
    ListReplays: (input) => {
      const source = stringMember(input, "EventSourceArn");
      const state = stringMember(input, "State");
      const violations = new Violations();
      violations.oneOf(state, "state", REPLAY_STATES);
      violations.check();
      const rows = archives
        .replays()
        .filter((row) => source === undefined || row.archiveName === archiveNameIn(source, context))
        .filter((row) => state === undefined || row.state === state);
      const found = withPrefix(rows, stringMember(input, "NamePrefix"), ({ name }) => name);
      const { items, next } = page(found, input, ({ name }) => name);
      return { Replays: items.map(shown), ...next };
    },
    CancelReplay: async (input) => {
      const answer = await store.write(() => {
        const row = requireReplay(context, input);
        if (!isActive(row)) throw eventsError.replayNotActive(row.name);
        archives.putReplay({ ...row, state: "CANCELLING" });
        return { ReplayArn: arnOf.replay(realm, row.name), State: "CANCELLING" };
      });
      replays.wake();
      return answer;
    },
  };
}

function requireReplay({ archives }: EventsContext, input: JsonObject): ReplayRow {
  const name = stringMember(input, "ReplayName");
  const violations = new Violations();
  violations.required(name, "replayName");
  violations.check();
  const row = archives.replay(name ?? "");
  if (row === undefined) throw eventsError.replayNotFound(name ?? "");
  return row;
}

type WantedReplay = Omit<ReplayRow, "state" | "startedMs" | "endedMs" | "last">;

function readReplay(context: EventsContext, input: JsonObject): WantedReplay {
  const name = stringMember(input, "ReplayName");
  const source = stringMember(input, "EventSourceArn");
  const startTime = numberMember(input, "EventStartTime");
  const endTime = numberMember(input, "EventEndTime");
  const destination = objectMember(input, "Destination");
  const violations = new Violations();
  violations.required(name, "replayName");
  checkName(violations, name, "replayName");
  violations.required(source, "eventSourceArn");
  violations.required(startTime, "eventStartTime");
  violations.required(endTime, "eventEndTime");
  violations.required(destination, "destination");
  violations.check();
  const { name: busName } = requireBus(context, stringMember(destination ?? {}, "Arn"));
  const archiveName = archiveNameIn(source ?? "", context);
  const archive = context.archives.archive(archiveName);
  if (archive === undefined) {
    const shownName =
      archiveName === "" ? (parseArn(source ?? "")?.resource.replace(/^archive\//, "") ?? "") : archiveName;
    throw eventsError.invalid(`Parameter EventSourceArn is not valid. Reason: Archive ${shownName} does not exist.`);
  }
  if (archive.busName !== busName)
    throw eventsError.invalid(
      "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
    );
  const [eventStartMs, eventEndMs] = [(startTime ?? 0) * 1000, (endTime ?? 0) * 1000];
  if (eventStartMs >= eventEndMs)
    throw eventsError.invalid(
      "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
    );
  return {
    name: name ?? "",
    archiveName,
    busName,
    description: stringMember(input, "Description"),
    filterArns: stringListMember(destination ?? {}, "FilterArns") ?? [],
    eventStartMs,
    eventEndMs,
  };
}
