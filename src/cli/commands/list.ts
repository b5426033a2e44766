/** `lambda-run list`: what the template declares. */
import type { ApiDestinationConfig, RuleConfig, ScheduleConfig } from "../../config/application.js";
import { textOf } from "../../config/json.js";
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { loadProject, missingTemplate } from "../project.js";
import { frontDoors, type FrontDoor } from "../../stack/doors.js";
import { runningStack } from "../../stack/state-folder.js";
import { pipeRows } from "../render/pipes.js";
import { table } from "../render/table.js";
import { shortArn, triggerRows, triggersOf } from "../render/triggers.js";
import { DOOR_TITLES } from "../terminal/banner.js";

export const listCommand: Action = async (_args, options) => {
  const project = await loadProject(options);
  const { application, config } = project;
  const { functions, stateMachines, activities, buckets, queues, topics, tables, secrets, notices } = application;
  const { eventBuses, rules, scheduleGroups, schedules, streams, pipes } = application;
  // What authorises is nobody's to read here.
  const connections = application.connections.map(({ name, logicalId, arn, secretArn }) => ({
    name,
    logicalId,
    arn,
    secretArn,
  }));
  const apiDestinations = application.apiDestinations.map(({ name, logicalId, arn, input }) => ({
    name,
    logicalId,
    arn,
    ...input,
  }));
  // Where the running stack serves them, or `start` would; a port that it is to choose itself is not known before.
  const port = config.ports.http === 0 ? "PORT" : config.ports.http;
  const running = runningStack({ config, projectRoot: project.folder });
  const doors = frontDoors(application, running?.front ?? `http://127.0.0.1:${port}`);
  if (options["json"] === true) {
    process.stdout.write(
      `${JSON.stringify({ functions, stateMachines, activities, apis: doors, buckets, queues, topics, tables, streams, secrets, eventBuses, connections, apiDestinations, rules, scheduleGroups, schedules, pipes, triggers: triggersOf(application), notices })}\n`,
    );
    return EXIT.ok;
  }
  const rows = functions.map(({ name, logicalId, runtime, handler, memoryMb, timeoutSeconds }) => [
    name,
    logicalId,
    runtime,
    handler,
    `${memoryMb} MB`,
    `${timeoutSeconds} s`,
  ]);
  const missing = missingTemplate(project);
  if (missing !== undefined) process.stderr.write(`note ${missing}\n`);
  // A template may have everything but functions; one with nothing at all shows an empty table.
  else if (rows.length > 0 || stateMachines.length === 0)
    process.stdout.write(table([["FUNCTION", "LOGICAL ID", "RUNTIME", "HANDLER", "MEMORY", "TIMEOUT"], ...rows]));
  process.stdout.write(table(triggerRows(application)));
  if (stateMachines.length > 0)
    process.stdout.write(
      table([
        ["STATE MACHINE", "LOGICAL ID", "TYPE", "DEFINITION"],
        ...stateMachines.map(({ name, logicalId, type, definedAt }) => [name, logicalId, type, definedAt]),
      ]),
    );
  if (rules.length > 0)
    process.stdout.write(table([["RULE", "BUS", "STATE", "FIRES ON", "TARGETS"], ...rules.map(ruleRow)]));
  if (schedules.length > 0)
    process.stdout.write(
      table([["SCHEDULE", "GROUP", "STATE", "FIRES ON", "TIME ZONE", "TARGET"], ...schedules.map(scheduleRow)]),
    );
  if (apiDestinations.length > 0)
    process.stdout.write(
      table([["API DESTINATION", "METHOD", "ENDPOINT"], ...application.apiDestinations.map(endpointRow)]),
    );
  process.stdout.write(table(pipeRows(application)));
  const named = (kind: string, list: readonly { readonly name: string }[]): string =>
    list.length === 0 ? "" : `${kind}: ${list.map(({ name }) => name).join(", ")}\n`;
  process.stdout.write(
    `${named("activities", activities)}${named("buckets", buckets)}${named("queues", queues)}${named("topics", topics)}${named("tables", tables)}${named("streams", streams)}${named("secrets", secrets)}${named("event buses", eventBuses)}${named("connections", connections)}${named("schedule groups", scheduleGroups)}`,
  );
  process.stdout.write(doors.map(doorText).join(""));
  for (const line of notices) process.stderr.write(`note ${line}\n`);
  return EXIT.ok;
};

function ruleRow({ name, busName, state, pattern, scheduleExpression, targets }: RuleConfig): string[] {
  const fires = [scheduleExpression, pattern === undefined ? undefined : JSON.stringify(pattern)];
  const shown = fires.filter((one) => one !== undefined).join(" and ");
  return [name, busName, state, shown, targets.map(({ arn }) => shortArn(arn)).join(", ")];
}

const endpointRow = ({ name, input }: ApiDestinationConfig): string[] => [
  name,
  textOf(input["HttpMethod"]),
  textOf(input["InvocationEndpoint"]),
];

const scheduleRow = ({ name, groupName, enabled, expression, timezone, target }: ScheduleConfig): string[] => [
  name,
  groupName,
  enabled ? "ENABLED" : "DISABLED",
  expression,
  timezone,
  shortArn(target.arn),
];

/** `REST API Orders: http://127.0.0.1:3000/Prod`, and a line for each route. */
function doorText({ kind, name, url, routes }: FrontDoor): string {
  const head = `${DOOR_TITLES[kind]} ${name}: ${url}\n`;
  if (kind === "function URL") return head;
  const rows = routes.map(({ method, path, function: fn, integration }) => {
    const behind = fn ?? integration ?? "answered by the API";
    return kind === "websocket" ? ["", path, behind] : ["", method, path, behind];
  });
  return `${head}${table(rows)}`;
}
