/** Folders: those that a person names are made, and those above one are looked through. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "./errors.js";

/**
 * Makes a folder and those above it. Not by `recursive: true`: Node 20 goes round for ever, deaf to signals, where a
 * file system answers ENOENT although the folder above is there, as /proc does.
 */
export function makeFolder(path: string, mode = 0o700): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const code = errnoOf(error);
    // EEXIST says nothing of the kind: who uses the folder finds out whether it is one.
    if (code === "EEXIST") return;
    const above = dirname(path);
    if (code !== "ENOENT" || above === path) throw error;
    makeFolder(above, mode);
    mkdirSync(path, { mode });
  }
}

/** A folder and all that it lies in, innermost first. */
export function foldersUp(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersUp(above)];
}
