/**
 * Where on this machine lies what a function knows by a path: code is at /var/task, the layers lie over each other at
 * /opt, and links lead where they would lead inside, also those among the folders on the way.
 */
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { join, posix } from "node:path";

/** What is shown at the two places; the later a layer, the higher it lies. */
export interface GuestRoots {
  /** Undefined where it changes while the function runs. */
  readonly taskRoot: string | undefined;
  readonly layers: readonly string[];
}

export interface GuestFile {
  /** Where it lies inside, links followed. */
  readonly guestPath: string;
  /** One for a file; a folder may be united from several layers, the lowest first. None: it is looked for inside alone. */
  readonly hostPaths: readonly string[];
}

/** As many as Linux follows. */
const MAX_LINKS = 40;
/** What comes with the runtime is shown when the environment starts. */
const RUNTIME_FOLDERS = ["/var/lang", "/var/runtime"];
const ROOT: GuestFile = { guestPath: "/", hostPaths: ["/"] };

/** Undefined when nothing is there, or only links into nothing. Beside code and layers the file system is this machine's. */
export function guestFile(path: string, roots: GuestRoots): GuestFile | undefined {
  const names = namesIn(path);
  const trail: GuestFile[] = [];
  const here = (): GuestFile => trail.at(-1) ?? ROOT;
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === "..") {
      trail.pop();
      continue;
    }
    const guestPath = posix.join(here().guestPath, name);
    if (RUNTIME_FOLDERS.includes(guestPath) || (guestPath === "/var/task" && roots.taskRoot === undefined))
      return { guestPath: posix.join(guestPath, ...names), hostPaths: [] };
    const next = childAt(guestPath, here().hostPaths, roots);
    if (next === undefined) return undefined;
    if (next.link === undefined) {
      if (!next.isFolder && names.length > 0) return undefined;
      trail.push(next);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    if (next.link.startsWith("/")) trail.length = 0;
    names.unshift(...namesIn(next.link));
  }
  return here();
}

const namesIn = (path: string): string[] => path.split("/").filter((name) => name !== "" && name !== ".");

interface Child extends GuestFile {
  readonly isFolder: boolean;
  /** What a link says. */
  readonly link?: string;
}

function childAt(
  guestPath: string,
  folders: readonly string[],
  { taskRoot = "", layers }: GuestRoots,
): Child | undefined {
  // Inside they are folders, whatever this machine has there.
  if (guestPath === "/var") return { guestPath, hostPaths: ["/var"], isFolder: true };
  if (guestPath === "/var/task") return { guestPath, hostPaths: [taskRoot], isFolder: true };
  if (guestPath === "/opt") return { guestPath, hostPaths: layers, isFolder: true };
  const found = folders.flatMap((folder) => {
    const hostPath = join(folder, posix.basename(guestPath));
    const stats = lstatSync(hostPath, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ hostPath, stats }];
  });
  // A file hides what lies below it; folders are united (sandbox/layers.ts).
  const highest = found.at(-1);
  if (highest === undefined) return undefined;
  const { hostPath, stats } = highest;
  if (isNoFolder(highest)) {
    const file = { guestPath, hostPaths: [hostPath], isFolder: false };
    return stats.isSymbolicLink() ? { ...file, link: readlinkSync(hostPath) } : file;
  }
  const united = found.slice(found.findLastIndex(isNoFolder) + 1);
  return { guestPath, hostPaths: united.map((folder) => folder.hostPath), isFolder: true };
}

const isNoFolder = ({ stats }: { readonly stats: Stats }): boolean => !stats.isDirectory();
