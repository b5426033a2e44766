/** Paths that only a file system without letter case accepts: macOS and Windows run them, Lambda does not. */
import { readdirSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

export interface CaseSlip {
  readonly written: string;
  readonly onDisk: string;
}

type NamesIn = (folder: string) => readonly string[];

/** The first step of `path` below `root` that differs from what the folder lists; `namesIn` for tests. */
export function caseSlip(root: string, path: string, namesIn: NamesIn = readdirSync): CaseSlip | undefined {
  const steps = relative(root, path).split(sep);
  if (steps[0] === "..") return undefined;
  let folder = root;
  for (const step of steps) {
    const names = namesIn(folder);
    if (!names.includes(step)) {
      const onDisk = names.find((name) => name.toLowerCase() === step.toLowerCase());
      if (onDisk !== undefined) return { written: relative(root, resolve(folder, step)), onDisk };
      return undefined;
    }
    folder = resolve(folder, step);
  }
  return undefined;
}
