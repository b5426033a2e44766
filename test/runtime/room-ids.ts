import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { supervisorName, userFolders } from "../../src/runtime/sandbox/environment-folder.js";

/** The environments of this process that have a room at the moment, by their ids. */
export function roomIds(): readonly string[] {
  const folders = userFolders().map((user) => join(user, supervisorName()));
  return folders.flatMap((path) => (existsSync(path) ? readdirSync(path) : []));
}
