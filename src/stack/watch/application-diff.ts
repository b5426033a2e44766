/** What changed between two readings of the template and the configuration, and what of it can be had without a restart. */
import type { ApiConfig } from "../../config/api-config.js";
import type { Application } from "../../config/application.js";
import type { EventSource } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import type { ResolvedConfig } from "../../config/schema.js";
import { shownName } from "../../config/shown-name.js";
import { httpApisOf, urlsOf, webSocketApisOf } from "../doors.js";

export interface Reading {
  readonly application: Application;
  readonly config: ResolvedConfig;
}

export interface ApplicationDiff {
  readonly added: readonly FunctionConfig[];
  readonly changed: readonly FunctionConfig[];
  readonly removed: readonly FunctionConfig[];
  /** One sentence each. */
  readonly changes: readonly string[];
  readonly needsRestart: readonly string[];
  /** What stays as it is although the template says otherwise. */
  readonly kept: readonly string[];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Resources that are made when they are new; one that changed is left as it is. */
const MADE = [
  "buckets",
  "queues",
  "tables",
  "streams",
  "secrets",
  "parameters",
  "logGroups",
  "alarms",
  "stateMachines",
  "activities",
  "eventBuses",
  "connections",
  "apiDestinations",
  "rules",
  "scheduleGroups",
  "schedules",
  "pipes",
] as const;
/** What makes functions fire is wired at the start ... */
const WIRED = ["eventSources", "topics"] as const;
/** ... but for APIs and their routes, which a door reads with each request, where the start has opened one for them. */
interface Door {
  readonly isOpen: (start: Application) => boolean;
  readonly apis: (application: Application) => readonly ApiConfig[];
  readonly routes: ReadonlySet<EventSource["kind"]>;
  /** APIs, routes. */
  readonly words: readonly [string, string];
}
const DOORS: readonly Door[] = [
  {
    isOpen: (start) => start.apis.length > 0 || urlsOf(start).length > 0,
    apis: httpApisOf,
    routes: new Set(["httpApi", "restApi"]),
    words: ["APIs", "routes"],
  },
  {
    isOpen: (start) => webSocketApisOf(start).length > 0,
    apis: webSocketApisOf,
    routes: new Set(["webSocket"]),
    words: ["WebSocket APIs", "routes of WebSocket APIs"],
  },
];
const routesOf = ({ eventSources }: Application, { routes }: Door): readonly EventSource[] =>
  eventSources.filter(({ kind }) => routes.has(kind));
/** They go when they are declared no more, and take over what has changed at once. */
const FOLLOWING: ReadonlySet<string> = new Set([
  "stateMachines",
  "eventBuses",
  "connections",
  "apiDestinations",
  "rules",
  "scheduleGroups",
  "schedules",
  "pipes",
]);
/** These take over at once what has changed, and stay. */
const UPDATED: ReadonlySet<string> = new Set(["queues"]);
/** Not after a restart either: what is there may have been changed by an application. */
const KEPT: ReadonlySet<string> = new Set(["tables", "streams", "secrets", "parameters"]);

/** `start` is what the stack was started with. */
export function diffApplications(before: Reading, after: Reading, start: Application): ApplicationDiff {
  const old = new Map(before.application.functions.map((fn) => [fn.arn, fn]));
  const now = new Set(after.application.functions.map(({ arn }) => arn));
  const added = after.application.functions.filter(({ arn }) => !old.has(arn));
  const changed = after.application.functions.filter((fn) => old.has(fn.arn) && !same(old.get(fn.arn), fn));
  const removed = before.application.functions.filter(({ arn }) => !now.has(arn));
  const changes = [
    ...added.map((fn) => `${shownName(fn)} is new`),
    ...changed.map((fn) => `${shownName(fn)}: ${membersThatDiffer(old.get(fn.arn), fn).join(", ")}`),
    ...removed.map((fn) => `${shownName(fn)} is gone`),
  ];
  const needsRestart: string[] = [];
  const kept: string[] = [];
  for (const kind of MADE) {
    const known = new Map(before.application[kind].map((one) => [one.arn, one]));
    for (const one of after.application[kind]) {
      const was = known.get(one.arn);
      known.delete(one.arn);
      if (was === undefined) changes.push(`${one.logicalId} is made`);
      else if (!same(was, one))
        (UPDATED.has(kind) || FOLLOWING.has(kind) ? changes : KEPT.has(kind) ? kept : needsRestart).push(
          `${one.logicalId}: ${membersThatDiffer(was, one).join(", ")}`,
        );
    }
    for (const one of known.values()) {
      if (FOLLOWING.has(kind)) changes.push(`${one.logicalId} is gone`);
      else kept.push(`${one.logicalId} is no longer declared`);
    }
  }
  for (const kind of WIRED)
    if (!same(wired(before.application, kind), wired(after.application, kind))) needsRestart.push(WIRED_WORDS[kind]);
  for (const door of DOORS) {
    const told = door.isOpen(start) ? changes : needsRestart;
    if (!same(door.apis(before.application), door.apis(after.application))) told.push(door.words[0]);
    if (!same(routesOf(before.application, door), routesOf(after.application, door))) told.push(door.words[1]);
  }
  // Environment, timeouts and memory of functions have come through the application already.
  for (const name of membersThatDiffer(before.config, after.config))
    if (!["environment", "functions"].includes(name)) needsRestart.push(`the option ${name}`);
  return { added, changed, removed, changes, needsRestart, kept };
}

const WIRED_WORDS: Readonly<Record<(typeof WIRED)[number], string>> = {
  eventSources: "triggers of functions",
  topics: "topics",
};

/** Rules and schedules that fire functions are resources of their own. */
function wired(application: Application, kind: (typeof WIRED)[number]): unknown {
  if (kind !== "eventSources") return application[kind];
  return application.eventSources.filter(
    ({ kind: by }) => by !== "eventbridge" && by !== "schedule" && DOORS.every(({ routes }) => !routes.has(by)),
  );
}

function membersThatDiffer(a: object | undefined, b: object): string[] {
  const old = (a ?? {}) as Readonly<Record<string, unknown>>;
  const now = b as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => !same(old[name], now[name]));
}
