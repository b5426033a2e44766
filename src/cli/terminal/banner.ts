/** What is up, what is only nearly as on AWS, and what is not there: said when a session is ready. */
import type { Application } from "../../config/application.js";
import { shownName } from "../../config/shown-name.js";
import type { LimitTiers } from "../../runtime/sandbox/sandbox.js";
import type { FrontDoor } from "../../stack/doors.js";
import type { Colours } from "../render/colours.js";

/** One line each: functions, resources that are emulated, services on other servers, resources that are not supported. */
export function resourceLines(
  application: Application,
  elsewhere: readonly string[],
  { dim, yellow }: Colours,
): readonly string[] {
  const { functions, stateMachines, buckets, queues, topics, tables, secrets, parameters, apis, skipped } = application;
  const { rules, schedules, pipes, streams } = application;
  const counted = (
    [
      ["bucket", buckets],
      ["queue", queues],
      ["topic", topics],
      ["table", tables],
      ["stream", streams],
      ["secret", secrets],
      ["parameter", parameters],
      ["rule", rules],
      ["schedule", schedules],
      ["pipe", pipes],
      ["API", apis],
    ] as const
  ).flatMap(([name, list]) => (list.length === 0 ? [] : `${list.length} ${name}${list.length === 1 ? "" : "s"}`));
  const lines: string[] = [];
  if (functions.length > 0) lines.push(`${dim("functions")}      ${functions.map(shownName).join(", ")}`);
  if (stateMachines.length > 0)
    lines.push(`${dim("machines")}       ${stateMachines.map(({ logicalId }) => logicalId).join(", ")}`);
  if (counted.length > 0) lines.push(`${dim("emulated")}       ${counted.join(", ")}`);
  if (elsewhere.length > 0) lines.push(`${dim("elsewhere")}      ${elsewhere.join(", ")}`);
  if (skipped.length > 0)
    lines.push(
      `${yellow("not supported")}  ${skipped.map(({ logicalId, type }) => `${logicalId} (${type})`).join(", ")}`,
    );
  return lines;
}

export const DOOR_TITLES = {
  http: "HTTP API",
  rest: "REST API",
  websocket: "WebSocket API",
  "function URL": "function URL",
} as const;

/** One line each: where an API or function URL answers. */
export function doorLines(doors: readonly FrontDoor[], { dim, bold }: Colours): readonly string[] {
  return doors.map(({ kind, name, url }) => `${dim(DOOR_TITLES[kind].padEnd(14))} ${bold(url)}  ${name}`);
}

/** Limits that this machine cannot hold exactly. */
export function limitLine({ root, ...limits }: LimitTiers, { yellow }: Colours): string | undefined {
  const near = Object.entries(limits)
    .filter(([name, { exact }]) => !exact && name !== "freeze" && name !== "cpu")
    .map(([name, { how }]) => `${name} (${how})`);
  if (root.tier === "portable") near.unshift("file system (portable tier)");
  return near.length === 0
    ? undefined
    : `${yellow("approximate")}    ${near.join(", ")}; \`lambda-run doctor\` says more`;
}

export const KEYS: readonly (readonly [key: string, does: string])[] = [
  ["h", "help"],
  ["i", "invoke"],
  ["r", "replay last"],
  ["f", "failed only"],
  ["d", "debugger"],
  ["o", "open API"],
  ["c", "clear"],
  ["q", "quit"],
];

export const keyLine = ({ bold, dim }: Colours): string =>
  `${dim("keys")}           ${KEYS.map(([key, does]) => `${bold(key)} ${does}`).join("  ")}`;
