/** Folders that hold builds: each is named after its content, written beside its place and then moved there. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

export const HASH_DIGITS = 16;
const BUILDS_KEPT = 3;

/** Nobody sees half a build. */
export function moveInto(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another process built the same content first.
    if (!existsSync(folder)) throw error;
  }
}

export function dropOldBuilds(folder: string, current: string): void {
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== current);
  const dated = names
    // Another process may drop them, too.
    .map((name) => ({ name, mtimeMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const { name } of dated.slice(BUILDS_KEPT)) rmSync(join(folder, name), { recursive: true, force: true });
}
