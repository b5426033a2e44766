/**
 * Finds the processes of a portable sandbox among all of the host's: descendants, members of their process groups, and
 * on Linux whoever carries the sandbox's mark in the environment, so that a detached orphan is found too.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly ended: boolean;
}

export function listHostProcesses(): HostProcess[] {
  return process.platform === "linux" ? listFromProc() : listFromPs();
}

function listFromProc(): HostProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const text = pid > 0 ? readQuietly(`/proc/${name}/stat`) : undefined;
    if (text === undefined) return [];
    const [state = "", parent, group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return [{ pid, parent: Number(parent), group: Number(group), ended: state === "Z" || state === "X" }];
  });
}

/** macOS and the BSDs: no /proc, but ps(1) speaks POSIX. */
function listFromPs(): HostProcess[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,pgid=,state="], { encoding: "latin1" });
  return text.split("\n").flatMap((line) => {
    const [pid, parent, group, state = ""] = line.trim().split(/\s+/);
    return pid === undefined || pid === ""
      ? []
      : [{ pid: Number(pid), parent: Number(parent), group: Number(group), ended: state.startsWith("Z") }];
  });
}

/** All live processes that belong to the roots or carry the mark. Roots lead groups of their own. */
export function findMembers(roots: ReadonlySet<number>, mark: string): number[] {
  const all = listHostProcesses().filter((candidate) => !candidate.ended && candidate.pid !== process.pid);
  const members = new Set(
    all.filter((one) => roots.has(one.pid) || roots.has(one.group) || carriesMark(one.pid, mark)).map((one) => one.pid),
  );
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const one of all) if (members.has(one.parent)) members.add(one.pid);
  }
  return [...members];
}

function carriesMark(pid: number, mark: string): boolean {
  return process.platform === "linux" && (readQuietly(`/proc/${pid}/environ`)?.includes(mark) ?? false);
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // ended, or another user's
  }
}
