/** The files of a folder that is packaged as it is: Python, custom runtimes, `SkipBuild`, layers. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PackageFile } from "./zip.js";

/** What tools leave in a project and no function reads; `sam build` leaves out the first two as well. */
const LEFT_OUT = new Set([".git", ".aws-sam", ".lambda-run", "__pycache__", ".DS_Store"]);

/** All files below `root`, links followed as `sam package` does. Throws the system's error when one cannot be read. */
export async function folderFiles(root: string, without: readonly string[] = []): Promise<PackageFile[]> {
  const files: PackageFile[] = [];
  const open = [""];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const name of await readdir(join(root, at))) {
      const path = join(root, at, name);
      if (LEFT_OUT.has(name) || without.includes(path)) continue;
      const inside = at === "" ? name : `${at}/${name}`;
      const { mode, size, isFile } = await lookAt(path);
      if (isFile) files.push({ name: inside, path, executable: (mode & 0o111) !== 0, sizeBytes: size });
      else if (!isVirtualEnvironment(path)) open.push(inside);
    }
  }
  return files;
}

/** Of Python, by the file that PEP 405 has in it. `sam build` leaves them out by their usual names. */
const isVirtualEnvironment = (path: string): boolean => existsSync(join(path, "pyvenv.cfg"));

async function lookAt(path: string): Promise<{ mode: number; size: number; isFile: boolean }> {
  const found = await stat(path);
  return { mode: found.mode, size: found.size, isFile: !found.isDirectory() };
}
