/** `lambda-run list`: what the template declares. */
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import { table } from "../render/table.js";

export const listCommand: Action = async (_args, options) => {
  const { application } = await loadProject(options);
  const { functions, buckets, queues, topics, tables, secrets, notices } = application;
  if (options["json"] === true) {
    process.stdout.write(`${JSON.stringify({ functions, buckets, queues, topics, tables, secrets, notices })}\n`);
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
  process.stdout.write(table([["FUNCTION", "LOGICAL ID", "RUNTIME", "HANDLER", "MEMORY", "TIMEOUT"], ...rows]));
  const named = (kind: string, list: readonly { readonly name: string }[]): string =>
    list.length === 0 ? "" : `${kind}: ${list.map(({ name }) => name).join(", ")}\n`;
  process.stdout.write(
    `${named("buckets", buckets)}${named("queues", queues)}${named("topics", topics)}${named("tables", tables)}${named("secrets", secrets)}`,
  );
  for (const line of notices) process.stderr.write(`note ${line}\n`);
  return EXIT.ok;
};
