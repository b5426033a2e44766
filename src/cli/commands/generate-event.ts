/** `lambda-run generate-event <kind>`: an event on stdout, ready for `invoke --event -`. */
import { readFileSync } from "node:fs";
import { AppError, EXIT, messageOf } from "../../shared/errors.js";
import type { TableConfig } from "../../config/application.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { HeaderLine } from "../../sources/http/message.js";
import { runningStack } from "../../stack/state-folder.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import type { ChangedTable } from "../generate/change-event.js";
import { EVENT_KINDS, eventKind, generateEvent, WRAPPERS, type EventKind } from "../generate/events.js";

export const generateEventCommand: Action = async ([kindText = ""], options) => {
  const text = (name: string): string | undefined => (typeof options[name] === "string" ? options[name] : undefined);
  const kind = eventKind(kindText, EVENT_KINDS);
  const wrappers = listOf(options["in"]).map((name) => eventKind(name, WRAPPERS));
  const path = text("path") ?? "/";
  // The names, region and account that events of this project have.
  const { application, config, folder } = await loadProject(options);
  const { buckets, queues, topics, streams, tables, rules, schedules, realm } = application;
  const running = runningStack({ config, projectRoot: folder })?.front;
  checkSchedule(kind, text("schedule"), rules, schedules);
  const event = generateEvent(kind, wrappers, {
    realm,
    nowMs: Date.now(),
    method: (text("method") ?? "GET").toUpperCase(),
    path: path.startsWith("/") ? path : `/${path}`,
    route: text("route"),
    stage: text("stage"),
    localHost: running?.replace("http://", "") ?? `127.0.0.1:${config.ports.http}`,
    headers: listOf(options["header"]).map(headerLine),
    body: readBody(text("body")),
    bucket: nameOf(text("bucket"), buckets) ?? "my-bucket",
    key: text("key") ?? "path/to/file.txt",
    sizeBytes: sizeOf(text("size")),
    queue: nameOf(text("queue"), queues) ?? "my-queue",
    topic: nameOf(text("topic"), topics) ?? "my-topic",
    subject: text("subject"),
    stream: nameOf(text("stream"), streams) ?? "my-stream",
    partitionKey: text("partitionKey") ?? "key-1",
    table: changedTable(text("table"), tables, realm),
    old: options["old"] === undefined ? undefined : readBody(text("old")),
    source: text("source") ?? "my.app",
    detailType: text("detailType") ?? "Something Happened",
    ruleArn: arnIn(text("schedule"), rules) ?? arnOf.rule(realm, "default", text("schedule") ?? "my-rule"),
    scheduleArn:
      arnIn(text("schedule"), schedules) ?? arnOf.schedule(realm, "default", text("schedule") ?? "my-schedule"),
  });
  process.stdout.write(`${JSON.stringify(event, null, 2)}\n`);
  return EXIT.ok;
};

/** Rules by time and schedules of the Scheduler send events of different forms. */
function checkSchedule(
  kind: EventKind,
  written: string | undefined,
  rules: readonly Declared[],
  schedules: readonly Declared[],
): void {
  const [own, others, what, fitting] =
    kind === "schedule"
      ? ([rules, schedules, "a schedule of EventBridge Scheduler", "scheduler"] as const)
      : ([schedules, rules, "a rule of EventBridge", "schedule"] as const);
  if (kind !== "schedule" && kind !== "scheduler") return;
  if (arnIn(written, own) !== undefined || arnIn(written, others) === undefined) return;
  throw new AppError("LR1004", {
    what: `${written} is ${what}, and sends no event of the kind ${kind}`,
    fix: `Run \`lambda-run generate-event ${fitting} --schedule ${written}\`.`,
  });
}

interface Declared {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
}

/** A resource of the template may be named by its logical id; one of elsewhere is taken as it is written. */
function nameOf(
  written: string | undefined,
  declared: readonly Pick<Declared, "logicalId" | "name">[],
): string | undefined {
  return declared.find(({ logicalId }) => logicalId === written)?.name ?? written;
}

const arnIn = (written: string | undefined, declared: readonly Declared[]): string | undefined =>
  declared.find(({ logicalId, name }) => logicalId === written || name === written)?.arn;

/** Keys and view of a table of the template; of another one both images are shown. */
function changedTable(written: string | undefined, tables: readonly TableConfig[], realm: Realm): ChangedTable {
  const table = tables.find(({ logicalId, name }) => logicalId === written || name === written);
  if (table === undefined) {
    const label = new Date().toISOString().replace("Z", "");
    const streamArn = `${arnOf.table(realm, written ?? "my-table")}/stream/${label}`;
    return { streamArn, viewType: "NEW_AND_OLD_IMAGES", keyNames: [] };
  }
  const { streamArn, streamViewType: viewType = "NEW_AND_OLD_IMAGES", keySchema } = table;
  return { streamArn, viewType, keyNames: keySchema.map(({ AttributeName }) => AttributeName) };
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
}

function headerLine(text: string): HeaderLine {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new AppError("LR1004", { what: `"${text}" is no header`, fix: 'Write it as "Name: value".' });
  return [text.slice(0, colon), text.slice(colon + 1).trim()];
}

/** The text itself, `@file`, or `@-` for standard input. */
function readBody(text: string | undefined): Buffer {
  if (text === undefined) return Buffer.alloc(0);
  if (!text.startsWith("@")) return Buffer.from(text);
  const name = text.slice(1);
  try {
    return readFileSync(name === "-" ? process.stdin.fd : name);
  } catch (error) {
    throw new AppError("LR1002", { what: "The body cannot be read", where: name, why: messageOf(error), cause: error });
  }
}

function sizeOf(text: string | undefined): number {
  const size = Number(text ?? "1024");
  if (Number.isSafeInteger(size) && size >= 0) return size;
  throw new AppError("LR1005", { what: `"${text}" is no size in bytes`, where: "--size" });
}
